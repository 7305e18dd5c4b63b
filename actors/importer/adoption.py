"""Files that lie where a movie's file belongs although no row says so: what a restored database does not know."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import SourceMissing, UnsafePath, library_side
from reeld.actors.importer._folders import Folder, open_below, open_library
from reeld.actors.importer._naming import destination, naming_facts
from reeld.actors.importer._paths import safe_parts
from reeld.actors.importer._source import is_regular
from reeld.domain.file_kinds import FileKind, kind_of
from reeld.domain.library import MovieFile
from reeld.domain.media import MediaFacts
from reeld.domain.movie import Movie, MovieDetails
from reeld.domain.parsing import ParsedRelease, parse_release_name
from reeld.domain.settings import LibrarySettings

# A link is no folder (`Folder.child`), and under a name that the file system does not take nothing can lie.
_ABSENT: Final = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a movie's file would lie.

    Attributes:
        known: The file that the rows know, if they know one.
        folder: Below the root folder; empty when the templates give the movie no folder of its own.
    """

    movie: Movie
    known: MovieFile | None
    folder: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A video that no row knows, in the folder of a movie whose known file is not there.

    Attributes:
        parsed: What its name says.
    """

    place: Place
    relative_path: str
    parsed: ParsedRelease
    size: int
    device: int
    inode: int


def place_of(
    movie: Movie, known: MovieFile | None, details: MovieDetails | None, library: LibrarySettings
) -> Place:
    """Return where a movie's file would lie, by the templates of the settings.

    Raises:
        Unavailable: A template is not valid.
    """
    title = f"{movie.title} ({movie.year})" if movie.year else movie.title
    parsed, source = parse_release_name(title), PurePosixPath("movie.mkv")
    facts = naming_facts(movie, details, title, parsed, parsed.quality, MediaFacts(None), source)
    with contextlib.suppress(UnsafePath):
        return Place(movie, known, safe_parts(destination(facts, source, library))[:-1])
    return Place(movie, known, ())


def find_unknown(root: Path, places: Iterable[Place], tick: Tick) -> list[FoundFile]:
    """Look for the files of movies. Blocks; symbolic links are not followed and nothing is changed.

    Args:
        root: The library's root folder.
        places: Of movies that are all below this root.
        tick: Called for each movie; raises to stop.

    Raises:
        RootFolderDown: The root folder is missing, or its disk fails.
        OSError: A folder of a movie cannot be looked at: that is not to say that nothing is there.
    """
    found = []
    with library_side(root), open_library(root):
        pass
    for number, place in enumerate(places):
        tick(number)
        if place.known is not None and _is_there(root, place.known.relative_path):
            continue
        if place.folder and (file := _largest_video(root, place)) is not None:
            found.append(file)
    return found


def _is_there(root: Path, relative: str) -> bool:
    *folders, name = safe_parts(relative)
    try:
        with open_below(root, tuple(folders)) as folder:
            facts = folder.lstat(name)
            return facts is not None and is_regular(facts)
    except (OSError, SourceMissing) as error:
        _require_absence(error)
        return False


def _largest_video(root: Path, place: Place) -> FoundFile | None:
    try:
        with open_below(root, place.folder) as folder:
            videos = [each for name in folder.names() if (each := _video(folder, name, place))]
            return max(videos, key=lambda each: each.size, default=None)
    except (OSError, SourceMissing) as error:
        _require_absence(error)
        return None


def _require_absence(error: OSError | SourceMissing) -> None:
    """Raise an error that says anything but that nothing is there."""
    if isinstance(error, OSError) and error.errno not in _ABSENT:
        raise error


def _video(folder: Folder, name: str, place: Place) -> FoundFile | None:
    facts = folder.lstat(name)
    if facts is None or not is_regular(facts) or kind_of(name) is not FileKind.VIDEO:
        return None
    path = "/".join((*place.folder, name))
    parsed = parse_release_name(PurePosixPath(name).stem)
    return FoundFile(place, path, parsed, facts.st_size, facts.st_dev, facts.st_ino)
