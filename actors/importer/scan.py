"""Finding the movie among the files of a finished download."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import (
    DownloadMissing,
    DownloadsUnreadable,
    SourceChanged,
    SourceMissing,
    UnsafePath,
    download_side,
)
from reeld.actors.importer._folders import Folder, open_below
from reeld.actors.importer._paths import MAX_DEPTH, safe_parts
from reeld.domain.acquisition import DownloadedFile, FailureReason
from reeld.domain.errors import Refused
from reeld.domain.file_kinds import FileKind, is_one_of_many, kind_of

MAX_FILES: Final = 10_000
"""More files than any movie's torrent has; the listing stops there."""

_SAMPLE_BYTES: Final = 70 * 1024 * 1024
"""Below this a lone video called "sample" is one (Radarr's limit at decision time)."""

_RIVAL: Final = 0.5
"""A second video of at least this share of the largest one's size is a movie too."""


class DownloadRejected(Refused):
    """The download holds no movie that can be imported, and never will.

    Args:
        failure: What becomes of the acquisition.
        sentence: What was found, for a person.
    """

    def __init__(self, failure: FailureReason, sentence: str, *, reason: str | None = None) -> None:
        super().__init__(sentence, reason=reason or failure.value)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file of the download that exists as a regular file of the announced size.

    Attributes:
        path: Below the download's root; every component was seen to be no symbolic link.
    """

    path: str
    size: int
    kind: FileKind


@dataclass(frozen=True, slots=True)
class Scan:
    """What a download holds.

    Attributes:
        movie: The file to import.
        others: The rest, as far as it is there.
    """

    movie: Candidate
    others: tuple[Candidate, ...]


def scan_download(root: Path, files: Sequence[DownloadedFile], tick: Tick) -> Scan:
    """Find the movie among announced files, looking at each without following a link.

    Files that were not downloaded (deselected in the client) are passed over.

    Args:
        root: The folder that the announced paths are relative to; trusted.
        files: As the download client names them; not trusted.
        tick: Called between files; raises to stop.

    Raises:
        DownloadRejected: It holds no movie, several, a packed one, or something dangerous.
        SourceChanged: The movie has another size than announced.
        DownloadsUnreadable: The root is missing, nothing of it is there, or its disk fails.
        AccessDenied: reeld's user may not look.
    """
    if len(files) > MAX_FILES:
        raise DownloadRejected(
            FailureReason.WRONG_CONTENT, f"The download has {len(files)} files: no movie has."
        )
    found, odd = _look_at(root, files, tick)
    movie = _choose(found, [*files])
    if movie.path in odd:
        raise SourceChanged(
            f"{root / movie.path} has {odd[movie.path]} bytes, {movie.size} were announced: "
            "let the download client check it.",
            reason="wrong_size",
        )
    return Scan(movie, tuple(file for file in found if file is not movie))


def _look_at(
    root: Path, files: Sequence[DownloadedFile], tick: Tick
) -> tuple[list[Candidate], dict[str, int]]:
    """Return the files that are there, and the real sizes of those that differ."""
    found: list[Candidate] = []
    odd: dict[str, int] = {}
    _require_root(root)
    for number, file in enumerate(files):
        tick(number)
        size = _size_of(root, file.path)
        if size is not None:
            found.append(Candidate(file.path, file.size, kind_of(file.path)))
            if size != file.size:
                odd[file.path] = size
    if files and not found:
        raise DownloadMissing(
            f"None of the download's files lies below {root}: check the path that the download "
            "client reports, and that its disk is mounted here as well."
        )
    return found, odd


def _require_root(root: Path) -> None:
    try:
        with download_side(root):
            Folder.open_root(root).close()
    except SourceMissing:
        raise DownloadsUnreadable(
            f"The download folder {root} does not exist here: mount it, or map its path.",
            reason="download_folder_missing",
        ) from None


def _size_of(root: Path, path: str) -> int | None:
    """Look at a file without following a link; None when it is not there."""
    try:
        parts = safe_parts(path)
        with download_side(root / path), open_below(root, parts[:-1]) as folder:
            facts = folder.lstat(parts[-1])
        if facts is None:
            return None
        if not stat.S_ISREG(facts.st_mode):
            raise UnsafePath(f"{root / path} is a symbolic link or no regular file.")
    except SourceMissing:
        return None  # a folder on the way is not there
    except UnsafePath as error:
        raise DownloadRejected(
            FailureReason.TORRENT_UNSAFE, error.sentence, reason="unsafe_path"
        ) from error
    return facts.st_size


def _choose(found: list[Candidate], announced: list[DownloadedFile]) -> Candidate:
    _refuse_dangerous(found)
    videos = _movies_among(found)
    if not videos:
        raise _without_movie(found, announced)
    videos.sort(key=lambda file: file.size, reverse=True)
    movie, rivals = videos[0], videos[1:]
    if any(_rivals(movie, other) for other in rivals):
        raise DownloadRejected(
            FailureReason.WRONG_CONTENT,
            f"The download holds {len(videos)} videos that could be the movie: import by hand.",
            reason="several_movies",
        )
    return movie


def _refuse_dangerous(found: list[Candidate]) -> None:
    for file in found:
        if file.kind is FileKind.DANGEROUS:
            raise DownloadRejected(
                FailureReason.DANGEROUS_FILE,
                f"The download holds a program ({file.path}): do not open it.",
            )


def _movies_among(found: list[Candidate]) -> list[Candidate]:
    videos = [file for file in found if file.kind is FileKind.VIDEO]
    if videos:
        return videos
    # A movie may be called "Sample": alone, or far larger than all else, it is no sample.
    return [
        file
        for file in found
        if file.kind is FileKind.SAMPLE and file.size >= _SAMPLE_BYTES and _is_alone(file, found)
    ]


def _is_alone(file: Candidate, found: list[Candidate]) -> bool:
    return all(other is file or other.size < file.size * _RIVAL for other in found)


def _rivals(movie: Candidate, other: Candidate) -> bool:
    if is_one_of_many(movie.path) and is_one_of_many(other.path):
        return True
    return other.size >= movie.size * _RIVAL


def _without_movie(found: list[Candidate], announced: list[DownloadedFile]) -> DownloadRejected:
    kinds = {file.kind for file in found}
    if FileKind.DISC in kinds:
        return DownloadRejected(
            FailureReason.WRONG_CONTENT,
            "The download is a disc image or a disc's folder, not one movie file.",
            reason="disc",
        )
    if FileKind.ARCHIVE in kinds:
        return DownloadRejected(
            FailureReason.NEEDS_UNPACKING, "The movie is packed in archives: unpack it by hand."
        )
    if FileKind.SAMPLE in kinds:
        return DownloadRejected(
            FailureReason.SAMPLE_ONLY, "The download holds a sample of the movie and no more."
        )
    return DownloadRejected(
        FailureReason.NO_VIDEO, f"None of the download's {len(announced)} files is a movie."
    )


def files_below(root: Path, relative: str, tick: Tick) -> tuple[DownloadedFile, ...]:
    """List what lies in a folder (or the one file), for content that no client announced.

    Args:
        root: Trusted.
        relative: A folder or a file below the root.
        tick: Called between entries; raises to stop.

    Returns:
        Paths relative to the root. Hidden files and folders are passed over; at most 10 001 files.

    Raises:
        DownloadRejected: It holds symbolic links.
        DownloadsUnreadable: It is not there, or the disk fails.
    """
    parts = safe_parts(relative)
    files: list[DownloadedFile] = []
    try:
        with download_side(root / relative), open_below(root, parts[:-1]) as folder:
            for file in _entry(folder, parts[-1], relative, tick):
                files.append(file)
                if len(files) > MAX_FILES:
                    break
    except UnsafePath as error:
        raise DownloadRejected(
            FailureReason.TORRENT_UNSAFE, error.sentence, reason="unsafe_path"
        ) from error
    except SourceMissing:
        raise DownloadMissing(
            f"{root / relative} does not exist here: mount it, or map its path."
        ) from None
    return tuple(files)


def _entry(folder: Folder, name: str, path: str, tick: Tick) -> Iterator[DownloadedFile]:
    tick(0)
    facts = folder.lstat(name)
    if facts is None:
        raise SourceMissing(f"{folder.path / name} does not exist.")
    if stat.S_ISREG(facts.st_mode):
        yield DownloadedFile(path, facts.st_size)
    elif not stat.S_ISDIR(facts.st_mode):
        raise UnsafePath(f"{folder.path / name} is a symbolic link or no regular file.")
    elif path.count("/") < MAX_DEPTH:
        with folder.child(name) as below:
            for inner in below.names():
                if not inner.startswith("."):
                    yield from _entry(below, inner, f"{path}/{inner}", tick)
