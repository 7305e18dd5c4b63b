"""Releases: what indexers and feeds offer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.domain.decision import Verdict
from reeld.domain.release import IndexerFlag, NewRelease, Release, Source
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.telemetry.tracing import current_traceparent

_COLUMNS: Final = """source, indexer, guid, title, size, seeders, leechers, infohash, imdb_id, tmdb_id,
       published_at, flags, indexer_ref, id, movie_id, first_seen, traceparent"""

# What an indexer may say later, or say anew, is taken over; what it said once is not forgotten.
_UPSERT: Final = """
INSERT INTO release AS r (source, indexer, guid, title, size, seeders, leechers, infohash, imdb_id, tmdb_id,
                          published_at, flags, indexer_ref, sealed_link, traceparent)
SELECT offered.*, %(traceparent)s::text FROM unnest(
    %(source)s::text[], %(indexer)s::text[], %(guid)s::text[], %(title)s::text[], %(size)s::bigint[],
    %(seeders)s::integer[], %(leechers)s::integer[], %(infohash)s::text[], %(imdb_id)s::text[],
    %(tmdb_id)s::bigint[], %(published_at)s::timestamptz[], %(flags)s::integer[],
    %(indexer_ref)s::text[], %(sealed_link)s::bytea[]) AS offered
ON CONFLICT (indexer, guid) DO UPDATE SET
    seeders = coalesce(excluded.seeders, r.seeders), leechers = coalesce(excluded.leechers, r.leechers),
    size = coalesce(excluded.size, r.size), infohash = coalesce(excluded.infohash, r.infohash),
    imdb_id = coalesce(excluded.imdb_id, r.imdb_id), tmdb_id = coalesce(excluded.tmdb_id, r.tmdb_id),
    flags = excluded.flags, indexer_ref = excluded.indexer_ref, sealed_link = coalesce(excluded.sealed_link, r.sealed_link),
    last_seen = now()
