"""What a test of an actor stands on: a real database, and one actor run without a supervisor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
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
from reeld.actors.torrents import seal_torrent
from reeld.domain.acquisition import Acquisition, AcquisitionState
from reeld.domain.errors import NotFound
from reeld.domain.messages import SettingsChanged, Sweep
from reeld.domain.movie import Movie, MovieDetails, MovieStatus, NewMovie, Stage
from reeld.domain.release import NewRelease, Source
from reeld.domain.settings import LibrarySettings, Settings
from reeld.simulators import OFFERS, Film, Release, World
from reeld.storage import Database
from reeld.storage.repositories import acquisitions, metadata, movies, releases
from reeld.storage.vault import Vault
from reeld.storage.work import Presence, WorkItem, WorkQueue, WorkState
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
            try:
                yield cell
            finally:
                resources.directory.remove(cell.address)
            nursery.cancel_scope.cancel()

    return run


async def _run_one(cell: Cell, task_status: trio.TaskStatus[None]) -> None:
    await run_incarnation(cell, task_status=task_status)


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    """Wait until something holds; for what another task does."""

    async def wait(holds: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
        with trio.fail_after(seconds):
            while not await holds():
                await trio.sleep(0.02)

    return wait


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """TMDB, HDBits, a feed and qBittorrent, with quick downloads of two megabytes each."""
    offers = [replace(offer, megabytes=2) for offer in OFFERS]
    async with World.open(tmp_path / "world", download_seconds=0.3, offers=offers) as opened:
        opened.qbittorrent.turn(settle_seconds=0.0)
        yield opened


class Rows:
    """Asks for work, and looks at what became of it."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.database = resources.database
        self.decided: set[int] = set()
        """Decisions that a test has waited for."""

    def configure(self, **changes: Any) -> None:
        """Put other settings in force and tell every actor that runs."""
        self.resources.settings.replace(replace(self.resources.settings.current, **changes))
        for address in self.resources.directory:
            address.tell(SettingsChanged())

    async def add_movie(self, film: Film, **changes: Any) -> int:
        """Want a movie, with the facts that TMDB would have told."""
        new = NewMovie(film.tmdb_id, film.title, film.year, imdb_id=film.imdb_id)
        details = MovieDetails(
            film.tmdb_id,
            film.title,
            film.year,
            film.imdb_id,
            original_title=film.original_title or None,
            alternative_titles=tuple(title for _, title in film.alternative_titles),
            status=MovieStatus.RELEASED,
        )
        async with self.database.transaction() as conn:
            movie, _ = await movies.add(conn, replace(new, **changes))
            if not changes:
                await metadata.refresh(conn, movie.id, details)
        return movie.id

    async def movie(self, movie_id: int) -> Movie:
        found = await movies.get(self.database, movie_id)
        assert found is not None
        return found

    async def ask(
        self, queue: str, kind: str, args: Mapping[str, Any] | None = None, **more: Any
    ) -> int:
        """Ask for work and hint at it."""
        async with self.database.transaction() as conn:
            work_id = await self.resources.work.enqueue(conn, queue, kind, dict(args or {}), **more)
        assert work_id is not None
        self.hint(queue)
        return work_id

    def hint(self, queue: str) -> None:
        with suppress(NotFound):  # nobody works on it in this test
            self.resources.directory[queue].tell(Sweep())

    async def work(self, work_id: int) -> WorkItem:
        found = await self.resources.work.get(work_id)
        assert found is not None
        return found

    async def waiting(self, queue: str) -> list[WorkItem]:
        """Return what is asked for and not claimed, oldest first."""
        found = await self.resources.work.list(queue=queue, state=WorkState.AVAILABLE)
        return sorted(found, key=lambda item: item.id)

    async def until(self, work_id: int, *states: WorkState, seconds: float = 30.0) -> WorkItem:
        """Wait until work is in one of these states: done, when none is named."""
        wanted = states or (WorkState.DONE,)
        return await self.when(work_id, lambda item: item.state in wanted, seconds)

    async def until_snoozed(self, work_id: int) -> WorkItem:
        """Wait until work waits for somebody else's recovery."""
        return await self.when(work_id, lambda item: item.snoozes > 0, 30.0)

    async def until_failed(self, work_id: int, times: int = 1) -> WorkItem:
        """Wait until so many attempts of work have failed."""
        return await self.when(work_id, lambda item: len(item.errors) >= times, 30.0)

    async def when(
        self, work_id: int, holds: Callable[[WorkItem], bool], seconds: float
    ) -> WorkItem:
        item = await self.work(work_id)
        with trio.move_on_after(seconds):
            while not holds(item):
                await trio.sleep(0.02)
                item = await self.work(work_id)
        assert holds(item), f"{item.state}: {item.reason} {item.sentence} {item.errors}"
        return item

    async def intend(self, movie_id: int, release: Release, **changes: Any) -> int:
        """Decide for one of the world's releases; return the acquisition's number."""
        offer = NewRelease(
            source=Source(release.offer.source.value),
            indexer=release.offer.source.value,
            guid=str(release.id),
            title=release.offer.name,
            size=release.torrent.size,
            seeders=release.offer.seeders,
            infohash=release.torrent.infohash,
            imdb_id=release.offer.film.imdb_id,
            indexer_ref=str(release.id),
        )
        async with self.database.transaction() as conn:
            (seen,) = await releases.upsert(conn, [replace(offer, **changes)])
            await releases.set_match(conn, seen.id, movie_id)
            stored = await releases.get(conn, seen.id)
            assert stored is not None
            acquisition_id = await acquisitions.intend(conn, movie_id, stored)
            await movies.advance(conn, movie_id, Stage.DECIDED)
        assert acquisition_id is not None
        return acquisition_id

    async def fetched(self, movie_id: int, release: Release) -> int:
        """Decide for a release and store its .torrent, as an indexer's actor would have."""
        acquisition_id = await self.intend(movie_id, release)
        async with self.database.transaction() as conn:
            torrent = release.torrent
            sealed = await seal_torrent(self.resources.vault, acquisition_id, torrent.data)
            await acquisitions.store_torrent(conn, acquisition_id, sealed, torrent.infohash)
        return acquisition_id

    async def acquisition(self, acquisition_id: int) -> Acquisition:
        found = await acquisitions.get(self.database, acquisition_id)
        assert found is not None
        return found

    async def until_state(
        self, acquisition_id: int, *states: AcquisitionState, seconds: float = 30.0
    ) -> Acquisition:
        """Wait until an acquisition is in one of these states."""
        found = await self.acquisition(acquisition_id)
        with trio.move_on_after(seconds):
            while found.state not in states:
                await trio.sleep(0.02)
                found = await self.acquisition(acquisition_id)
        assert found.state in states, f"{found.state}: {found.failure} {found.note}"
        return found

    async def make_due(self, work_id: int) -> None:
        """Let work that waits be done now."""
        async with self.database.transaction() as conn:
            await conn.execute("UPDATE work SET run_at = now() WHERE id = %s", (work_id,))
        self.hint((await self.work(work_id)).queue)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the payloads of all events of a kind."""
        statement = "SELECT payload FROM event WHERE kind = %s ORDER BY id"
        return [row[0] for row in await self.database.fetch_all(statement, (kind,))]

    async def history(self, movie_id: int) -> list[str]:
        """Return what the movie's history says, oldest first."""
        statement = "SELECT kind FROM history WHERE movie_id = %s ORDER BY id"
        return [row[0] for row in await self.database.fetch_all(statement, (movie_id,))]

    async def everything(self) -> str:
        """Return every value of every table as one text, for secrets to be looked for."""
        tables = await self.database.fetch_all(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        texts = []
        for (table,) in tables:
            rows = await self.database.fetch_all(f'SELECT t::text FROM "{table}" t')
            texts += [row[0] for row in rows]
        return "\n".join(texts)


@pytest.fixture
def rows(resources: Resources) -> Rows:
    """Asks for work, and looks at what became of it."""
    return Rows(resources)
