"""Reading and matching release names, off the loop: hundreds of names together take long enough to be felt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import trio

from reeld.actors.decision._turns import Turns
from reeld.domain.decision import Candidate
from reeld.domain.matching import Match, Mismatch, Named, NoMatch, TitleIndex
from reeld.domain.parsing import ParsedRelease, parse_release_name
from reeld.domain.release import Release

READERS: Final = trio.CapacityLimiter(1)
"""Names are read under the interpreter's lock: a second thread would only get in the loop's way."""
REMEMBERED_NAMES: Final = 4096
AT_ONCE: Final = 100
"""Names read in one go, after which a cancellation is heeded."""


@lru_cache(maxsize=REMEMBERED_NAMES)
def read_name(name: str) -> ParsedRelease:
    """Read a release name; what was read lately is remembered, since a name is matched first and decided about later."""
    return parse_release_name(name)


class ParseOutcome(StrEnum):
    """What came of a release name, as `reeld_releases_parsed_total` tells it."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    UNPARSEABLE = "unparseable"
    IGNORED = "ignored"
    """It has no word of any wanted title, so it was not read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of matching one release.

    Attributes:
        candidate: None when the name could not belong to any movie, so that it was not even read.
    """

    release: Release
    candidate: Candidate | None

    @property
    def outcome(self) -> ParseOutcome:
        """What came of it, for the metric."""
        match self.candidate:
            case None:
                return ParseOutcome.IGNORED
            case Candidate(match=Match()):
                return ParseOutcome.MATCHED
            case Candidate(match=NoMatch(reason=Mismatch.UNPARSEABLE)):
                return ParseOutcome.UNPARSEABLE
            case _:
                return ParseOutcome.UNMATCHED

    @property
    def movie_id(self) -> int | None:
        """The movie it belongs to."""
        match self.candidate:
            case Candidate(match=Match(movie_id=movie_id)):
                return movie_id
            case _:
                return None


class Memory:
    """Remembers what names have no movie in an index, as long as no title comes to it.

    Names are remembered until there are too many of them; then all are forgotten. A name that could be no movie costs a
    hundred bytes, one that was read and matched none some five hundred.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._known: dict[_Identity, tuple[ParsedRelease, NoMatch] | None] = {}

    def __len__(self) -> int:
        return len(self._known)

    def recall(self, release: Release) -> Reading | None:
        """Return what came of a release that looks the same; None when nothing is known of it, or a movie was found."""
        try:
            known = self._known[_identity(release)]
        except KeyError:
            return None
        return Reading(release, None if known is None else Candidate(release, *known))

    def note(self, reading: Reading) -> None:
        """Remember what came of a release, unless it was a movie."""
        if reading.movie_id is not None:
            return
        if len(self._known) >= self._most:
            self._known.clear()
        candidate = reading.candidate
        self._known[_identity(reading.release)] = (
            (candidate.parsed, candidate.match)
            if candidate is not None and isinstance(candidate.match, NoMatch)
            else None
        )

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()


_Identity = tuple[str, int | None, str | None]


def _identity(release: Release) -> _Identity:
    return release.title, release.tmdb_id, release.imdb_id


async def build_index(movies: Sequence[Named]) -> TitleIndex:
    """Build the index in a worker thread."""
    return await trio.to_thread.run_sync(TitleIndex, movies, limiter=READERS)


async def match_releases(
    index: TitleIndex, releases: Sequence[Release], memory: Memory | None = None
) -> list[Reading]:
    """Match releases to the movies of an index; only names that could match are read.

    Args:
        index: The movies.
        releases: What is offered.
        memory: Of this index: what it knows to be no movie is not looked at again.
    """
    readings: list[Reading] = []
    for start in range(0, len(releases), AT_ONCE):
        some = releases[start : start + AT_ONCE]
        readings += await trio.to_thread.run_sync(_match_some, index, some, memory, limiter=READERS)
    return readings


async def read_eagerly(index: TitleIndex, releases: Sequence[Release]) -> list[Candidate]:
    """Read and match releases that a person asks about, also those that no quick look lets through."""

    def read() -> list[Candidate]:
        return [_matched(index, release) for release in releases]

    return await trio.to_thread.run_sync(read, limiter=READERS)


def _match_some(
    index: TitleIndex, releases: Sequence[Release], memory: Memory | None
) -> list[Reading]:
    readings = []
    turns = Turns()
    for release in releases:
        known = memory.recall(release) if memory is not None else None
        readings.append(known or _read(index, release, memory))
        turns.pause()
    return readings


def _read(index: TitleIndex, release: Release, memory: Memory | None) -> Reading:
    reading = Reading(release, _match_one(index, release))
    if memory is not None:
        memory.note(reading)
    return reading


def _match_one(index: TitleIndex, release: Release) -> Candidate | None:
    if not index.could_match(release.title, tmdb_id=release.tmdb_id, imdb_id=release.imdb_id):
        return None
    return _matched(index, release)


def _matched(index: TitleIndex, release: Release) -> Candidate:
    parsed = read_name(release.title)
    found: Match | NoMatch = index.match(parsed, tmdb_id=release.tmdb_id, imdb_id=release.imdb_id)
    return Candidate(release, parsed, found)
