"""One life of an actor, from `on_start` to `on_stop`."""

from __future__ import annotations

import contextvars
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import structlog
import trio
from opentelemetry.trace import SpanContext
from pykka.messages import _ActorStop

from reeld.actors.kernel._dead_letters import DeadReason
from reeld.actors.kernel._envelope import Envelope, handling
from reeld.actors.kernel._errors import ActorCrashed, ActorStopped, IncarnationCrashed
from reeld.actors.kernel._faults import foreseen, part
from reeld.actors.kernel._handles import Route
from reeld.actors.kernel._observer import Outcome
from reeld.actors.kernel._state import ActorState
from reeld.actors.kernel._timers import Timers
from reeld.domain.errors import DeadlineExceeded, Refused

if TYPE_CHECKING:
    from reeld.actors.kernel._actor import Actor
    from reeld.actors.kernel._cell import Cell

log = structlog.get_logger("reeld.actors")


class Incarnation:
    """Runs one actor object inside one nursery: handlers, tasks and timers end together.

    Args:
        cell: The stable part it stands for.
        actor: The freshly constructed actor.
    """

    def __init__(self, cell: Cell, actor: Actor) -> None:
        self.cell = cell
        self.actor = actor
        self.routes = actor.routes()
        self.timers = Timers(cell.address, self.start_soon)
        self.in_flight = 0
        self.fault: BaseException | None = None
        self._started = False
        self._stop_asked: list[Envelope] = []
        self._nursery: trio.Nursery
        # Tasks beside the handlers must not carry on as if they were part of one.
        self.context = contextvars.copy_context()
        self.context.run(handling.set, None)

    # Living

    async def run(
        self, serve: Callable[[Incarnation], Awaitable[None]], started: Callable[[], None]
    ) -> None:
        """Live until asked to stop, cancelled, or struck by a fault.

        Args:
            serve: Receives and handles messages until the mailbox dismisses it.
            started: Called when `on_start` is done.

        Raises:
            IncarnationCrashed: A fault ended it, or `on_start` failed.
        """
        try:
            async with trio.open_nursery() as self._nursery:
                self.actor._running = self
                await self.guard(self.actor.on_start)
                if self.fault is None:
                    self._started = True
                    started()
                    await self.guard(serve, self)
                    if self.fault is None:
                        await self.guard(self.actor.drain)
                self._nursery.cancel_scope.cancel(reason=f"{self.cell.name} stops")
        except BaseException:
            if self.fault is not None:
                # Cancelled as well, so the supervisor will not hear of it.
                log.error("actor_crashed_at_its_end", actor=self.cell.name, exc_info=self.fault)
            raise
        finally:
            self.actor._running = None
            if self._started:
                await self._wind_up()
            for envelope in self._stop_asked:
                envelope.answer(None)
        if self.fault is not None:
            raise IncarnationCrashed(
                self.cell.name, self.fault, started=self._started
            ) from self.fault

    def start_soon(self, fn: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Run a task that ends with the incarnation, and whose fault ends it."""
        self.context.copy().run(self._nursery.start_soon, self.guard, fn, *args)

    async def guard(self, fn: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Await `fn`; any error in it is a fault."""
        try:
            await fn(*args)
        except BaseException as error:  # noqa: BLE001 -- cancellation is raised on
            self._pass_on(error, None)

    def crash(self, fault: Exception) -> None:
        """End by a fault that came from outside."""
        self._strike(fault, None)

    async def _wind_up(self) -> None:
        self.cell.enter(ActorState.STOPPING)
        limit = self.actor.on_stop_deadline
        with trio.CancelScope(shield=True, deadline=trio.current_time() + limit) as scope:
            try:
                await self.actor.on_stop()
            except Exception:
                log.exception("on_stop_failed", actor=self.cell.name)
        if scope.cancelled_caught:
            log.error("on_stop_timed_out", actor=self.cell.name, seconds=limit)

    # What may become of a message

    def turn_down(self, envelope: Envelope, waited: float) -> bool:
        """Deal with a message that is past its deadline or has no handler.

        Returns:
            Whether to go on; False when it was pykka's request to stop.
        """
        if isinstance(envelope.message, _ActorStop):
            self._stop_asked.append(envelope)
            return False
        name, label = self.cell.name, type(envelope.message).__name__
        if type(envelope.message) in self.routes:
            envelope.fail(DeadlineExceeded(f"{name} was too busy to begin {label} in time."))
            self._bury(envelope, DeadReason.EXPIRED)
            self.report(label, Outcome.EXPIRED, waited, 0.0)
        else:
            envelope.fail(Refused(f"{name} does not handle {label}.", reason="unhandled_message"))
            self._bury(envelope, DeadReason.UNHANDLED)
        return True

    def failed(self, envelope: Envelope, error: BaseException) -> Outcome:
        """Answer a message whose handler raised, and judge what that means for the incarnation.

        Raises:
            BaseException: What must go on: cancellation, or the interpreter's end.
        """
        _, fault = part(error)
        ours = None if fault is None else foreseen(fault)
        if ours is not None:
            envelope.fail(ours)
            if envelope.reply_to is None:
                label = type(envelope.message).__name__
                log.warning(
                    "tell_failed",
                    actor=self.cell.name,
                    message=label,
                    reason=ours.reason,
                    sentence=ours.sentence,
                )
            self._pass_on(error, envelope, forgive=True)
            return Outcome.ERROR
        self._pass_on(error, envelope)
        return Outcome.CRASHED

    def overran(self, envelope: Envelope, route: Route, took: float) -> None:
        """Answer a message whose handler was cancelled at its deadline."""
        if envelope.concluded:
            return
        log.warning(
            "handler_timed_out", actor=self.cell.name, message=route.label, seconds=round(took, 3)
        )
        envelope.fail(DeadlineExceeded(f"{self.cell.name} did not finish {route.label} in time."))

    def interrupted(self, envelope: Envelope) -> None:
        """Answer a message whose handler was cancelled because the incarnation ends."""
        if envelope.concluded:
            return
        if self.fault is None:
            envelope.fail(
                ActorStopped(f"{self.cell.name} stopped before it could answer. Ask again later.")
            )
        else:
            envelope.fail(self._crashed())
        self._bury(envelope, DeadReason.INTERRUPTED)

    def report(
        self,
        label: str,
        outcome: Outcome,
        waited: float,
        took: float,
        span: SpanContext | None = None,
    ) -> None:
        """Tell the observer how a message ended, and in which span it was handled."""
        # A message sent before any loop ran has no time of sending, and nan differs from itself.
        waited = waited if waited == waited else 0.0
        self.cell.observer.message_handled(self.cell.name, label, outcome, waited, took, span)

    def _pass_on(
        self, error: BaseException, envelope: Envelope | None, *, forgive: bool = False
    ) -> None:
        cancelled, fault = part(error)
        if fault is not None and not forgive:
            self._strike(fault, envelope)
            if not isinstance(fault, Exception):
                raise error
        if cancelled is not None:
            raise cancelled

    def _strike(self, fault: BaseException, envelope: Envelope | None) -> None:
        """Let a fault end the incarnation: everything in it is cancelled, the mailbox stays."""
        label = None if envelope is None else type(envelope.message).__name__
        # Which message it was; the traceback, and how loudly, is for the supervisor to log, who counts.
        log.info(
            "actor_crashed",
            actor=self.cell.name,
            message=label,
            incarnation=str(self.actor.incarnation),
            fault=type(fault).__name__,
        )
        if self.fault is None:
            self.fault = fault
        else:
            # The supervisor hears of the first only.
            log.error("actor_crashed_again", actor=self.cell.name, message=label, exc_info=fault)
        if envelope is not None:
            envelope.fail(self._crashed())
            self.cell.dead_letters.add(
                self.cell.address, envelope.message, DeadReason.CRASHED, fault
            )
        self._nursery.cancel_scope.cancel(
            reason=f"{self.cell.name} crashed: {type(fault).__name__}"
        )

    def _crashed(self) -> ActorCrashed:
        error = ActorCrashed(
            f"{self.cell.name} met a fault ({type(self.fault).__name__}) and restarts. Ask again later."
        )
        error.__cause__ = self.fault
        return error

    def _bury(self, envelope: Envelope, reason: DeadReason) -> None:
        self.cell.dead_letters.add(self.cell.address, envelope.message, reason)
