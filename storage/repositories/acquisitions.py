"""Acquisitions: one release on its way from the decision into the library."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from reeld.domain.acquisition import (
    TRANSITIONS,
    Acquisition,
    AcquisitionState,
    DownloadedFile,
    FailureReason,
    IllegalTransition,
)
from reeld.domain.custom_format import FormatMatch
from reeld.domain.errors import NotFound, Refused
from reeld.domain.history import EventKind
from reeld.domain.release import Release
from reeld.storage._rows import Connection, Reader, Row, fetch_all, fetch_one
from reeld.storage.connection import TrioConnection
from reeld.storage.events import append
from reeld.storage.observer import StageLeft, StageOutcome
from reeld.telemetry.tracing import current_traceparent

_COLUMNS: Final = """id, movie_id, release_id, state, infohash, progress, content_path, files, failure, note,
       created_at, updated_at, save_path, ours, formats, format_score, release_group"""

_ACTIVE: Final = "('intent', 'fetched', 'sent', 'downloading', 'complete')"

_INTEND: Final = """
INSERT INTO acquisition (movie_id, release_id, source, indexer, title, size, traceparent, formats, format_score,
                         release_group)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (movie_id) WHERE state IN {active} DO NOTHING
RETURNING id
""".replace("{active}", _ACTIVE)

_GET: Final = "SELECT {columns} FROM acquisition WHERE id = %s".replace("{columns}", _COLUMNS)
_ACTIVE_ONES: Final = """
SELECT {columns} FROM acquisition WHERE state IN {active} ORDER BY id LIMIT %s
""".replace("{columns}", _COLUMNS).replace("{active}", _ACTIVE)
_ACTIVE_OF_MOVIE: Final = """
SELECT {columns} FROM acquisition WHERE movie_id = %s AND state IN {active}
""".replace("{columns}", _COLUMNS).replace("{active}", _ACTIVE)
_BY_MOVIE: Final = """
SELECT {columns} FROM acquisition WHERE movie_id = %s ORDER BY id DESC LIMIT %s
""".replace("{columns}", _COLUMNS)
_BY_INFOHASH: Final = """
SELECT {columns} FROM acquisition WHERE infohash = %s ORDER BY id DESC LIMIT 20
""".replace("{columns}", _COLUMNS)

# Before its .torrent is fetched, only the release may know the hash.
_WITH_TORRENT: Final = """
SELECT {columns} FROM acquisition
WHERE state IN {active}
  AND (infohash = ANY(%(hashes)s) OR release_id IN (SELECT id FROM release WHERE infohash = ANY(%(hashes)s)))
ORDER BY id LIMIT 1
""".replace("{columns}", _COLUMNS).replace("{active}", _ACTIVE)

# What it was before is told by the row as it was locked: RETURNING knows only what it became.
_BEFORE: Final = """
WITH before AS (
    SELECT id AS row, state AS stage, state_at AS since, sent_at AS sent FROM acquisition
    WHERE id = %(id)s AND state = {expected} FOR UPDATE
)
"""
_LEFT: Final = """
FROM before WHERE id = before.row
RETURNING before.stage, extract(epoch FROM now() - before.since)::float8,
          extract(epoch FROM now() - before.sent)::float8, movie_id
