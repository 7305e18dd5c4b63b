"""A little supervisor for tests of the kernel: it restarts at once, and notes what it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
import structlog.testing
import trio
from opentelemetry.trace import SpanContext

from reeld.actors.kernel import (
    Actor,
    Address,
    Cell,
    DeadLetters,
    DeadReason,
    IncarnationCrashed,
    NullObserver,
    run_incarnation,
)


class Notes(NullObserver):
    """Remembers what the kernel told."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self.times: list[tuple[float, float]] = []
        self.restarts: list[str] = []
        self.states: list[str] = []
        self.dead: list[tuple[str, str]] = []
        self.spans: list[SpanContext | None] = []
        self.coalesced: list[str] = []
        self.circles: list[str] = []

    def message_handled(
        self,
        actor: str,
        message_type: str,
        outcome: str,
        wait_s: float,
        handle_s: float,
        span: SpanContext | None = None,
    ) -> None:
        self.outcomes.append((message_type, str(outcome)))
        self.times.append((wait_s, handle_s))
        self.spans.append(span)

    def message_coalesced(self, actor: str) -> None:
        self.coalesced.append(actor)

    def ask_circle(self, actor: str) -> None:
        self.circles.append(actor)

    def dead_letter(self, actor: str, reason: str) -> None:
        self.dead.append((actor, str(reason)))

    def restarted(self, actor: str, cause: str) -> None:
        self.restarts.append(cause)

    def state_changed(self, actor: str, state: str) -> None:
        self.states.append(str(state))


class System:
    """Runs cells, restarting each that crashes at once."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.notes = Notes()
        self.dead_letters = DeadLetters(self.notes)
        self.crashes: list[IncarnationCrashed] = []
        self.cells: dict[str, Cell] = {}
        self._nursery = nursery

    async def start(self, factory: Callable[[], Actor], name: str = "svc") -> Address:
        cell = self.cell(factory, name)
        await self._nursery.start(self.supervise, cell)
        return cell.address

    def cell(self, factory: Callable[[], Actor], name: str = "svc") -> Cell:
        cell = Cell(name, factory, observer=self.notes, dead_letters=self.dead_letters)
        self.cells[name] = cell
        return cell

    async def supervise(
        self, cell: Cell, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        started = False
        while True:
            try:
                if started:
                    await run_incarnation(cell)
                else:
                    started = True
                    await run_incarnation(cell, task_status=task_status)
                return
            except IncarnationCrashed as crash:
                self.crashes.append(crash)

    def reasons(self) -> list[DeadReason]:
        return [letter.reason for letter in self.dead_letters.list()]


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What was logged; printing every traceback would be most of the tests' time."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
async def system(nursery: trio.Nursery) -> System:
    return System(nursery)
