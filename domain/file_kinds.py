"""What a file of a download is, by its name alone. Pure rules; Radarr's lists where it has one."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final


class FileKind(StrEnum):
    """What a name says about a file."""

    VIDEO = "video"
    SAMPLE = "sample"
    EXTRA = "extra"
    """A trailer, a featurette and the like."""
    DISC = "disc"
    """A disc image, or a file of a disc's folder tree."""
    ARCHIVE = "archive"
    DANGEROUS = "dangerous"
    """A program or a script: no movie comes with one."""
    OTHER = "other"
    """Subtitles, pictures, notes."""


def _extensions(text: str) -> frozenset[str]:
    return frozenset(f".{word}" for word in text.split())


_VIDEO: Final = _extensions(
    "3gp asf avi divx dv flv m2ts m2v m4v mk3d mkv mov mp4 mpeg mpg mts nuv ogm ogv qt rm rmvb "
    "ts webm wmv wtv xvid"
)
_DISC: Final = _extensions("img iso vob ifo bup nrg mdf")
_ARCHIVE: Final = _extensions("001 7z ace bz2 gz rar tar tgz xz zip zst")
_RAR_VOLUME: Final = re.compile(r"\.[r-z]\d{2}", re.ASCII)
_DANGEROUS: Final = _extensions(
    "arj bat cmd com cpl dll exe hta jar js jse lnk lzh msi pif ps1 reg scr sh vbe vbs wsf zipx"
)

_EXTRA_FOLDERS: Final = frozenset(
    {
        "behind the scenes",
        "bonus",
        "deleted scenes",
        "extra",
        "extras",
        "featurette",
        "featurettes",
        "interviews",
        "other",
        "scenes",
        "shorts",
        "trailer",
        "trailers",
    }
)
_EXTRA_NAME: Final = re.compile(
    r"(?:^|[-. _])(?:trailer|featurette|behindthescenes|deleted|interview|short)\d?$",
    re.ASCII | re.IGNORECASE,
)
_SAMPLE_FOLDERS: Final = frozenset({"sample", "samples"})
_SAMPLE_NAME: Final = re.compile(r"(?:^|[-. _\[(])sample(?:$|[-. _\])])", re.ASCII | re.IGNORECASE)
_DISC_FOLDERS: Final = frozenset({"bdmv", "video_ts", "certificate"})
_MULTI_PART: Final = re.compile(
    r"(?:^|[-. _\[(])(?:cd|dvd|part|pt|disc|disk)[-. _]?([1-9a-d])(?:$|[-. _\])])",
    re.ASCII | re.IGNORECASE,
)


def kind_of(path: str) -> FileKind:
    """Say what a file is by its path below the download's folder.

    A video called "sample" may still be the movie: its size among the others decides that.
    """
    name = PurePosixPath(path)
    folders = {folder.casefold() for folder in name.parts[:-1]}
    suffix = name.suffix.casefold()
    if suffix in _DANGEROUS:
        return FileKind.DANGEROUS
    if suffix in _ARCHIVE or _RAR_VOLUME.fullmatch(suffix):
        return FileKind.ARCHIVE
    if suffix in _DISC or (folders & _DISC_FOLDERS and suffix in _VIDEO):
        return FileKind.DISC
    if suffix not in _VIDEO:
        return FileKind.OTHER
    return _kind_of_video(name.stem, folders)


def _kind_of_video(stem: str, folders: set[str]) -> FileKind:
    if folders & _SAMPLE_FOLDERS or _SAMPLE_NAME.search(stem):
        return FileKind.SAMPLE
    if folders & _EXTRA_FOLDERS or _EXTRA_NAME.search(stem):
        return FileKind.EXTRA
    return FileKind.VIDEO


def is_one_of_many(path: str) -> bool:
    """Whether the name says that it is a part of a movie (`cd1`, `part b`)."""
    return _MULTI_PART.search(PurePosixPath(path).stem) is not None
