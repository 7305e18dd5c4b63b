"""One life of a child: begun by its supervisor, in a task of its own, and looked at from outside."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import trio

from reeld.actors.kernel import IncarnationCrashed, part_fault
from reeld.supervisors._errors import StartTimedOut
from reeld.supervisors._kit import Kit
from reeld.supervisors._units import Kind, Unit


class EndCause(StrEnum):
    """Why a life ended. Bounded, for it becomes a label of metrics."""

    CRASHED = "crashed"
    START_FAILED = "start_failed"
    EXIT = "exit"
    """It ended by itself, without a fault."""
    REQUESTED = "requested"
    """A person, or a program through the control port, asked for a restart."""
    SIBLING = "sibling"
    """Its supervisor stopped it because a sibling crashed."""
    SHUTDOWN = "shutdown"
    """Its supervisor stops."""


@dataclass(frozen=True, slots=True)
class End:
    """How a life ended.

    Attributes:
        cause: Why.
        fault: What it met, if anything.
        ran: Seconds since it had acknowledged its start; 0 when it never did.
    """

    cause: EndCause
    fault: BaseException | None
    ran: float


class Life:
    """One life of a unit.

    Args:
        name: The child's.
        unit: What lives.
        kit: What the tree shares.
        moved: Called when the life has been acknowledged, and when it is over.
    """

    def __init__(self, name: str, unit: Unit, kit: Kit, moved: Callable[[], None]) -> None:
        self.acknowledged = False
        self.over = trio.Event()
        self._name = name
        self._unit = unit
        self._kit = kit
        self._moved = moved
        self._scope = trio.CancelScope()
        self._news = trio.Event()
        self._began = trio.current_time()
        self._fault: BaseException | None = None
        self._asked: EndCause | None = None

    async def begin(self, nursery: trio.Nursery, deadline: float) -> bool:
        """Start in a task of the nursery, and wait for the acknowledgement.

        Args:
            nursery: Whose task it becomes; never a fault escapes into it.
            deadline: Seconds until the acknowledgement.

        Returns:
            Whether it started. If not, it is over.
        """
        # In an empty context: a task copies its starter's, and would keep a span that was active then for life.
        contextvars.Context().run(lambda: nursery.start_soon(self._run, name=self._name))
        with trio.move_on_after(deadline) as scope:
            await self._news.wait()
        if scope.cancelled_caught and not self.acknowledged:
            self._fault = StartTimedOut(f"{self._name} did not start within {deadline:g} s")
            self._unit.remember(self._fault)
            await self._cut("it did not start in time")
        return self.acknowledged and not self.over.is_set()

    async def end(self, cause: EndCause, deadline: float) -> bool:
        """Ask it to end, wait, then cancel it.

        Args:
            cause: Why; the reason of the cancellation.
            deadline: Seconds it has to end by itself.

        Returns:
            Whether it ended by itself.
        """
        if self.over.is_set():
            return True
        self._asked = self._asked or cause
        # What has not started yet has nothing to finish; but a supervisor has children to stop in order.
        patient = self.acknowledged or self._unit.kind is Kind.SUPERVISOR
        if patient and self._unit.ask_to_stop(cause.value):
            with trio.move_on_after(deadline):
                await self._wait_over()
            if self.over.is_set():
                return True
        await self._cut(cause.value)
        return False

    def how(self) -> End:
        """Return how it ended. Call it when it is over."""
        return End(self._cause(), self._fault, self._ran)

    def _cause(self) -> EndCause:
        if self._asked is not None:
            return self._asked
        if not self.acknowledged:
            return EndCause.START_FAILED
        return EndCause.EXIT if self._fault is None else EndCause.CRASHED

    async def _wait_over(self) -> None:
        """Wait until it is over, or until nobody wants to wait any more. A supervisor hurries its own children."""
        if self._unit.kind is Kind.SUPERVISOR:
            await self.over.wait()
            return
        async with trio.open_nursery() as nursery:
            for event in (self.over, self._kit.hurried):
                nursery.start_soon(_wait_and_cancel, event, nursery.cancel_scope)

    async def _cut(self, reason: str) -> None:
        self._scope.cancel(reason=f"{self._name}: {reason}")
        # What is shielded in there (`on_stop`, giving rows back) has deadlines of its own.
        await self.over.wait()

    async def _run(self) -> None:
        try:
            with self._scope:
                await self._unit.live(self._acknowledge)
        except BaseException as error:
            cancelled, fault = part_fault(error)
            if isinstance(fault, Exception):
                self._fault = fault.cause if isinstance(fault, IncarnationCrashed) else fault
            elif fault is not None:
                raise  # the interpreter is to end
            if cancelled is not None:
                raise cancelled from None
        finally:
            self._ran = trio.current_time() - self._began if self.acknowledged else 0.0
            if self._unit.incarnation is not None:
                await self._kit.tell_end(self._name, self._unit.incarnation, self._cause().value)
            self.over.set()
            self._tell()

    def _acknowledge(self) -> None:
        self.acknowledged = True
        self._began = trio.current_time()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._moved()


async def _wait_and_cancel(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
