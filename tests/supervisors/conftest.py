"""A stage on which trees of scripted actors run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import structlog
import trio

from reeld.actors.kernel import Actor, Address, handles
from reeld.domain.errors import ReeldError
from reeld.domain.messages import Message
from reeld.supervisors import ChildSpec, Control, Kit, Supervisor, SupervisorSpec


@dataclass(frozen=True, slots=True)
class Which(Message[int]):
    """Ask for the number of the incarnation that answers."""


@dataclass(frozen=True, slots=True)
class Boom(Message[None]):
    """Crash the handler."""

    text: str = "boom"


@dataclass(frozen=True, slots=True)
class Work(Message[str]):
    """Keep the handler busy."""

    seconds: float


@dataclass
class Script:
    """What the incarnations of one actor do."""

    name: str
    journal: list[tuple[float, str, str]]
    failing_starts: set[int] = field(default_factory=set)
    start_seconds: float = 0.0
    stop_seconds: float = 0.0
    lives_seconds: float | None = None
    """Crash by itself after so long."""
    concurrency: int = 1
    made: int = 0

    def note(self, what: str) -> None:
        self.journal.append((round(trio.current_time() - T0, 3), what, self.name))

    def make(self) -> Actor:
        self.made += 1
        script, number = self, self.made

        class Player(Actor):
            name = script.name
            concurrency = script.concurrency

            async def on_start(self) -> None:
                await trio.sleep(script.start_seconds)
                if number in script.failing_starts or 0 in script.failing_starts:
                    script.note("failed")
                    raise RuntimeError("it does not start")
                script.note("started")
                if script.lives_seconds is not None:
                    self.start_soon(self.die)

            async def die(self) -> None:
                assert script.lives_seconds is not None
                await trio.sleep(script.lives_seconds)
                raise RuntimeError("it died")

            async def on_stop(self) -> None:
                script.note("stopping")
                await trio.sleep(script.stop_seconds)
                script.note("stopped")

            @handles(Which)
            async def which(self, message: Which) -> int:
                return number

            @handles(Boom)
            async def boom(self, message: Boom) -> None:
                raise RuntimeError(message.text)

            @handles(Work)
            async def work(self, message: Work) -> str:
                await trio.sleep(message.seconds)
                return "done"

        return Player()


T0 = 0.0


class Stage:
    """Builds trees of scripted actors and remembers what happened, with the time since it was set."""

    Which, Boom, Work = Which, Boom, Work

    def __init__(self) -> None:
        self.journal: list[tuple[float, str, str]] = []
        self.scripts: dict[str, Script] = {}
        self.ended: list[tuple[str, UUID, str]] = []
        self.tree: Supervisor
        self.control: Control
        self.nursery: trio.Nursery

    def actor(self, name: str, *, script: dict[str, Any] | None = None, **care: Any) -> ChildSpec:
        self.scripts[name] = Script(name, self.journal, **(script or {}))
        return ChildSpec(name=name, factory=self.scripts[name].make, **care)

    def plant(self, spec: SupervisorSpec, **kit: Any) -> Supervisor:
        async def note_end(name: str, incarnation: UUID, cause: str) -> None:
            self.ended.append((name, incarnation, cause))

        defaults: dict[str, Any] = {"draw": lambda: 0.0, "incarnation_ended": note_end}
        self.tree = Supervisor(spec, Kit(**(defaults | kit)))
        self.control = Control(self.tree)
        return self.tree

    @asynccontextmanager
    async def play(self, spec: SupervisorSpec, **kit: Any) -> AsyncIterator[Supervisor]:
        """Run a tree around the block; stop it in order at the end."""
        global T0
        T0 = trio.current_time()
        tree = self.plant(spec, **kit)
        async with trio.open_nursery() as self.nursery:
            await self.nursery.start(tree.run)
            yield tree
            tree.stop()

    def address(self, name: str) -> Address:
        return self.tree.directory[name]

    def told(self, *whats: str) -> list[str]:
        """What happened, of some kinds, in order: 'started a'."""
        return [f"{what} {name}" for _, what, name in self.journal if what in whats]

    def times(self, what: str, name: str) -> list[float]:
        return [at for at, noted, who in self.journal if (noted, who) == (what, name)]

    async def boom(self, name: str, text: str = "boom") -> None:
        self.address(name).tell(Boom(text))
        await trio.sleep(0.001)

    async def answer(self, name: str, message: Message[Any]) -> Any:
        """Ask; an error is the answer."""
        try:
            return await self.address(name).ask(message, deadline=100)
        except ReeldError as error:
            return error


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged. (Tracebacks of all these crashes would take longer than the tests.)"""
    capture = structlog.testing.LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[capture])
    yield capture.entries
    structlog.configure(**before)
