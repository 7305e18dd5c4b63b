"""Where the reading of each feed, and of HDBits' recent uploads, stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one

_COLUMNS: Final = """name, etag, last_modified, watermark, polled_at, last_ok, gap, gap_at, gaps, failures,
       reason, sentence"""

_GET: Final = "SELECT {columns} FROM feed WHERE name = %s".replace("{columns}", _COLUMNS)
_ALL: Final = "SELECT {columns} FROM feed ORDER BY name".replace("{columns}", _COLUMNS)

_READ: Final = """
INSERT INTO feed AS f (name, etag, last_modified, watermark, polled_at, last_ok, gap, gap_at, gaps)
VALUES (%(name)s, %(etag)s, %(last_modified)s, %(watermark)s, now(), now(), %(gap)s,
        CASE WHEN %(gap)s THEN now() END, %(gap)s::int)
ON CONFLICT (name) DO UPDATE SET
    etag = excluded.etag, last_modified = excluded.last_modified, watermark = excluded.watermark,
    polled_at = now(), last_ok = now(), gap = excluded.gap, gap_at = coalesce(excluded.gap_at, f.gap_at),
    gaps = f.gaps + excluded.gaps, failures = 0, reason = NULL, sentence = NULL
"""

_UNCHANGED: Final = """
UPDATE feed SET polled_at = now(), last_ok = now(), gap = false, failures = 0, reason = NULL, sentence = NULL
WHERE name = %s
"""

_FAILED: Final = """
INSERT INTO feed AS f (name, polled_at, failures, reason, sentence) VALUES (%(name)s, now(), 1, %(reason)s, %(sentence)s)
ON CONFLICT (name) DO UPDATE SET polled_at = now(), failures = f.failures + 1, reason = excluded.reason,
                                 sentence = excluded.sentence
"""


@dataclass(frozen=True, slots=True)
class FeedState:
    """Where the reading of a feed stands.

    Attributes:
        etag: What to send as If-None-Match.
        last_modified: What to send as If-Modified-Since.
        watermark: What was read last, as its reader writes it.
        last_ok: When it was read without an error.
        gap: Whether the last reading did not reach back to the one before: releases may have been missed.
        gaps: How often that happened.
        failures: How often in a row it could not be read.
    """

    name: str
    etag: str | None
    last_modified: str | None
    watermark: Mapping[str, Any]
    polled_at: datetime | None
    last_ok: datetime | None
    gap: bool
    gap_at: datetime | None
    gaps: int
    failures: int
    reason: str | None
    sentence: str | None

    @property
    def rest_seconds(self) -> float:
        """How long the feed wished to be left alone at its last reading; 0 when it said nothing."""
        return float(self.watermark.get("ttl", 0.0))

    @property
    def items(self) -> int:
        """How many items it held at its last reading."""
        return int(self.watermark.get("items", len(self.watermark.get("keys", ()))))


async def get(source: Reader, name: str) -> FeedState | None:
    """Return where the reading of a feed stands, or None when it was never read."""
    row = await fetch_one(source, _GET, (name,))
    return None if row is None else FeedState(*row)


async def every(source: Reader) -> list[FeedState]:
    """Return where the reading of every feed stands."""
    return [FeedState(*row) for row in await fetch_all(source, _ALL)]


async def was_read(
    conn: Connection,
    name: str,
    watermark: Mapping[str, object],
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    gap: bool = False,
) -> None:
    """Note that a feed was read, in the transaction that stores what was in it."""
    params = {
        "name": name,
        "watermark": Jsonb(dict(watermark)),
        "etag": etag,
        "last_modified": last_modified,
        "gap": gap,
    }
    await execute(conn, _READ, params)


async def was_unchanged(conn: Connection, name: str) -> None:
    """Note that a feed said 304: nothing new."""
    await execute(conn, _UNCHANGED, (name,))


async def has_failed(conn: Connection, name: str, reason: str, sentence: str) -> None:
    """Note that a feed could not be read."""
    await execute(conn, _FAILED, {"name": name, "reason": reason, "sentence": sentence})
