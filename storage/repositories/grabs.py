"""What was taken for movies: the side of acquisitions that later decisions look at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.domain.acquisition import AcquisitionState
from reeld.domain.custom_format import FormatMatch
from reeld.storage._rows import Reader, Row, fetch_all

_GRABS: Final = """
SELECT id, release_id, title, indexer, state, formats, release_group, created_at FROM acquisition
WHERE movie_id = %(movie_id)s AND (state NOT IN ('imported', 'failed')
    OR state <> 'failed' AND created_at > now() - make_interval(hours => %(hours)s))
ORDER BY id DESC
"""
_OF_OTHERS: Final = """
SELECT DISTINCT ON (a.infohash) a.infohash, m.title FROM acquisition a JOIN movie m ON m.id = a.movie_id
WHERE a.infohash = ANY(%s) AND a.movie_id <> %s AND a.state <> 'failed' ORDER BY a.infohash, a.id DESC
"""


@dataclass(frozen=True, slots=True)
class Grab:
    """A release that was taken for a movie: it is on its way, or it arrived lately.

    Attributes:
        title: The name of the release.
        formats: As they were found when it was taken.
        at: When it was taken.
    """

    id: int
    release_id: int
    title: str
    indexer: str
    state: AcquisitionState
    formats: tuple[FormatMatch, ...]
    release_group: str | None
    at: datetime


async def of_movie(source: Reader, movie_id: int, *, hours: int) -> list[Grab]:
    """Return what is on its way for a movie, and what was taken within so many hours and did not fail; newest first."""
    rows = await fetch_all(source, _GRABS, {"movie_id": movie_id, "hours": hours})
    return [_grab(row) for row in rows]


async def torrents_of_others(
    source: Reader, movie_id: int, infohashes: Collection[str]
) -> dict[str, str]:
    """Return which of these torrents were taken for another movie, and did not fail: its title, by infohash."""
    if not infohashes:
        return {}
    return dict(await fetch_all(source, _OF_OTHERS, (list(infohashes), movie_id)))


def _grab(row: Row) -> Grab:
    values = list(row)
    values[4] = AcquisitionState(values[4])
    values[5] = tuple(FormatMatch.from_json(each) for each in values[5])
    return Grab(*values)
