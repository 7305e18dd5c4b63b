"""What the pool looks at when it lends a connection, and while it is lent."""

from __future__ import annotations

import math
import select
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio
from psycopg.pq import ConnStatus, PipelineStatus, TransactionStatus
from psycopg.rows import tuple_row

if TYPE_CHECKING:
    from collections.abc import Collection

    from reeld.storage.connection import TrioConnection

INSIST_SECONDS: Final = 0.1
"""How soon a statement past its deadline is interrupted again, if it did not hear it."""


@dataclass(frozen=True, slots=True)
class PoolStats:
    """What the pool is doing now, and has done since it was opened."""

    max_size: int
    size: int
    idle: int
    in_use: int
    waiting: int
    available: bool
    wait_seconds: float
    checkouts: int
    opened: int
    discarded: int
    errors: int
    last_error: str | None


class DeadlineWatch:
    """Interrupts statements past their deadline: one task for all, because a cancel scope a statement is dear.

    Args:
        connections: The connections to watch; looked at anew each time.
    """

    def __init__(self, connections: Collection[TrioConnection]) -> None:
        self._connections = connections
        self._earlier = trio.Event()
        self._next_look = math.inf

    def set_deadline(self, connection: TrioConnection, until: float) -> None:
        """Let what a connection does be interrupted at a time on trio's clock."""
        connection.lend_until(until)
        if until < self._next_look:
            self._earlier.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            now = trio.current_time()
            overdue = [lent for lent in self._connections if lent.overdue_at <= now]
            for connection in overdue:
                connection.interrupt()
            times = (lent.overdue_at for lent in self._connections if lent.overdue_at > now)
            self._next_look = now + INSIST_SECONDS if overdue else min(times, default=math.inf)
            self._earlier = trio.Event()
            with trio.move_on_at(self._next_look):
                await self._earlier.wait()


def is_clean(connection: TrioConnection) -> bool:
    """Tell whether a connection that comes back is as it was when it was new."""
    pgconn = connection.pgconn
    return (
        pgconn.status == ConnStatus.OK
        and pgconn.transaction_status == TransactionStatus.IDLE
        and pgconn.pipeline_status == PipelineStatus.OFF
        and connection.autocommit
        and not connection.lock.locked()
        and connection.isolation_level is None
        and connection.read_only is None
        and connection.deferrable is None
    )


def forget_borrower(connection: TrioConnection) -> None:
    """Undo what a borrower may change on the client's side of a clean connection."""
    connection.statement_seconds = None
    connection.lend_until(math.inf)
    connection.row_factory = tuple_row


def has_news(connection: TrioConnection) -> bool:
    """Tell whether the server sent something to an idle connection: nearly always that it is gone."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