"""

_LED_HERE: Final = """
SELECT a.traceparent, m.traceparent FROM acquisition a JOIN movie m ON m.id = a.movie_id WHERE a.id = %s
"""

_STORE_TORRENT: Final = """
{before}
UPDATE acquisition SET state = 'fetched', torrent = %(torrent)s, infohash = %(infohash)s, note = '',
                       traceparent = coalesce(%(traceparent)s, traceparent),
                       fetched_at = now(), state_at = now(), updated_at = now()
{left}
""".replace("{before}", _BEFORE.replace("{expected}", "'intent'")).replace("{left}", _LEFT)

_MOVE: Final = """
{before}
UPDATE acquisition SET
    state = %(to)s, note = %(note)s, failure = %(failure)s, infohash = coalesce(%(infohash)s, infohash),
    client_ref = coalesce(%(client_ref)s, client_ref), category = coalesce(%(category)s, category),
    save_path = coalesce(%(save_path)s, save_path), content_path = coalesce(%(content_path)s, content_path),
    files = coalesce(%(files)s, files), ours = coalesce(%(ours)s, ours), missed_polls = 0,
    traceparent = coalesce(%(traceparent)s, traceparent),
    progress = CASE WHEN %(to)s IN ('complete', 'imported') THEN 1 WHEN %(to)s = 'fetched' THEN 0 ELSE progress END,
    speed = CASE WHEN %(to)s IN ('sent', 'downloading') THEN speed ELSE 0 END,
    eta_seconds = CASE WHEN %(to)s IN ('sent', 'downloading') THEN eta_seconds END,
    still_seconds = CASE WHEN %(to)s = 'fetched' THEN 0 ELSE still_seconds END,
    sent_at = CASE WHEN %(to)s = 'sent' THEN coalesce(sent_at, now()) ELSE sent_at END,
    completed_at = CASE WHEN %(to)s = 'complete' THEN now() ELSE completed_at END,
    finished_at = CASE WHEN %(to)s IN ('imported', 'failed') THEN now() END,
    state_at = now(), updated_at = now()
{left}
""".replace("{before}", _BEFORE.replace("{expected}", "ANY(%(expected)s)")).replace("{left}", _LEFT)


_NOTE_ID: Final = """
UPDATE acquisition SET infohash = %(id)s, client_ref = %(id)s, updated_at = now()
WHERE id = %(acquisition)s AND state IN {active}
RETURNING id
""".replace("{active}", _ACTIVE)


class TorrentTaken(Refused):
    """The same torrent is being fetched for another movie already."""

    default_reason = "torrent_taken"


async def intend(
    conn: Connection,
    movie_id: int,
    release: Release,
    *,
    formats: Iterable[FormatMatch] = (),
    format_score: int = 0,
    release_group: str | None = None,
    traceparent: str | None = None,
) -> int | None:
    """Write the intent to fetch a release, before anything acts on it.

    Args:
        conn: The connection with the transaction.
        movie_id: For which movie.
        release: What is to be fetched.
        formats: The custom formats of the release as it is offered: they are never looked for again.
        format_score: What they are worth now.
        release_group: Who made it.
        traceparent: The span that led to it; the current one when left out.

    Returns:
        The acquisition's number; None when the movie is being fetched already.
    """
    params = (
        movie_id,
        release.id,
        release.source,
        release.indexer,
        release.title,
        release.size,
        traceparent or current_traceparent(),
        Jsonb([each.to_json() for each in formats]),
        format_score,
        release_group,
    )
    row = await fetch_one(conn, _INTEND, params)
    return None if row is None else int(row[0])


async def get(source: Reader, acquisition_id: int) -> Acquisition | None:
    """Return an acquisition, or None."""
    row = await fetch_one(source, _GET, (acquisition_id,))
    return None if row is None else _acquisition(row)


async def active(source: Reader, *, limit: int = 1000) -> list[Acquisition]:
    """Return the acquisitions that are not over, by number."""
    return [_acquisition(row) for row in await fetch_all(source, _ACTIVE_ONES, (limit,))]


async def active_of_movie(source: Reader, movie_id: int) -> Acquisition | None:
    """Return the acquisition that is under way for a movie, or None."""
    row = await fetch_one(source, _ACTIVE_OF_MOVIE, (movie_id,))
    return None if row is None else _acquisition(row)


async def by_movie(source: Reader, movie_id: int, *, limit: int = 100) -> list[Acquisition]:
    """Return every acquisition of a movie, newest first."""
    return [_acquisition(row) for row in await fetch_all(source, _BY_MOVIE, (movie_id, limit))]


async def by_infohash(source: Reader, infohash: str) -> list[Acquisition]:
    """Return the acquisitions of a torrent, newest first; at most one of them is active."""
    return [_acquisition(row) for row in await fetch_all(source, _BY_INFOHASH, (infohash,))]


async def active_with(source: Reader, infohashes: Collection[str]) -> Acquisition | None:
    """Return an acquisition under way of a torrent that any of these hashes names, fetched or not yet; or None."""
    row = await fetch_one(source, _WITH_TORRENT, {"hashes": list(infohashes)})
    return None if row is None else _acquisition(row)


async def led_here(source: Reader, acquisition_id: int) -> tuple[str | None, str | None]:
    """Return the spans that an acquisition came from: of its last step, and of the wish for its movie."""
    row = await fetch_one(source, _LED_HERE, (acquisition_id,))
    return (None, None) if row is None else (row[0], row[1])


async def torrent(source: Reader, acquisition_id: int) -> bytes | None:
    """Return the .torrent's bytes, or None when they were not fetched."""
    row = await fetch_one(
        source, "SELECT torrent FROM acquisition WHERE id = %s", (acquisition_id,)
    )
    return None if row is None else row[0]


async def store_torrent(
    conn: Connection, acquisition_id: int, torrent: bytes, infohash: str
) -> bool:
    """Store the .torrent: `intent` becomes `fetched`, and an event says so.

    Returns:
        False when it was stored before.

    Raises:
        IllegalTransition: The acquisition is over.
        NotFound: There is no such acquisition.
        TorrentTaken: Another movie is being fetched with the same torrent. Nothing was changed.
    """
    params = {
        "id": acquisition_id,
        "torrent": torrent,
        "infohash": infohash,
        "traceparent": current_traceparent(),
    }
    try:
        async with (
            conn.transaction()
        ):  # a savepoint: the caller's transaction survives the conflict
            left = await fetch_one(conn, _STORE_TORRENT, params)
    except psycopg.errors.UniqueViolation as error:
        raise _taken(infohash) from error
    if left is not None:
        _tell(conn, left, AcquisitionState.FETCHED)
        await _announce(conn, left, acquisition_id, AcquisitionState.FETCHED)
        return True
    there = await get(conn, acquisition_id)
    if there is None:
        raise _missing(acquisition_id)
    if there.infohash is None or there.state.is_final:
        raise IllegalTransition(there.state, AcquisitionState.FETCHED)
    return False


