"""Tasks that come round again: which are due, and the work that they ask for, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.domain.work import WorkRequest
from reeld.storage._rows import Connection, execute
from reeld.storage.database import Database
from reeld.storage.work import submit

_DECLARE: Final = """
INSERT INTO schedule (task, every_seconds, next_run)
VALUES (%(task)s, %(every)s, now() + make_interval(secs => %(first_after)s))
ON CONFLICT (task) DO UPDATE SET
    every_seconds = excluded.every_seconds,
    next_run = least(schedule.next_run, now() + make_interval(secs => excluded.every_seconds))
WHERE schedule.every_seconds <> excluded.every_seconds
"""

_FORGET: Final = "DELETE FROM schedule WHERE task <> ALL(%s::text[])"

# A last turn that lies ahead says that the clock was set back: the wait to the next one is counted anew. A task without
# a turn waits for its first one no longer than for any other.
_COUNT_ANEW: Final = """
UPDATE schedule SET
    next_run = now() + CASE WHEN last_run IS NULL THEN make_interval(secs => every_seconds)
                            ELSE greatest(next_run - last_run, interval '0') END,
    last_run = least(last_run, now())
WHERE last_run > now() + interval '1 minute'
   OR last_run IS NULL AND next_run > now() + make_interval(secs => every_seconds) + interval '1 minute'
"""

# Missed turns coalesce into one: the next one is counted from now, not from when it was due.
_TAKE_DUE: Final = """
UPDATE schedule SET last_run = now(), next_run = now() + make_interval(secs => every_seconds)
WHERE next_run <= now() RETURNING task
"""

_HOLD_OFF: Final = """
UPDATE schedule SET next_run = greatest(next_run, now() + make_interval(secs => %(seconds)s)) WHERE task = %(task)s
"""

_NEXT: Final = "SELECT extract(epoch FROM min(next_run) - now())::float8 FROM schedule"

_LIST: Final = (
    "SELECT task, every_seconds, next_run, last_run FROM schedule ORDER BY next_run, task"
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something that is done again and again.

    Attributes:
        name: Its identity over restarts.
        every_seconds: From the start of one turn to the start of the next.
        work: What a turn asks for; of work with an equal key that still waits there is only one.
        first_after: Seconds until the first turn of a task that is new.
    """

    name: str
    every_seconds: float
    work: tuple[WorkRequest, ...]
    first_after: float = 0.0


def task_of_feed(name: str) -> str:
    """Return the name of the task that reads a feed."""
    return f"feed:{name}"


async def hold_off(conn: Connection, task: str, seconds: float) -> None:
    """Let a task rest for so long, once: what it reads wishes it. One that rests longer anyway is left alone."""
    await execute(conn, _HOLD_OFF, {"task": task, "seconds": seconds})


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """A row of the schedule, for people."""

    task: str
    every_seconds: float
    next_run: datetime
    last_run: datetime | None


class Schedule:
    """The schedule's rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def declare(self, tasks: Mapping[str, Task]) -> None:
        """Make the rows be these tasks: a new one is due after `first_after`, one that is gone is forgotten."""
        async with self._database.transaction() as conn:
            for task in tasks.values():
                values = {
                    "task": task.name,
                    "every": task.every_seconds,
                    "first_after": task.first_after,
                }
                await conn.execute(_DECLARE, values)
            await conn.execute(_FORGET, (list(tasks),))

    async def run_due(self, tasks: Mapping[str, Task]) -> tuple[str, ...]:
        """Ask for the work of every task that is due, and return their names."""
        async with self._database.transaction() as conn:
            await conn.execute(_COUNT_ANEW)
            rows = await (await conn.execute(_TAKE_DUE)).fetchall()
            due = tuple(str(row[0]) for row in rows)
            for name in due:
                if name in tasks:
                    await submit(conn, *tasks[name].work)
        return due

    async def seconds_to_next(self) -> float | None:
        """Return the seconds until the next turn of any task; None when there is no task."""
        row = await self._database.fetch_one(_NEXT)
        return None if row is None or row[0] is None else float(row[0])

    async def list(self) -> list[ScheduledTask]:
        """Return every task, the next one first."""
        return await self._database.fetch_all(_LIST, row=ScheduledTask)
