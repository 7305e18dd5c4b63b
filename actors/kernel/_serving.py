"""Receiving and handling: one message at a time in the actor's own task, or several in tasks."""

from __future__ import annotations

from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

import trio

from reeld.actors.kernel._envelope import Envelope, handling
from reeld.actors.kernel._handles import Route
from reeld.actors.kernel._observer import Outcome
from reeld.actors.kernel._tracing import handled

if TYPE_CHECKING:
    from reeld.actors.kernel._incarnation import Incarnation


async def serve(incarnation: Incarnation) -> None:
    """Handle messages until the mailbox dismisses the receiver, and finish what has begun."""
    server = InTurn(incarnation) if incarnation.actor.concurrency == 1 else AtOnce(incarnation)
    await server.serve()


class InTurn:
    """Handles one message at a time, in the task that receives them.

    A cancel scope a message is 5 µs and a task 8 µs. So one scope serves many messages, until a
    handler overruns: then the run's one watchdog cancels the scope, and the next message gets a new
    one. And all handlers share the task's context, which is replaced when a handler changed it.
    """

    def __init__(self, incarnation: Incarnation) -> None:
        self._incarnation = incarnation
        self._now = incarnation.cell.now
        self._deadlines = incarnation.cell.deadlines_here()
        self._handled: tuple[Envelope, Route, float, float] | None = None

    async def serve(self) -> None:
        """Handle messages until dismissed."""
        try:
            serving = True
            while serving:
                with trio.CancelScope() as scope:
                    serving = await self._serve_in(scope)
                if scope.cancelled_caught:
                    self._overran()
                    await self._forget_variables()
        except BaseException:
            # Cancellation, also as a group: a handler's own nursery may make one of it.
            self._interrupted()
            raise

    async def _serve_in(self, scope: trio.CancelScope) -> bool:
        """Handle messages until the scope is used up; False when dismissed."""
        incarnation, now = self._incarnation, self._now
        receive, routes = incarnation.cell.mailbox.receive_next, incarnation.routes
        cancel = partial(scope.cancel, reason="the handler's deadline has passed")
        while (envelope := await receive()) is not None:
            begun = now()
            route = routes.get(type(envelope.message))
            if route is None or begun >= envelope.deadline:
                if not incarnation.turn_down(envelope, begun - envelope.enqueued_at):
                    return False
                continue
            envelope.deadline = min(envelope.deadline, begun + route.limit)
            waited = begun - envelope.enqueued_at
            self._handled = (envelope, route, begun, waited)
            incarnation.in_flight = 1
            alarm = self._deadlines.arm(envelope.deadline, cancel)
            try:
                outcome = await self._handle(envelope, route)
            finally:
                self._deadlines.disarm(alarm)
            self._handled = None
            incarnation.in_flight = 0
            took = now() - begun
            incarnation.report(route.label, outcome, waited, took, envelope.handled_in)
            if incarnation.fault is not None:
                return False
            if scope.cancel_called:
                return True
        return False

    async def _handle(self, envelope: Envelope, route: Route) -> Outcome:
        handling.set(envelope)
        before = copy_context()
        try:
            outcome = await attempt(self._incarnation, envelope, route)
        finally:
            # Two contexts with the same variables compare in no time: they share one table.
            clean = copy_context() == before
            handling.set(None)
        if not clean:
            await self._forget_variables()
        return outcome

    async def _forget_variables(self) -> None:
        # A variable that was not set before cannot be unset: only a new context is without it. A task
        # runs in its new one from its next step on.
        trio.lowlevel.current_task().context = self._incarnation.context.copy()
        await trio.lowlevel.cancel_shielded_checkpoint()

    def _overran(self) -> None:
        if self._handled is not None:
            envelope, route, begun, waited = self._handled
            self._incarnation.overran(envelope, route, self._now() - begun)
            self._conclude(Outcome.TIMEOUT, envelope, route, begun, waited)

    def _interrupted(self) -> None:
        if self._handled is not None:
            envelope, route, begun, waited = self._handled
            self._incarnation.interrupted(envelope)
            self._conclude(Outcome.CANCELLED, envelope, route, begun, waited)

    def _conclude(
        self, outcome: Outcome, envelope: Envelope, route: Route, begun: float, waited: float
    ) -> None:
        self._handled = None
        self._incarnation.in_flight = 0
        took = self._now() - begun
        self._incarnation.report(route.label, outcome, waited, took, envelope.handled_in)


class AtOnce:
    """Handles several messages at a time, each in a task with a context of its own."""

    def __init__(self, incarnation: Incarnation) -> None:
        self._incarnation = incarnation
        self._now = incarnation.cell.now
        self._limit = incarnation.actor.concurrency
        self._idle = trio.Event()

    async def serve(self) -> None:
        """Handle messages until dismissed, then wait for the handlers that still run."""
        incarnation = self._incarnation
        mailbox = incarnation.cell.mailbox
        while (envelope := await mailbox.receive_next()) is not None:
            begun = self._now()
            route = incarnation.routes.get(type(envelope.message))
            if route is not None and begun < envelope.deadline:
                incarnation.in_flight += 1
                mailbox.set_busy(incarnation.in_flight >= self._limit)
                incarnation.start_soon(self._handle, envelope, route, begun)
            elif not incarnation.turn_down(envelope, begun - envelope.enqueued_at):
                break
        while incarnation.in_flight:
            self._idle = trio.Event()
            await self._idle.wait()

    async def _handle(self, envelope: Envelope, route: Route, begun: float) -> None:
        incarnation = self._incarnation
        envelope.deadline = min(envelope.deadline, begun + route.limit)
        handling.set(envelope)
        outcome = Outcome.CANCELLED
        try:
            with trio.CancelScope(deadline=envelope.deadline) as scope:
                outcome = await attempt(incarnation, envelope, route)
            if scope.cancelled_caught:
                outcome = Outcome.TIMEOUT
                incarnation.overran(envelope, route, self._now() - begun)
        except BaseException:  # as above
            incarnation.interrupted(envelope)
            raise
        finally:
            incarnation.in_flight -= 1
            incarnation.cell.mailbox.set_busy(incarnation.in_flight >= self._limit)
            self._idle.set()
            waited = begun - envelope.enqueued_at
            took = self._now() - begun
            incarnation.report(route.label, outcome, waited, took, envelope.handled_in)


async def attempt(incarnation: Incarnation, envelope: Envelope, route: Route) -> Outcome:
    """Run the handler and answer, unless it is cancelled."""
    try:
        value = await handled(incarnation.cell.name, envelope, route)
    except trio.Cancelled:
        raise
    except BaseException as error:  # noqa: BLE001 -- cancellation is raised on
        return incarnation.failed(envelope, error)
    envelope.answer(value)
    return Outcome.OK
