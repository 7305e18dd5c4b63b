"""The days on which movies come out, and the token by which calendar programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from reeld.domain.movie import MovieStatus, Stage
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

MOST: Final = 5000

# Days of ISO 8601 are in order as texts, bytewise, so that each kind has an index.
_OF_KIND: Final = """
SELECT id, '{kind}' AS kind, release_dates->>'{kind}' AS day FROM movie
WHERE (release_dates->>'{kind}') COLLATE "C" BETWEEN %(first)s AND %(last)s
"""
_BETWEEN: Final = """
SELECT m.id, m.tmdb_id, m.title, m.year, told.kind, told.day::date, m.status, m.stage, m.monitored, m.overview
FROM ({told}) AS told JOIN movie m USING (id)
WHERE (m.monitored OR %(unmonitored)s) AND (%(tags)s::bigint[] IS NULL OR m.tags && %(tags)s::bigint[])
ORDER BY told.day COLLATE "C", m.id, told.kind LIMIT %(limit)s
"""

_RENEW: Final = """
INSERT INTO calendar_token (digest) VALUES (%s)
ON CONFLICT (one) DO UPDATE SET digest = excluded.digest, made_at = now()
"""


class ReleaseKind(StrEnum):
    """In which way a movie comes out."""

    IN_CINEMAS = "in_cinemas"
    DIGITAL = "digital"
    PHYSICAL = "physical"


_DAYS: Final = _BETWEEN.format(
    told=" UNION ALL ".join(_OF_KIND.format(kind=kind) for kind in ReleaseKind)
)


@dataclass(frozen=True, slots=True)
class ReleaseDay:
    """A day on which a movie comes out in one way."""

    movie_id: int
    tmdb_id: int
    title: str
    year: int | None
    kind: ReleaseKind
    day: date
    status: MovieStatus
    stage: Stage
    monitored: bool
    overview: str


async def between(
    source: Reader,
    first: date,
    last: date,
    *,
    unmonitored: bool = False,
    tags: Sequence[int] | None = None,
    limit: int = MOST,
) -> list[ReleaseDay]:
    """Return what comes out between two days, both included, by day; `limit` of them at most.

    Args:
        source: Where to read from.
        first: The first day.
        last: The last day.
        unmonitored: Whether movies count that nobody monitors.
        tags: Only movies with one of these; None for all.
        limit: At most so many.
    """
    params = {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "unmonitored": unmonitored,
        "tags": None if tags is None else list(tags),
        "limit": limit,
    }
    rows = await fetch_all(source, _DAYS, params)
    return [_day(row) for row in rows]


def _day(row: Row) -> ReleaseDay:
    values = list(row)
    values[4], values[6], values[7] = ReleaseKind(row[4]), MovieStatus(row[6]), Stage(row[7])
    return ReleaseDay(*values)


async def renew_token(conn: Connection, digest: bytes) -> None:
    """Let another token read the calendar from now on; the former one ends."""
    await execute(conn, _RENEW, (digest,))


async def forget_token(conn: Connection) -> bool:
    """Let no token read the calendar; False when none did."""
    return await execute(conn, "DELETE FROM calendar_token") == 1


async def token_digest(source: Reader) -> bytes | None:
    """Return the hash of the token; None while there is none."""
    row = await fetch_one(source, "SELECT digest FROM calendar_token")
    return None if row is None else bytes(row[0])
