"""Acquisitions as downloads: what the client says of them, and what people see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reeld.domain.acquisition import GONE_POLLS, AcquisitionState
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

FRESH_SECONDS: Final = 600.0
"""qBittorrent has a torrent safe on its disk within seconds; the rest is for one that is started anew meanwhile."""

STILL_STEP_SECONDS: Final = 300.0
"""How much of a stall a restart may forget: a row that has no other news is written this seldom."""

# The movie's bar moves with its download, in the same statement.
_REPORT: Final = """
WITH told AS (
    SELECT * FROM unnest(%(id)s::bigint[], %(progress)s::real[], %(downloaded)s::bigint[], %(speed)s::bigint[],
                         %(eta)s::integer[], %(client_state)s::text[], %(still)s::real[])
        AS t (id, progress, downloaded, speed, eta_seconds, client_state, still_seconds)
), noted AS (
    UPDATE acquisition a SET
        progress = told.progress, downloaded = told.downloaded, speed = told.speed,
        eta_seconds = told.eta_seconds, client_state = told.client_state,
        still_seconds = told.still_seconds, missed_polls = 0, updated_at = now()
    FROM told
    WHERE a.id = told.id AND a.state IN ('sent', 'downloading')
      AND ((a.progress, a.downloaded, a.speed, a.eta_seconds, a.client_state, a.missed_polls)
           IS DISTINCT FROM (told.progress, told.downloaded, told.speed, told.eta_seconds, told.client_state, 0)
           OR told.still_seconds NOT BETWEEN a.still_seconds AND a.still_seconds + %(often)s)
    RETURNING a.movie_id, a.progress
)
UPDATE movie SET progress = noted.progress
FROM noted
WHERE movie.id = noted.movie_id AND movie.stage = 'downloading' AND movie.progress <> noted.progress
"""

_MISSED: Final = """
UPDATE acquisition SET missed_polls = missed_polls + 1, updated_at = now()
WHERE id = %(id)s AND state IN ('sent', 'downloading', 'complete')
RETURNING missed_polls, coalesce(sent_at > now() - make_interval(secs => %(fresh)s), false)
"""

_LISTED: Final = "UPDATE acquisition SET missed_polls = 0, updated_at = now() WHERE id = ANY(%s) AND missed_polls > 0"

_VIEW: Final = """
SELECT a.id, a.movie_id, m.title, m.year, a.title, a.indexer, a.state, a.infohash, a.size, a.progress, a.downloaded,
       a.speed, a.eta_seconds, a.client_state, a.save_path, a.note, a.created_at, a.still_seconds, a.ours
FROM acquisition a JOIN movie m ON m.id = a.movie_id
"""
_DOWNLOADS: Final = f"""{_VIEW}
WHERE a.state IN ('intent', 'fetched', 'sent', 'downloading', 'complete') ORDER BY a.id LIMIT %s
"""
_ONE: Final = f"{_VIEW} WHERE a.id = %s"

_OFFERS: Final = """
SELECT a.id, r.parsed, a.formats, a.format_score
FROM acquisition a JOIN release r ON r.id = a.release_id WHERE a.id = ANY(%s)
"""

_OFFERS_OF_TORRENTS: Final = """
SELECT DISTINCT ON (a.movie_id, a.infohash) a.movie_id, a.infohash, r.parsed, a.formats, a.format_score
FROM acquisition a JOIN release r ON r.id = a.release_id
WHERE a.infohash = ANY(%s) ORDER BY a.movie_id, a.infohash, a.id DESC
"""

_COUNT: Final = "SELECT count(*) FROM acquisition WHERE state IN ('sent', 'downloading')"


@dataclass(frozen=True, slots=True)
class ClientReport:
    """What the download client says of one torrent.

    Attributes:
        progress: 0 to 1.
        downloaded: Bytes.
        speed: Bytes a second.
        eta_seconds: None when the client does not know.
        still_seconds: For how long not a byte came although some could have.
    """

    acquisition_id: int
    progress: float
    downloaded: int
    speed: int
    eta_seconds: int | None
    client_state: str
    still_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Missed:
    """A torrent that the client does not list.

    Attributes:
        polls: In how many polls in a row.
        is_fresh: Whether it was first handed over so lately that the client may have lost it by itself.
    """

    polls: int = 0
    is_fresh: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether it is gone, and not merely not loaded yet."""
        return self.polls >= GONE_POLLS