async def move(
    conn: Connection,
    acquisition_id: int,
    to: AcquisitionState,
    *,
    expected: AcquisitionState | None = None,
    note: str = "",
    failure: FailureReason | None = None,
    infohash: str | None = None,
    client_ref: str | None = None,
    category: str | None = None,
    save_path: str | None = None,
    content_path: str | None = None,
    files: Sequence[DownloadedFile] | None = None,
    ours: bool | None = None,
) -> bool:
    """Move an acquisition to its next state, fenced by the state it is in, and write the event that says so.

    Args:
        conn: The connection with the transaction.
        acquisition_id: The acquisition.
        to: The state to reach. `store_torrent` does the step from `intent` to `fetched`.
        expected: The one state it must come from; any from which `to` may follow when left out.
        note: A sentence about the new state.
        failure: Why it failed; given exactly for `failed`.
        infohash: Which of its hashes the client lists the torrent under.
        client_ref: What the client calls the torrent. This and what follows stays as it was when left out.
        category: The torrent's category.
        save_path: The client's download folder.
        content_path: Where the content lies.
        files: What was downloaded.
        ours: Whether reeld handed the torrent to the client.

    Returns:
        False when it was in that state already: every step may run twice.

    Raises:
        IllegalTransition: It is in a state from which `to` cannot follow.
        NotFound: There is no such acquisition.
        TorrentTaken: Another movie is being fetched with that infohash. Nothing was changed.
    """
    sources = [state for state, following in TRANSITIONS.items() if to in following]
    listed = None if files is None else [{"path": f.path, "size": f.size} for f in files]
    params: dict[str, Any] = {
        "id": acquisition_id,
        "to": to,
        "expected": [str(state) for state in ([expected] if expected else sources)],
        "note": note,
        "failure": failure,
        "infohash": infohash,
        "client_ref": client_ref,
        "category": category,
        "save_path": save_path,
        "content_path": content_path,
        "files": None if listed is None else Jsonb(listed),
        "ours": ours,
        "traceparent": current_traceparent(),
    }
    left = await _leave(conn, params)
    if left is not None:
        _tell(conn, left, to)
        await _announce(conn, left, acquisition_id, to)
        return True
    there = await get(conn, acquisition_id)
    if there is None:
        raise _missing(acquisition_id)
    if there.state is not to:
        raise IllegalTransition(there.state, to)
    return False


async def note_id(conn: Connection, acquisition_id: int, torrent_id: str) -> bool:
    """Note which of its hashes the client lists a torrent under now; False when the acquisition is over.

    Raises:
        TorrentTaken: Another movie is being fetched with that infohash. Nothing was changed.
    """
    try:
        async with conn.transaction():  # a savepoint, as when a torrent is stored
            params = {"acquisition": acquisition_id, "id": torrent_id}
            return await fetch_one(conn, _NOTE_ID, params) is not None
    except psycopg.errors.UniqueViolation as error:
        raise _taken(torrent_id) from error


async def _leave(conn: Connection, params: dict[str, Any]) -> Row | None:
    if params["infohash"] is None:
        return await fetch_one(conn, _MOVE, params)
    try:
        async with conn.transaction():  # a savepoint, as when a torrent is stored
            return await fetch_one(conn, _MOVE, params)
    except psycopg.errors.UniqueViolation as error:
        raise _taken(params["infohash"]) from error


def _taken(infohash: str) -> TorrentTaken:
    return TorrentTaken(f"The torrent {infohash} is being downloaded for another movie already.")


def _tell(conn: Connection, left: Row, to: AcquisitionState) -> None:
    """Have it told, once the transaction has committed, that a stage was left."""
    if not isinstance(conn, TrioConnection):
        return
    stage, seconds, since_sent, _ = left
    match to:
        case AcquisitionState.FAILED:
            outcome = StageOutcome.FAILED
        case AcquisitionState.FETCHED if stage != AcquisitionState.INTENT:
            outcome = StageOutcome.BACK
        case _:
            outcome = StageOutcome.OK
    downloaded_in = since_sent if to is AcquisitionState.COMPLETE else None
    conn.stages_left.append(StageLeft(stage, outcome, max(seconds, 0.0), downloaded_in))


async def _announce(
    conn: Connection, left: Row, acquisition_id: int, state: AcquisitionState
) -> None:
    """Write the event of a new state."""
    movie_id = left[3]
    payload = {"movie_id": movie_id, "acquisition_id": acquisition_id, "state": state}
    await append(conn, EventKind.ACQUISITION_MOVED, movie_id, payload)


def _missing(acquisition_id: int) -> NotFound:
    return NotFound(f"There is no acquisition {acquisition_id}: its movie was deleted.")


def _acquisition(row: Row) -> Acquisition:
    values = list(row)
    values[3] = AcquisitionState(values[3])
    values[7] = tuple(DownloadedFile(f["path"], f["size"]) for f in values[7] or ())
    values[8] = None if values[8] is None else FailureReason(values[8])
    values[14] = tuple(FormatMatch.from_json(each) for each in values[14])
    return Acquisition(*values)
