"""Running one incarnation of an actor: what a supervisor does again and again."""

from __future__ import annotations

import structlog
import trio

from reeld.actors.kernel._actor import Actor
from reeld.actors.kernel._cell import Cell
from reeld.actors.kernel._errors import IncarnationCrashed
from reeld.actors.kernel._incarnation import Incarnation
from reeld.actors.kernel._serving import serve
from reeld.actors.kernel._state import ActorState

log = structlog.get_logger("reeld.actors")


async def run_incarnation(
    cell: Cell, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Make the next incarnation of an actor and run it to its end.

    Reports `task_status.started()` once `on_start` is done. Returns when the actor was asked to stop
    (`Cell.request_stop`, or pykka's stop); what waits in the mailbox then stays there for the next
    one. Cancelling it answers the messages being handled and still runs `on_stop`, shielded, for at
    most `Actor.on_stop_deadline` seconds. The start has no deadline of its own: set one around it.

    Raises:
        IncarnationCrashed: The factory, `on_start`, a handler or a task met a fault.
        RuntimeError: An incarnation runs already, or this is another loop than the last one's.
    """
    if cell.incarnation is not None:
        raise RuntimeError(f"{cell.name} runs already")
    cell.deadlines_here()
    cell.begin()

    def started() -> None:
        cell.enter(ActorState.RUNNING)
        task_status.started()

    try:
        # Every record of the incarnation, also of what it calls, says whose it is.
        with structlog.contextvars.bound_contextvars(actor=cell.name):
            incarnation = Incarnation(cell, _construct(cell))
            cell.occupy(incarnation)
            await incarnation.run(serve, started)
    except IncarnationCrashed as crash:
        cell.remember(crash.cause)
        raise
    finally:
        cell.occupy(None)


def _construct(cell: Cell) -> Actor:
    try:
        return cell.construct()
    except Exception as fault:
        log.exception("actor_construction_failed", actor=cell.name)
        raise IncarnationCrashed(cell.name, fault, started=False) from fault