RETURNING id, indexer, guid, xmax = 0
"""

_BY_IDS: Final = "SELECT {columns} FROM release WHERE id = ANY(%s) ORDER BY id".replace(
    "{columns}", _COLUMNS
)
_BY_MOVIE: Final = """
SELECT {columns} FROM release WHERE movie_id = %s ORDER BY id DESC LIMIT %s
""".replace("{columns}", _COLUMNS)
_UNMATCHED: Final = """
SELECT {columns} FROM release WHERE movie_id IS NULL AND id > %s ORDER BY id LIMIT %s
""".replace("{columns}", _COLUMNS)
_OFFERED: Final = "SELECT {columns} FROM release WHERE indexer = %s AND guid = %s".replace(
    "{columns}", _COLUMNS
)
_NAMED: Final = """
SELECT {columns} FROM release WHERE imdb_id = %s AND movie_id IS DISTINCT FROM %s ORDER BY id DESC LIMIT %s
""".replace("{columns}", _COLUMNS)

_MATCH: Final = """
UPDATE release SET movie_id = %(movie_id)s, parsed = coalesce(%(parsed)s, parsed) WHERE id = %(id)s
"""

# By the bytes of their identity, as `upsert` sorts them.
_LOCK: Final = """
SELECT count(*) FROM (
    SELECT FROM release WHERE id = ANY(%s) ORDER BY indexer COLLATE "C", guid COLLATE "C" FOR NO KEY UPDATE
) AS locked
"""

_SET_VERDICTS: Final = """
UPDATE release SET verdict = given.verdict
FROM unnest(%s::bigint[], %s::jsonb[]) AS given (id, verdict)
WHERE release.id = given.id
"""

_DELETE_OLD: Final = """
DELETE FROM release WHERE id IN (
    SELECT id FROM release r
    WHERE last_seen < now() - make_interval(days => %(days)s)
      AND first_seen < now() - make_interval(days => %(days)s)
      AND NOT EXISTS (SELECT FROM acquisition a WHERE a.release_id = r.id)
    ORDER BY first_seen LIMIT %(limit)s
)
"""

_FIELDS: Final = (
    "source",
    "indexer",
    "guid",
    "title",
    "size",
    "seeders",
    "leechers",
    "infohash",
    "imdb_id",
    "tmdb_id",
    "published_at",
    "flags",
    "indexer_ref",
)


@dataclass(frozen=True, slots=True)
class SeenRelease:
    """A release after it was stored.

    Attributes:
        is_new: Whether it was never seen before.
    """

    id: int
    indexer: str
    guid: str
    is_new: bool


async def upsert(
    conn: Connection,
    releases: Sequence[NewRelease],
    *,
    sealed_links: Mapping[str, bytes] | None = None,
) -> list[SeenRelease]:
    """Store what a source offers, in one statement; what is known already is brought up to date.

    Args:
        conn: The connection with the transaction.
        releases: The offers. Of two with the same identity the last one counts.
        sealed_links: Encrypted download links by guid; see `reeld.storage.vault`.

    Returns:
        One entry a release, in the order of their numbers.
    """
    links = sealed_links or {}
    # Sorted, so that two transactions that store the same offers never wait for each other; and each once, because
    # one statement may not touch a row twice.
    unique = {(release.indexer, release.guid): release for release in releases}
    offers = [unique[key] for key in sorted(unique)]
    if not offers:
        return []
    params: dict[str, Any] = {
        field: [getattr(offer, field) for offer in offers] for field in _FIELDS
    }
    params["traceparent"] = current_traceparent()
    params["source"] = [str(offer.source) for offer in offers]
    params["flags"] = [int(offer.flags) for offer in offers]
    params["sealed_link"] = [links.get(offer.guid) for offer in offers]
    rows = await fetch_all(conn, _UPSERT, params)
    return sorted((SeenRelease(*row) for row in rows), key=lambda seen: seen.id)


def place_of_link(part: str, key: str) -> dict[str, str]:
    """Return what the sealed link of a release is bound to.

    Args:
        part: The name of its feed, or of the part of its indexer, whose name may change.
        key: The release's guid.
    """
    return {"table": "release", "column": "sealed_link", "row": f"{part}\n{key}"}


async def get(source: Reader, release_id: int) -> Release | None:
    """Return a release, or None."""
    found = await by_ids(source, [release_id])
    return found[0] if found else None


async def by_ids(source: Reader, ids: Collection[int]) -> list[Release]:
    """Return the releases with these numbers, by number; missing ones are left out."""
    return [_release(row) for row in await fetch_all(source, _BY_IDS, (list(ids),))]


async def offered(source: Reader, indexer: str, guid: str) -> Release | None:
    """Return the release that an indexer offers under an identity, or None."""
    row = await fetch_one(source, _OFFERED, (indexer, guid))
    return None if row is None else _release(row)


async def by_movie(source: Reader, movie_id: int, *, limit: int = 500) -> list[Release]:
    """Return the releases that were matched to a movie, newest first."""
    return [_release(row) for row in await fetch_all(source, _BY_MOVIE, (movie_id, limit))]


async def of_imdb(source: Reader, imdb_id: str, *, without: int, limit: int = 500) -> list[Release]:
    """Return the releases that their indexers give an IMDb number, apart from those of one movie; newest first."""
    rows = await fetch_all(source, _NAMED, (imdb_id, without, limit))
    return [_release(row) for row in rows]


async def unmatched(source: Reader, *, after: int = 0, limit: int = 500) -> list[Release]:
    """Return releases that belong to no movie (yet), by number."""
    return [_release(row) for row in await fetch_all(source, _UNMATCHED, (after, limit))]


async def lock(conn: Connection, ids: Collection[int]) -> None:
    """Take releases in the order in which `upsert` takes them: whoever writes to several calls this first.

    Without it, a search that brings them up to date and a decision about them can wait for each other. For the same
    reason a transaction writes to releases before it writes to their movie.
    """
    await fetch_one(conn, _LOCK, (list(ids),))


async def set_match(
    conn: Connection,
    release_id: int,
    movie_id: int | None,
    parsed: Mapping[str, object] | None = None,
) -> bool:
    """Say which movie a release belongs to, and what its name says; False when there is no such release."""
    params = {
        "id": release_id,
        "movie_id": movie_id,
        "parsed": None if parsed is None else Jsonb(dict(parsed)),
    }
    return await execute(conn, _MATCH, params) == 1


async def set_infohash(conn: Connection, release_id: int, infohash: str) -> bool:
    """Note which torrent a release turned out to be; False when its source had told that."""
    statement = "UPDATE release SET infohash = %s WHERE id = %s AND infohash IS NULL"
    return await execute(conn, statement, (infohash, release_id)) == 1


async def set_verdicts(conn: Connection, verdicts: Sequence[Verdict]) -> int:
    """Store what was decided about releases, in one statement; return how many rows were changed."""
    ids = [verdict.release_id for verdict in verdicts]
    await lock(conn, ids)
    return await execute(
        conn, _SET_VERDICTS, (ids, [Jsonb(verdict.to_json()) for verdict in verdicts])
    )


async def verdict(source: Reader, release_id: int) -> dict[str, Any] | None:
    """Return the verdict about a release as JSON, or None when there is none."""
    row = await fetch_one(source, "SELECT verdict FROM release WHERE id = %s", (release_id,))
    return None if row is None else row[0]


async def verdicts(source: Reader, release_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return the verdicts of releases by their number; one that nothing was decided about is left out."""
    statement = "SELECT id, verdict FROM release WHERE id = ANY(%s) AND verdict IS NOT NULL"
    return {row[0]: row[1] for row in await fetch_all(source, statement, (list(release_ids),))}


async def parsed(source: Reader, release_id: int) -> dict[str, Any] | None:
    """Return what was read from the release's name, as JSON, or None when nothing was."""
    row = await fetch_one(source, "SELECT parsed FROM release WHERE id = %s", (release_id,))
    return None if row is None else row[0]


async def sealed_link(source: Reader, release_id: int) -> bytes | None:
    """Return the encrypted download link of a release, or None."""
    row = await fetch_one(source, "SELECT sealed_link FROM release WHERE id = %s", (release_id,))
    return None if row is None else row[0]


async def prune(conn: Connection, *, days: int = 90, limit: int = 1000) -> int:
    """Delete up to `limit` releases that were not seen for `days` and were never fetched."""
    return await execute(conn, _DELETE_OLD, {"days": days, "limit": limit})


def _release(row: Row) -> Release:
    values = dict(
        zip((*_FIELDS, "id", "movie_id", "first_seen_at", "traceparent"), row, strict=True)
    )
    values["source"] = Source(values["source"])
    values["flags"] = IndexerFlag(values["flags"])
    return Release(**values)
