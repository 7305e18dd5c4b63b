from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar
from uuid import uuid4

import pytest
import trio

from reeld.actors import dispatcher
from reeld.actors.dispatcher import DispatcherActor, Poll, Prune
from reeld.actors.kernel import Actor, handles
from reeld.actors.resources import Resources
from reeld.domain.history import EventKind
from reeld.domain.messages import Sweep
from reeld.domain.release import NewRelease, Source
from reeld.domain.settings import DecisionSettings
from reeld.domain.work import Queue, WorkKind
from reeld.simulators.catalogue import NIGHT_OF_THE_LIVING_DEAD as NIGHT
from reeld.storage.events import append
from reeld.storage.repositories import decisions, releases
from reeld.storage.work import Presence, WorkQueue, WorkState

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


class Recorder(Actor):
    """Stands where the importer would, and counts the hints it gets."""

    name = "importer"
    hints: ClassVar[list[Sweep]] = []

    @handles(Sweep)
    async def sweep(self, message: Sweep) -> None:
        self.hints.append(message)


@pytest.fixture(autouse=True)
def _no_hints_from_before() -> None:
    Recorder.hints.clear()


async def announce(resources: Resources, acquisition_id: int = 7) -> None:
    async with resources.database.transaction() as conn:
        await append(
            conn,
            EventKind.DOWNLOAD_COMPLETED,
            None,
            {"movie_id": 1, "acquisition_id": acquisition_id},
        )


async def imports(resources: Resources) -> list[int]:
    found = await resources.work.list(queue=Queue.IMPORTER)
    return sorted(int(item.args["acquisition_id"]) for item in found)


async def test_an_event_becomes_the_work_that_follows_from_it(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    await announce(resources, 7)
    async with run_actor(lambda: DispatcherActor(resources)):

        async def asked() -> bool:
            return await imports(resources) == [7]

        await eventually(asked)


async def test_an_event_becomes_work_once_even_if_the_dispatcher_starts_again(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    await announce(resources, 7)

    async def asked() -> bool:
        return await imports(resources) == [7]

    async with run_actor(lambda: DispatcherActor(resources)) as cell:
        await eventually(asked)
        (item,) = await resources.work.list(queue=Queue.IMPORTER)
        await resources.work.discard(item.id)
        cell.crash(RuntimeError("a fault"))
        await announce(resources, 8)

        async def asked_again() -> bool:
            return await imports(resources) == [7, 8]

        await eventually(asked_again)
    assert len(await resources.work.list(queue=Queue.IMPORTER)) == 2


async def test_a_committed_event_is_noticed_without_waiting_for_the_poll(
    resources: Resources, run_actor: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "POLL_SECONDS", 1000.0)
    async with run_actor(lambda: DispatcherActor(resources)):
        await trio.sleep(0.5)
        await announce(resources, 9)

        async def asked() -> bool:
            return await imports(resources) == [9]

        await eventually(asked)


async def test_an_actor_is_told_of_rows_in_its_queue(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    async with run_actor(Recorder), run_actor(lambda: DispatcherActor(resources)):
        async with resources.database.transaction() as conn:
            await resources.work.enqueue(conn, Queue.IMPORTER, WorkKind.IMPORT, {})

        async def hinted() -> bool:
            return len(Recorder.hints) > 0

        await eventually(hinted)


async def test_a_dead_listening_connection_is_replaced(
    resources: Resources, run_actor: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "POLL_SECONDS", 1000.0)
    async with run_actor(lambda: DispatcherActor(resources)):
        await trio.sleep(0.5)
        await resources.database.fetch_all(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
        )
        await announce(resources, 11)

        async def asked() -> bool:
            return await imports(resources) == [11]

        await eventually(asked)


async def test_work_of_a_process_that_is_gone_is_taken_back(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    gone = uuid4()
    other = WorkQueue(resources.database, gone)
    async with trio.open_nursery() as nursery:
        await nursery.start(Presence(resources.database, gone).run)
        async with resources.database.transaction() as conn:
            work_id = await other.enqueue(conn, Queue.IMPORTER, WorkKind.IMPORT, {})
        assert work_id is not None
        assert len(await other.claim(Queue.IMPORTER, 1, uuid4())) == 1
        nursery.cancel_scope.cancel()
    async with run_actor(lambda: DispatcherActor(resources)):

        async def available() -> bool:
            item = await resources.work.get(work_id)
            return item is not None and item.state is WorkState.AVAILABLE

        await eventually(available)


async def test_releases_that_nobody_took_are_forgotten_in_the_end(
    resources: Resources, run_actor: Any
) -> None:
    offers = [NewRelease(Source.RSS, "feed", guid, guid) for guid in ("old", "new")]
    async with resources.database.transaction() as conn:
        await releases.upsert(conn, offers)
        await conn.execute(
            "UPDATE release SET first_seen = now() - interval '91 days',"
            " last_seen = now() - interval '91 days' WHERE guid = 'old'"
        )
    async with run_actor(lambda: DispatcherActor(resources)) as cell:
        await cell.address.ask(Prune())
    left = await releases.unmatched(resources.database)
    assert [release.guid for release in left] == ["new"]


class BrokenOnce:
    """A log that fails at the first word, and keeps what follows."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._is_broken = True

    def info(self, name: str, **_: Any) -> None:
        if self._is_broken:
            self._is_broken = False
            raise RuntimeError("killed")
        self.told.append(name)

    def debug(self, name: str, **_: Any) -> None:
        pass


async def test_an_event_that_was_not_told_because_of_a_crash_is_told_afterwards(
    resources: Resources, run_actor: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = BrokenOnce()
    async with run_actor(lambda: DispatcherActor(resources)) as cell:
        await cell.address.ask(Poll())  # from here on, what happens is told
        monkeypatch.setattr(dispatcher, "log", log)
        await announce(resources, 12)

        async def told() -> bool:
            return log.told == ["download_completed"]

        await eventually(told)


async def test_more_old_rows_than_are_deleted_at_once_are_deleted_all_the_same(
    resources: Resources, run_actor: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "PRUNE_ROWS", 10)
    async with resources.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO work (queue, kind, state, finished_at)"
            " SELECT 'q', 'k', 'done', now() - interval '1 year' FROM generate_series(1, 35)"
        )
    async with run_actor(lambda: DispatcherActor(resources)) as cell:
        cell.address.tell(dispatcher.Prune())

        async def pruned() -> bool:
            return await resources.work.list() == []

        await eventually(pruned)


async def test_explanations_are_kept_as_long_as_the_settings_say(
    resources: Resources, run_actor: Any, rows: Any, eventually: Eventually
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await resources.database.execute(
        "INSERT INTO decision (movie_id, cause, explanation, digest, last_at)"
        " SELECT %s, 'rss', '{}', 'x', now() - make_interval(days => n) FROM generate_series(10, 0, -1) n",
        (movie_id,),
    )
    rows.configure(decision=DecisionSettings(explanation_days=5))
    async with run_actor(lambda: DispatcherActor(resources)) as cell:
        cell.address.tell(dispatcher.Prune())

        async def forgotten() -> bool:
            return len(await decisions.of_movie(resources.database, movie_id)) == 5

        await eventually(forgotten)
