"""One search of a movie asks every indexer at once; the decision waits for them, and not for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import trio

from reeld.actors.decision import DecisionActor
from reeld.actors.dispatcher import DispatcherActor
from reeld.actors.hdbits import HdbitsActor
from reeld.actors.indexers import IndexersActor
from reeld.actors.indexers import _actor as indexers_actor
from reeld.actors.kernel import Actor, Cell, run_incarnation
from reeld.actors.resources import Resources
from reeld.domain.work import searches_of
from reeld.simulators import Source, World
from reeld.storage.repositories import indexers, searches
from reeld.storage.work import WorkState, submit


class Nest:
    """Keeps actors as a supervisor would, without restarts."""

    def __init__(self, resources: Resources, nursery: trio.Nursery) -> None:
        self._resources, self._nursery = resources, nursery
        self._there: dict[str, tuple[str, trio.CancelScope]] = {}

    def keep(self, wanted: dict[str, tuple[str, Callable[[], Actor]]]) -> None:
        for name in self._there.keys() - wanted.keys():
            self._end(name)
        for name, (version, make) in wanted.items():
            if name in self._there and self._there[name][0] != version:
                self._end(name)
            if name not in self._there:
                cell = Cell(name, make)
                self._resources.directory.add(cell.address)
                scope = trio.CancelScope()
                self._there[name] = version, scope
                self._nursery.start_soon(self._live, cell, scope)

    def _end(self, name: str) -> None:
        _, scope = self._there.pop(name)
        self._resources.directory.remove(self._resources.directory[name])
        scope.cancel()

    async def _live(self, cell: Cell, scope: trio.CancelScope) -> None:
        with scope:
            await run_incarnation(cell)


@pytest.fixture
def crew(resources: Resources, run_actor: Any) -> Any:
    @asynccontextmanager
    async def run(*more: Any) -> AsyncIterator[Nest]:
        async with trio.open_nursery() as nursery, AsyncExitStack() as stack:
            nest = Nest(resources, nursery)
            for make in (
                lambda: DispatcherActor(resources),
                lambda: DecisionActor(resources),
                lambda: IndexersActor(resources, nest.keep),
                *more,
            ):
                await stack.enter_async_context(run_actor(make))
            yield nest
            nursery.cancel_scope.cancel()

    return run


class Meeting:
    """Has so many that are asked answer together: who is asked only after another has answered never is."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._arrived = 0
        self._all_are_there = trio.Event()

    def __call__(self, answer: Any) -> Any:
        async def answer_together(request: Any) -> Any:
            self._arrived += 1
            if self._arrived >= self._count:
                self._all_are_there.set()
            await self._all_are_there.wait()
            return await answer(request)

        return answer_together


async def decisions_about(rows: Any, movie_id: int) -> list[dict[str, Any]]:
    return [each for each in await rows.events("release.decided") if each["movie_id"] == movie_id]


async def decisions_made(rows: Any) -> int:
    done = await rows.resources.work.list(queue="decision", state=WorkState.DONE)
    return len([each for each in done if each.kind == "decide-movie"])


async def ask(rows: Any, movie_id: int) -> None:
    key = f"movie:{movie_id}"
    await rows.ask("indexers", "search-movie", {"movie_id": movie_id}, unique_key=key)


