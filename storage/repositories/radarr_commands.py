"""Radarr's commands: the name under which somebody asked, and the work that it became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.domain.command import PutOff
from reeld.domain.work import WorkRequest
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.repositories._command_work import WORK, read_put_off
from reeld.storage.work import submit

KEPT_DAYS: Final = 1
"""As long as Radarr keeps its own."""

_ADD: Final = """
INSERT INTO radarr_command (name, message, agent, work_ids) VALUES (%s, %s, %s, %s) RETURNING id
"""

_WAITING: Final = """
SELECT id FROM work
WHERE queue = %s AND kind = %s AND unique_key = %s AND state IN ('available', 'running')
"""

_LIST: Final = """
SELECT c.id, c.name, c.message, c.agent, c.queued, w.started_at, w.finished_at, w.open, w.running, w.dead, w.cancelled,
       w.sentence, w.put_off
FROM radarr_command c CROSS JOIN {work}
""".replace("{work}", WORK)
_LATEST: Final = _LIST + "ORDER BY c.id DESC LIMIT %s"
_GET: Final = _LIST + "WHERE c.id = %s"

_WORK_OF: Final = "SELECT unnest(work_ids) FROM radarr_command WHERE id = %s"

_PRUNE: Final = "DELETE FROM radarr_command WHERE queued < now() - make_interval(days => %s)"


@dataclass(frozen=True, slots=True)
class RadarrCommand:
    """A command, and how far its work is.

    Attributes:
        message: What reeld makes of it, for people.
        agent: Which program asked.
        open: How many pieces of its work wait or run.
        running: How many of them run, and are waited for.
        dead: How many were given up.
        cancelled: How many a person discarded.
        sentence: Why one was given up, or waits to be tried again.
        put_off: What of the open work is not waited for.
    """

    id: int
    name: str
    message: str
    agent: str
    queued: datetime
    started: datetime | None
    ended: datetime | None
    open: int
    running: int
    dead: int
    cancelled: int
    sentence: str | None
    put_off: tuple[PutOff, ...]


async def add(
    conn: Connection, name: str, message: str, agent: str, requests: Sequence[WorkRequest]
) -> int:
    """Ask for the work of a command and return the command's number; what waits already is waited for too."""
    await execute(conn, _PRUNE, (KEPT_DAYS,))
    await submit(conn, *requests)
    ids: list[int] = []
    for request in requests:
        params = (request.queue, request.kind, request.unique_key)
        ids += [row[0] for row in await fetch_all(conn, _WAITING, params)]
    row = await fetch_one(conn, _ADD, (name, message, agent, ids))
    assert row is not None, "an insert returns its row"
    return int(row[0])


async def get(source: Reader, command_id: int) -> RadarrCommand | None:
    """Return a command, or None."""
    row = await fetch_one(source, _GET, (command_id,))
    return None if row is None else _command(row)


async def latest(source: Reader, limit: int = 100) -> list[RadarrCommand]:
    """Return the latest commands, newest first."""
    return [_command(row) for row in await fetch_all(source, _LATEST, (limit,))]


async def work_of(source: Reader, command_id: int) -> list[int]:
    """Return the numbers of the work that a command became; none of a command that is not there."""
    return [row[0] for row in await fetch_all(source, _WORK_OF, (command_id,))]


def _command(row: Row) -> RadarrCommand:
    return RadarrCommand(*(*row[:-1], read_put_off(row[-1])))