@dataclass(frozen=True, slots=True)
class Download:
    """An acquisition with its movie, for people.

    Attributes:
        still_seconds: For how long not a byte came although some could have; but for the last few minutes.
        is_ours: Whether reeld handed the torrent to the client.
    """

    id: int
    movie_id: int
    movie_title: str
    movie_year: int | None
    release_title: str
    indexer: str
    state: AcquisitionState
    infohash: str | None
    size: int | None
    progress: float
    downloaded: int
    speed: int
    eta_seconds: int | None
    client_state: str | None
    save_path: str | None
    note: str
    created_at: datetime
    still_seconds: float = 0.0
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What was known of a release when it was grabbed.

    Attributes:
        parsed: What its name says, as JSON; empty when it was never read.
        formats: [{"id", "name"}].
    """

    parsed: Mapping[str, Any]
    formats: tuple[Mapping[str, Any], ...]
    format_score: int


async def active(source: Reader, *, limit: int = 1000) -> list[Download]:
    """Return what is under way, with movies and speeds, oldest first."""
    return [_download(row) for row in await fetch_all(source, _DOWNLOADS, (limit,))]


async def get(source: Reader, acquisition_id: int) -> Download | None:
    """Return one, over or not; None when there is none."""
    row = await fetch_one(source, _ONE, (acquisition_id,))
    return None if row is None else _download(row)


async def offers(source: Reader, acquisition_ids: Sequence[int]) -> dict[int, Offer]:
    """Return what was known of the releases when they were grabbed, by the numbers of their acquisitions."""
    rows = await fetch_all(source, _OFFERS, (list(acquisition_ids),))
    return {row[0]: Offer(row[1] or {}, tuple(row[2]), row[3]) for row in rows}


async def offers_of_torrents(
    source: Reader, infohashes: Sequence[str]
) -> dict[tuple[int, str], Offer]:
    """Return what was known of torrents when they were last grabbed, by movie and infohash."""
    rows = await fetch_all(source, _OFFERS_OF_TORRENTS, (list(infohashes),))
    return {(row[0], row[1]): Offer(row[2] or {}, tuple(row[3]), row[4]) for row in rows}


async def count(source: Reader) -> int:
    """Return how many downloads the client has under way."""
    row = await fetch_one(source, _COUNT)
    return int(row[0]) if row else 0


async def report(conn: Connection, reports: Sequence[ClientReport]) -> None:
    """Note what the client says of many torrents, in one statement; the movies' progress follows.

    Acquisitions that are not sent or downloading any more are left alone, and rows without news are not written.
    """
    params = {
        "id": [one.acquisition_id for one in reports],
        "progress": [one.progress for one in reports],
        "downloaded": [one.downloaded for one in reports],
        "speed": [one.speed for one in reports],
        "eta": [one.eta_seconds for one in reports],
        "client_state": [one.client_state for one in reports],
        "still": [one.still_seconds for one in reports],
        "often": STILL_STEP_SECONDS,
    }
    await execute(conn, _REPORT, params)


async def note_missed(conn: Connection, acquisition_id: int) -> Missed:
    """Note that the client did not know the torrent; of one that it need not know, no poll counts."""
    row = await fetch_one(conn, _MISSED, {"id": acquisition_id, "fresh": FRESH_SECONDS})
    return Missed() if row is None else Missed(*row)


async def note_listed(conn: Connection, acquisition_ids: Sequence[int]) -> None:
    """Note that the client knows these torrents, of which it need not say more."""
    await execute(conn, _LISTED, (list(acquisition_ids),))


async def is_gone(source: Reader, acquisition_id: int) -> bool:
    """Tell whether the client is certain not to know the torrent any more."""
    statement = "SELECT missed_polls >= %s FROM acquisition WHERE id = %s"
    row = await fetch_one(source, statement, (GONE_POLLS, acquisition_id))
    return row is not None and bool(row[0])


def _download(row: Row) -> Download:
    values = list(row)
    values[6] = AcquisitionState(values[6])
    return Download(*values)