async def test_five_are_asked_at_once_and_decided_about_together(
    rows: Any,
    world: World,
    crew: Any,
    open_places: Any,
    eventually: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meeting = Meeting(5)
    places = await open_places(5)
    for place in places:
        await place.stored()
        monkeypatch.setattr(place.simulator, "answer", meeting(place.simulator.answer))
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    async with crew():
        await ask(rows, movie_id)

        async def is_decided() -> bool:
            return bool(await decisions_about(rows, movie_id))

        await eventually(is_decided)
        (ended,) = await rows.events("search.ended")
        assert ended["late"] == []
        assert len(await decisions_about(rows, movie_id)) == 1
        assert [len(place.simulator.asked("movie")) for place in places] == [1] * 5
        found = await rows.database.fetch_all("SELECT DISTINCT indexer FROM release ORDER BY 1")
        assert [row[0] for row in found] == [f"Indexer {n}" for n in range(5)]


async def test_who_is_late_is_not_waited_for_and_leads_to_another_decision(
    rows: Any,
    world: World,
    crew: Any,
    open_places: Any,
    eventually: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(indexers_actor, "SEARCH_SECONDS", 1.0)
    quick, slow = await open_places(2)
    film = world.films_from(Source.HDBITS)[0]
    good = [one for one in quick.simulator.items if one.imdb_id == film.imdb_id]
    quick.simulator.items = good[1:2]
    await quick.stored()
    late = await slow.stored()
    slow.simulator.turn(latency=3.0)
    movie_id = await rows.add_movie(film)
    async with crew():
        await ask(rows, movie_id)

        async def has_ended() -> bool:
            return bool(await rows.events("search.ended"))

        await eventually(has_ended)
        assert (await rows.events("search.ended"))[0]["late"] == [late.part]

        async def is_taken() -> bool:
            return bool(await decisions_about(rows, movie_id))

        await eventually(is_taken)
        assert len(await rows.events("movie.searched")) == 1, "the late one has not answered"

        before = await decisions_made(rows)

        async def is_decided_again() -> bool:
            answered = len(await rows.events("movie.searched")) == 2
            return answered and await decisions_made(rows) > before

        await eventually(is_decided_again)


async def test_nothing_is_decided_while_one_may_still_answer(
    rows: Any, world: World, crew: Any, open_places: Any, eventually: Any
) -> None:
    quick, slow = await open_places(2)
    for place in (quick, slow):
        await place.stored()
    slow.simulator.turn(latency=1.0)
    movie_id = await rows.add_movie(world.films_from(Source.HDBITS)[0])
    async with crew():
        await ask(rows, movie_id)

        async def quick_has_answered() -> bool:
            return bool(await rows.events("movie.searched"))

        await eventually(quick_has_answered)
        assert await searches.is_open(rows.database, movie_id)
        assert not await decisions_about(rows, movie_id)

        async def is_decided() -> bool:
            return bool(await decisions_about(rows, movie_id))

        await eventually(is_decided)
        assert len(await rows.events("movie.searched")) == 2
        assert len(await decisions_about(rows, movie_id)) == 1


async def test_one_that_is_down_is_not_waited_for(
    rows: Any, world: World, crew: Any, open_places: Any, eventually: Any
) -> None:
    up, down = await open_places(2)
    await up.stored()
    await down.stored()
    down.simulator.turn(fail_next=100, fail_status=503)
    movie_id = await rows.add_movie(world.films_from(Source.HDBITS)[0])
    async with crew():
        await ask(rows, movie_id)

        async def is_decided() -> bool:
            return bool(await decisions_about(rows, movie_id))

        with trio.fail_after(indexers_actor.SEARCH_SECONDS - 10):
            await eventually(is_decided)


async def test_hdbits_is_waited_for_as_well(
    rows: Any, resources: Resources, world: World, crew: Any, open_places: Any, eventually: Any
) -> None:
    (place,) = await open_places(1)
    await place.stored()
    rows.configure(hdbits=world.hdbits_settings(spacing_seconds=0.0))
    world.hdbits.turn(latency=1.0)
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    async with crew(lambda: HdbitsActor(resources)):
        async with rows.database.transaction() as conn:
            await submit(conn, *searches_of(movie_id))

        async def is_decided() -> bool:
            return bool(await decisions_about(rows, movie_id))

        await eventually(is_decided)
        sources = {each["source"] for each in await rows.events("movie.searched")}
        assert sources == {"hdbits", "torznab"}
        assert len(await rows.events("search.ended")) == 1
        assert len(await decisions_about(rows, movie_id)) == 1


@pytest.mark.parametrize("configured", [False, True])
async def test_hdbits_that_is_not_set_up_or_down_is_not_waited_for(
    rows: Any,
    resources: Resources,
    world: World,
    crew: Any,
    open_places: Any,
    eventually: Any,
    monkeypatch: pytest.MonkeyPatch,
    configured: bool,
) -> None:
    monkeypatch.setattr(indexers_actor, "SEARCH_SECONDS", 3600.0)
    (place,) = await open_places(1)
    await place.stored()
    if configured:
        rows.configure(hdbits=world.hdbits_settings(spacing_seconds=0.0))
        world.hdbits.turn(fail_next=1000, fail_status=503)
    movie_id = await rows.add_movie(world.films_from(Source.HDBITS)[0])
    async with rows.database.transaction() as conn:
        # As if HDBits' search had not been begun when the others are asked.
        await submit(conn, *searches_of(movie_id))
        await searches.begin(conn, movie_id, ["hdbits"], seconds=3600)
    async with crew(lambda: HdbitsActor(resources)):

        async def is_decided() -> bool:
            return bool(await decisions_about(rows, movie_id))

        await eventually(is_decided)
        assert {tuple(each["late"]) for each in await rows.events("search.ended")} == {()}


async def test_a_disabled_one_is_not_asked_and_without_any_nothing_waits(
    rows: Any, world: World, crew: Any, open_places: Any
) -> None:
    (place,) = await open_places(1)
    await place.stored(enable_automatic_search=False)
    movie_id = await rows.add_movie(world.films_from(Source.HDBITS)[0])
    async with crew():
        work = await rows.ask("indexers", "search-movie", {"movie_id": movie_id})
        await rows.until(work)
        assert not await searches.is_open(rows.database, movie_id)
        looked = await rows.ask("indexers", "search-movie", {"movie_id": movie_id, "look": True})
        await rows.until(looked)

        async def is_asked() -> bool:
            return bool(place.simulator.asked("movie"))

        with trio.fail_after(30):
            while not await is_asked():
                await trio.sleep(0.02)
        assert not await searches.is_open(rows.database, movie_id), "a person chooses"


async def test_what_waits_for_a_removed_indexer_is_given_up(
    rows: Any, world: World, crew: Any, open_places: Any, eventually: Any
) -> None:
    (place,) = await open_places(1)
    indexer = await place.stored()
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    offer = world.releases_of(film)[0]
    from reeld.domain.release import Source as ReleaseSource

    acquisition = await rows.intend(
        movie_id, offer, source=ReleaseSource.TORZNAB, indexer="x", indexer_ref=str(indexer.id)
    )
    async with rows.database.transaction() as conn:
        await indexers.delete(conn, indexer.id)
    work = await rows.ask(indexer.part, "fetch-torrent", {"acquisition_id": acquisition})
    async with crew():
        await rows.until(work, WorkState.CANCELLED)

        async def is_given_up() -> bool:
            return str((await rows.acquisition(acquisition)).state) == "failed"

        await eventually(is_given_up)
