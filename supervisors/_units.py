"""What a child is made of: an actor's cell, or an async function; the third kind is a supervisor."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import trio

from reeld.actors.kernel import Actor, ActorState, Cell, run_incarnation
from reeld.supervisors._kit import Kit
from reeld.supervisors._spec import ChildSpec, TaskSpec


class Kind(StrEnum):
    """What a child is."""

    ACTOR = "actor"
    TASK = "task"
    SUPERVISOR = "supervisor"


class Unit(Protocol):
    """Something that lives, ends, and can live again."""

    kind: Kind

    @property
    def incarnation(self) -> UUID | None:
        """The id of the latest incarnation, for what has one."""

    async def live(self, started: Callable[[], None]) -> None:
        """Live once. Calls `started` when ready; returns when asked to stop; raises when it crashes."""

    def ask_to_stop(self, cause: str) -> bool:
        """Ask the running life to end. Returns whether it will by itself; if not, it must be cancelled."""

    def crash(self, fault: Exception) -> None:
        """End the running life by a fault."""

    def enter(self, state: ActorState) -> None:
        """Show where the child is in its life."""

    def remember(self, fault: BaseException) -> None:
        """Keep what ended a life, where the unit did not see it itself."""

    def park(self, reason: str, retry_after: float) -> None:
        """Refuse what is sent meanwhile, because the child rests."""

    def reopen(self) -> None:
        """Undo `park` and `close`."""

    def close(self, reason: str) -> None:
        """Refuse what is sent from now on, because the child has ended."""


class ActorUnit:
    """An actor behind its address."""

    kind = Kind.ACTOR

    def __init__(self, spec: ChildSpec, kit: Kit) -> None:
        self.incarnation: UUID | None = None
        self._factory = spec.factory
        self.cell = Cell(
            spec.name, self._make, observer=kit.observer, dead_letters=kit.dead_letters
        )
        kit.directory.add(self.cell.address)

    def _make(self) -> Actor:
        self.incarnation = None
        actor = self._factory()
        self.incarnation = actor.incarnation
        return actor

    async def live(self, started: Callable[[], None]) -> None:
        await run_incarnation(self.cell, task_status=_Started(started))

    def ask_to_stop(self, cause: str) -> bool:
        self.cell.request_stop(cause)
        return True

    def crash(self, fault: Exception) -> None:
        self.cell.crash(fault)

    def enter(self, state: ActorState) -> None:
        self.cell.enter(state)

    def remember(self, fault: BaseException) -> None:
        self.cell.remember(fault)

    def park(self, reason: str, retry_after: float) -> None:
        self.cell.park(reason, retry_after=retry_after)

    def reopen(self) -> None:
        if self.cell.state in {ActorState.PARKED, ActorState.STOPPED}:
            self.cell.unpark()

    def close(self, reason: str) -> None:
        self.cell.close(reason)


class TaskUnit:
    """An async function."""

    kind = Kind.TASK
    incarnation: UUID | None = None

    def __init__(self, spec: TaskSpec) -> None:
        self._spec = spec
        self._strike: trio.Event = trio.Event()
        self._fault: Exception | None = None

    async def live(self, started: Callable[[], None]) -> None:
        self._fault, self._strike = None, trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._run, nursery.cancel_scope, started)
            await self._strike.wait()
            nursery.cancel_scope.cancel(reason=f"{self._spec.name} crashed")
        if self._fault is not None:
            raise self._fault

    async def _run(self, around: trio.CancelScope, started: Callable[[], None]) -> None:
        await self._spec.run(task_status=_Started(started))
        around.cancel(reason=f"{self._spec.name} returned")

    def ask_to_stop(self, cause: str) -> bool:  # noqa: ARG002  # what it has to know is that, not why
        if self._spec.stop is not None:
            self._spec.stop()
        return self._spec.stop is not None

    def crash(self, fault: Exception) -> None:
        self._fault = fault
        self._strike.set()

    def enter(self, state: ActorState) -> None: ...

    def remember(self, fault: BaseException) -> None: ...

    def park(self, reason: str, retry_after: float) -> None: ...

    def reopen(self) -> None: ...

    def close(self, reason: str) -> None: ...


class _Started(trio.TaskStatus[object]):
    """Takes the acknowledgement of a start."""

    def __init__(self, started: Callable[[], None]) -> None:
        self._started = started

    def started(self, value: object = None) -> None:  # noqa: ARG002  # the web server tells its addresses
        self._started()
