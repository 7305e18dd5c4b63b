"""What all supervisors of a tree share."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
import trio

from reeld.actors.kernel import DeadLetters, Directory, NullObserver, Observer
from reeld.domain.errors import ReeldError
from reeld.supervisors._intensity import Intensity, RestartBudget

log = structlog.get_logger("reeld.supervisors")

IncarnationEnded = Callable[[str, UUID, str], Awaitable[None]]
"""Told of the end of each incarnation, by the actor's name, the incarnation's id, and why it ended."""

TREE_INTENSITY = Intensity(100, 60.0)
"""More restarts a minute than all budgets of a healthy tree add up to."""


class Kit:
    """What all supervisors of a tree share.

    Args:
        directory: Where the addresses are listed; actors may hold it before the tree exists.
        dead_letters: Where undeliverable messages go.
        observer: Told of restarts, escalations and all that actors do.
        incarnation_ended: Gives claimed work rows back.
        hook_deadline: Seconds that `incarnation_ended` may take.
        intensity: The restart budget of the whole tree.
        draw: Random numbers from 0 to 1, for the jitter of waits.
    """

    def __init__(
        self,
        *,
        directory: Directory | None = None,
        dead_letters: DeadLetters | None = None,
        observer: Observer | None = None,
        incarnation_ended: IncarnationEnded | None = None,
        hook_deadline: float = 5.0,
        intensity: Intensity = TREE_INTENSITY,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.directory = Directory() if directory is None else directory
        self.observer = observer or NullObserver()
        self.dead_letters = dead_letters or DeadLetters(self.observer)
        self.incarnation_ended = incarnation_ended
        self.hook_deadline = hook_deadline
        self.budget = RestartBudget(intensity)
        self.draw = draw
        self.hurried = trio.Event()
        """Set when a stop has lasted long enough for somebody: from then on nothing gets time to end by itself."""

    async def tell_end(self, name: str, incarnation: UUID, cause: str) -> None:
        """Call `incarnation_ended`, shielded, within its deadline. What it raises is logged.

        The rows of an incarnation that ended in a cancellation must be given back too. When the database is away the
        queue gives them back later, so nothing here may hold a restart up for long, or end the supervisor.
        """
        if self.incarnation_ended is None:
            return
        with trio.CancelScope(
            shield=True, deadline=trio.current_time() + self.hook_deadline
        ) as scope:
            try:
                await self.incarnation_ended(name, incarnation, cause)
            except ReeldError as error:
                log.info("incarnation_end_not_told", actor=name, reason=error.reason)
            except Exception:
                log.exception("incarnation_ended_failed", actor=name, incarnation=str(incarnation))
        if scope.cancelled_caught:
            log.error("incarnation_ended_timed_out", actor=name, incarnation=str(incarnation))
