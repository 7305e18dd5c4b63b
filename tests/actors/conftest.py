"""What a test of an actor stands on: a real database, and one actor run without a supervisor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import trio

from reeld.actors.kernel import (
    Actor,
    BreakerKeeper,
    Cell,
    Directory,
    IncarnationCrashed,
    StoredBreaker,
    run_incarnation,
)
from reeld.actors.resources import Resources
from reeld.actors.settings import LiveSettings
from reeld.domain.settings import LibrarySettings, Settings
from reeld.storage import Database
from reeld.storage.vault import Vault
from reeld.storage.work import Presence, WorkQueue
from reeld.telemetry import Metrics

RunActor = Callable[[Callable[[], Actor]], AbstractAsyncContextManager[Cell]]


class MemoryBreakers:
    """A store of breakers that remembers for one test."""

    def __init__(self) -> None:
        self.rows: dict[str, StoredBreaker] = {}

    async def load(self, name: str) -> StoredBreaker | None:
        return self.rows.get(name)

    async def save(self, stored: StoredBreaker) -> None:
        self.rows[stored.name] = stored


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with nothing configured."""
    return Settings(
        data_dir=tmp_path / "data", library=LibrarySettings(root_folder=tmp_path / "library")
    )


@pytest.fixture
async def resources(
    database: Database, settings: Settings, tmp_path: Path
) -> AsyncIterator[Resources]:
    """What actors share, on a fresh database; this process is present, so that it may claim work."""
    owner = uuid4()
    async with trio.open_nursery() as nursery:
        await nursery.start(Presence(database, owner).run)
        keeper = BreakerKeeper(MemoryBreakers())
        await nursery.start(keeper.run)
        yield Resources(
            settings=LiveSettings(settings),
            database=database,
            work=WorkQueue(database, owner),
            metrics=Metrics(),
            directory=Directory(),
            breakers=keeper,
            vault=Vault.from_file(tmp_path / "vault.key"),
        )
        nursery.cancel_scope.cancel()


@pytest.fixture
def run_actor(resources: Resources) -> RunActor:
    """Run one actor for the length of a block; a crash gives its rows back and starts the next incarnation."""

    @asynccontextmanager
    async def run(factory: Callable[[], Actor]) -> AsyncIterator[Cell]:
        name = factory.name if isinstance(factory, type) else factory().name
        cell = Cell(name, factory)
        resources.directory.add(cell.address)

        started = trio.Event()

        async def live() -> None:
            while True:
                worker: UUID | None = None
                try:
                    async with trio.open_nursery() as nursery:
                        await nursery.start(_run_one, cell)
                        worker = cell.incarnation
                        started.set()
                    return
                except* IncarnationCrashed:
                    pass
                if worker is not None:
                    await resources.work.give_back(worker)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(live)
            await started.wait()
            yield cell
            nursery.cancel_scope.cancel()

    return run


async def _run_one(cell: Cell, task_status: trio.TaskStatus[None]) -> None:
    await run_incarnation(cell, task_status=task_status)


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    """Wait until something holds; for what another task does."""

    async def wait(holds: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
        with trio.fail_after(seconds):
            while not await holds():
                await trio.sleep(0.02)

    return wait
