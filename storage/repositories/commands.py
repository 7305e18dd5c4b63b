"""Commands: what somebody had done by name, and how far the durable work is that it became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from reeld.domain.command import told
from reeld.domain.work import WorkRequest
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.repositories._command_work import WORK, read_reasons
from reeld.storage.work import submit

KEPT_DAYS: Final = 7
"""As long as the work that was done is kept."""

_ADD: Final = """
INSERT INTO command (name, who, work_ids, message, agent) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""

_OPEN_WORK: Final = """
SELECT id FROM work JOIN unnest(%s::text[], %s::text[], %s::text[]) AS asked (queue, kind, unique_key)
    USING (queue, kind, unique_key)
WHERE state IN ('available', 'running') ORDER BY id
"""

_LIST: Final = """
SELECT c.id, c.name, c.who, c.asked_at, cardinality(c.work_ids) + w.others, w.open, w.running, w.dead, w.cancelled,
       w.started_at, w.finished_at, w.sentence, w.progress, w.put_off, w.reasons, c.message, c.agent
FROM command c CROSS JOIN {work}
""".replace("{work}", WORK)
_PAGE: Final = _LIST + "WHERE c.id < %s ORDER BY c.id DESC LIMIT %s"
_GET: Final = _LIST + "WHERE c.id = %s"

_WORK_OF: Final = "SELECT unnest(work_ids) FROM command WHERE id = %s"

_PRUNE: Final = "DELETE FROM command WHERE asked_at < now() - make_interval(days => %s)"


class CommandState(StrEnum):
    """How far a command is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Some of its work was given up, and a person may retry it; or it waits until a service is back."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Command:
    """A command and its work.

    It has ended when nothing is open but what waits for a service that is away: an indexer or a feed is left out then,
    and asked again by itself.

    Attributes:
        name: reeld's own, such as `search-movies`, or Radarr's, such as `MoviesSearch`.
        who: Whose key asked.
        progress: 0 to 1: how much of its work has ended.
        total: How many pieces of work it became.
        sentence: Why it waits or failed; None when there is nothing to say.
        details: What its running work says of itself.
        message: What reeld made of it, where the name is Radarr's; else empty.
        agent: The program that asked, as it calls itself, where the name is Radarr's; else empty.
    """

    id: int
    name: str
    who: str
    state: CommandState
    progress: float
    total: int
    open: int
    failed: int
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    sentence: str | None
    details: tuple[Mapping[str, Any], ...]
    message: str
    agent: str


async def add(
    conn: Connection,
    name: str,
    who: str,
    requests: Sequence[WorkRequest],
    *,
    message: str = "",
    agent: str = "",
) -> int:
    """Ask for the work of a command and return its number; work that waits or runs already counts as its own."""
    await execute(conn, _PRUNE, (KEPT_DAYS,))
    await submit(conn, *requests)
    asked = (
        [str(each.queue) for each in requests],
        [str(each.kind) for each in requests],
        [each.unique_key or "" for each in requests],
    )
    ids = [int(row[0]) for row in await fetch_all(conn, _OPEN_WORK, asked)]
    row = await fetch_one(conn, _ADD, (name, who, ids, message, agent))
    assert row is not None, "INSERT ... RETURNING answers with the row"
    return int(row[0])


async def get(source: Reader, command_id: int) -> Command | None:
    """Return a command, or None."""
    row = await fetch_one(source, _GET, (command_id,))
    return None if row is None else _command(row)


async def page(source: Reader, *, before: int | None = None, limit: int = 50) -> list[Command]:
    """Return commands, newest first; `before` is the number that ended the page before."""
    rows = await fetch_all(source, _PAGE, (before or 2**63 - 1, limit))
    return [_command(row) for row in rows]


async def work_of(source: Reader, command_id: int) -> list[int]:
    """Return the numbers of a command's work."""
    return [int(row[0]) for row in await fetch_all(source, _WORK_OF, (command_id,))]


def _command(row: Row) -> Command:
    number, name, who, asked_at, total, still, running, dead, cancelled = row[:9]
    started_at, finished_at, sentence, details, put_off, reasons, message, agent = row[9:]
    held_up_by = read_reasons(reasons)
    is_failed = dead or any(each.is_failure for each in held_up_by)
    awaited = still - put_off
    return Command(
        id=number,
        name=name,
        who=who,
        state=_state(awaited, running, is_failed, cancelled, begun=still < total),
        progress=1.0 if not total else round((total - still) / total, 4),
        total=total,
        open=still,
        failed=dead,
        asked_at=asked_at,
        started_at=started_at,
        finished_at=None if awaited else finished_at,
        sentence=sentence or told(held_up_by),
        details=tuple(details),
        message=message,
        agent=agent,
    )


def _state(awaited: int, running: int, failed: int, cancelled: int, *, begun: bool) -> CommandState:
    if awaited:
        return CommandState.RUNNING if running or begun else CommandState.WAITING
    if failed:
        return CommandState.FAILED
    return CommandState.CANCELLED if cancelled else CommandState.DONE
