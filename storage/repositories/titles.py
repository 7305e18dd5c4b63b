"""By what releases may name the wanted movies, read in pages as text, and again only where something changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from reeld.domain.searching import OwnedFacts
from reeld.storage._rows import Reader, Row, fetch_all, fetch_one
from reeld.storage.repositories.movies import ASKED_FOR

KEPT_OPEN_DAYS: Final = 8
"""So long a new file may still be replaced by a proper of its own quality, whatever the cutoff: Radarr takes one within
seven days."""

# Every change that a later look has to read is of a transaction that is not older than the oldest one that runs now.
_STATE: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, (SELECT count(*) FROM movie)"

# As one text, so that it is taken apart in a worker thread. The number of a transaction that is still to come was
# written on another server, before a restoration.
_PAGE: Final = """
SELECT coalesce(json_agg(facts), '[]')::text FROM (
    SELECT m.id, m.tmdb_id, m.imdb_id, m.title, m.original_title, m.alternative_titles, m.year, m.secondary_year,
           m.profile, m.monitored OR {asked_for} AS is_looked_for, (SELECT json_build_object('quality', quality, 'formats', formats, 'format_score', format_score)
            FROM library_file WHERE movie_id = m.id ORDER BY library_file.id LIMIT 1) AS owned,
           EXISTS (SELECT FROM library_file WHERE movie_id = m.id
                   AND library_file.added_at > now() - make_interval(days => %(days)s)) AS is_new
    FROM movie m
    WHERE m.id > %(after)s AND {changed}
    ORDER BY m.id LIMIT %(limit)s) AS facts
""".replace("{asked_for}", ASKED_FOR)
_ALL: Final = _PAGE.replace("{changed}", "true")
_CHANGED: Final = _PAGE.replace(
    "{changed}",
    "m.names_xid >= %(since)s::xid8 AND m.names_xid < pg_snapshot_xmax(pg_current_snapshot())",
)


_MOST_NEAR: Final = 5000
_NEAR: Final = """
SELECT id, tmdb_id, imdb_id, title, original_title, alternative_titles, year, secondary_year FROM movie
WHERE tmdb_id = %(tmdb_id)s OR imdb_id = %(imdb_id)s OR year = %(year)s OR secondary_year = %(year)s
ORDER BY id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class TitlesState:
    """What a look at the rows was based on.

    Attributes:
        since: Where the next look goes on; see `page`.
        movies: How many there are.
    """

    since: str
    movies: int


class TitleFacts(msgspec.Struct, frozen=True, gc=False):
    """What the rows say of a movie.

    Attributes:
        is_looked_for: Whether it is monitored, or a person asked for a search of it just now.
        owned: Its file; None when it has none.
        is_new: Whether its file is so new that a proper of it would be taken.
    """

    id: int
    tmdb_id: int
    title: str
    profile: str
    is_looked_for: bool
    imdb_id: str | None = None
    original_title: str | None = None
    alternative_titles: tuple[str, ...] = ()
    year: int | None = None
    secondary_year: int | None = None
    owned: OwnedFacts | None = None
    is_new: bool = False


class MovieNames(msgspec.Struct, frozen=True, gc=False):
    """By what releases may name a movie: what an index of wanted movies is built from.

    Attributes:
        titles: Without repeats, the main one first.
        years: Empty when none is known.
    """

    id: int
    tmdb_id: int
    imdb_id: str | None
    titles: tuple[str, ...]
    years: frozenset[int]


_decoder: Final = msgspec.json.Decoder(list[TitleFacts])


async def state(source: Reader) -> TitlesState:
    """Look where the rows stand. What is read after this is at least as new."""
    row = await fetch_one(source, _STATE)
    assert row is not None, "it has no condition"
    return TitlesState(*row)


async def page(
    source: Reader, *, since: str | None = None, after: int = 0, limit: int = 500
) -> str:
    """Return the facts of movies by number, for `decode`.

    Args:
        source: Where to read.
        since: Only what changed since the look that returned it; some rows are read again that did not.
        after: The number that ended the page before.
        limit: How many at most.
    """
    params = {"since": since, "after": after, "limit": limit, "days": KEPT_OPEN_DAYS}
    row = await fetch_one(source, _ALL if since is None else _CHANGED, params)
    assert row is not None, "an aggregate has a row"
    return str(row[0])


def decode(text: str) -> Sequence[TitleFacts]:
    """Return what `page` read. Takes milliseconds for a page of movies: do it off the loop."""
    return _decoder.decode(text)


def names_of(facts: TitleFacts) -> MovieNames:
    """Return by what releases may name a movie."""
    listed = (facts.title, facts.original_title, *facts.alternative_titles)
    titles = tuple(dict.fromkeys(name for name in listed if name))
    years = frozenset(one for one in (facts.year, facts.secondary_year) if one)
    return MovieNames(facts.id, facts.tmdb_id, facts.imdb_id, titles, years)


async def ids(source: Reader) -> list[int]:
    """Return the numbers of all movies."""
    return [row[0] for row in await fetch_all(source, "SELECT id FROM movie ORDER BY id")]


async def near(
    source: Reader, *, year: int | None, tmdb_id: int | None, imdb_id: str | None
) -> list[MovieNames]:
    """Return the titles of the movies, wanted or not, that have one of these ids or are of this year."""
    params = {"year": year, "tmdb_id": tmdb_id, "imdb_id": imdb_id, "limit": _MOST_NEAR}
    return [_near(row) for row in await fetch_all(source, _NEAR, params)]


def _near(row: Row) -> MovieNames:
    movie_id, tmdb_id, imdb_id, title, original, others, year, secondary = row
    titles = dict.fromkeys(name for name in (title, original, *others) if name)
    years = frozenset(one for one in (year, secondary) if one)
    return MovieNames(movie_id, tmdb_id, imdb_id, tuple(titles), years)
