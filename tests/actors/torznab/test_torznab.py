from __future__ import annotations

from typing import Any

import pytest

from reeld.actors import fetching
from reeld.actors.kernel import BreakerState
from reeld.actors.resources import Resources
from reeld.actors.torznab import TorznabActor
from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.release import Source as ReleaseSource
from reeld.domain.secret import Secret
from reeld.domain.torznab import Indexer
from reeld.simulators import Source, TorznabItem, World
from reeld.storage.repositories import feeds, releases
from reeld.storage.work import WorkState


def running(run_actor: Any, resources: Resources, indexer: Indexer) -> Any:
    return run_actor(_Factory(resources, indexer))


class _Factory:
    """Makes the actor; the test's runner names the address after it."""

    def __init__(self, resources: Resources, indexer: Indexer) -> None:
        self._resources, self._indexer = resources, indexer

    def __call__(self) -> Any:
        actor = TorznabActor(self._resources, self._indexer)
        actor.name = self._indexer.part  # type: ignore[misc]
        return actor


async def titles(database: Any) -> set[str]:
    return {row[0] for row in await database.fetch_all("SELECT title FROM release")}


async def test_a_search_by_number_stores_what_there_is_and_announces_it(
    resources: Resources, run_actor: Any, rows: Any, world: World, place: Any
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    indexer = await place.stored()
    async with running(run_actor, resources, indexer):
        await rows.until(await rows.ask(indexer.part, "search-movie", {"movie_id": movie_id}))
    offered = {one.offer.name for one in world.releases_of(film)}
    assert await titles(resources.database) == offered
    (found,) = await rows.events("releases.found")
    assert (len(found["release_ids"]), found["source"]) == (len(offered), "torznab")
    release = await releases.get(resources.database, found["release_ids"][0])
    assert release is not None
    assert (release.source, release.indexer) == (ReleaseSource.TORZNAB, "Open")
    assert (release.tmdb_id, release.imdb_id) == (film.tmdb_id, film.imdb_id)
    assert release.fetched_by == indexer.part
    asked = [call.query for call in place.simulator.calls]
    assert [each["t"] for each in asked] == ["caps", "movie"]
    assert asked[1]["imdbid"] == film.imdb_id.removeprefix("tt")
    assert "searched" in await rows.history(movie_id)


async def test_a_title_is_asked_for_only_where_numbers_find_nothing(
    resources: Resources, run_actor: Any, rows: Any, world: World, place: Any
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    place.simulator.turn(caps_as="text_only")
    indexer = await place.stored()
    async with running(run_actor, resources, indexer):
        await rows.until(await rows.ask(indexer.part, "search-movie", {"movie_id": movie_id}))
    (asked,) = place.simulator.asked("movie")
    assert asked["q"] == f"{film.title} {film.year}"
    assert await titles(resources.database)


async def test_a_torrent_is_fetched_once_from_a_link_that_nobody_can_read(
    resources: Resources, run_actor: Any, rows: Any, world: World, place: Any
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    indexer = await place.stored()
    async with running(run_actor, resources, indexer):
        await rows.until(await rows.ask(indexer.part, "search-movie", {"movie_id": movie_id}))
        release = (await releases.unmatched(resources.database))[0]
        offer = world.releases[release.infohash]
        changes = {
            "source": release.source,
            "indexer": release.indexer,
            "guid": release.guid,
            "indexer_ref": release.indexer_ref,
        }
        acquisition = await rows.intend(movie_id, offer, **changes)
        await rows.ask(indexer.part, "fetch-torrent", {"acquisition_id": acquisition})
        await rows.until_state(acquisition, AcquisitionState.FETCHED)
    assert place.simulator.requests["/download"] == 1
    assert place.simulator.api_key not in await rows.everything()


async def test_a_torrent_that_is_gone_gives_its_release_up(
    resources: Resources, run_actor: Any, rows: Any, world: World, place: Any
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    indexer = await place.stored()
    async with running(run_actor, resources, indexer):
        await rows.until(await rows.ask(indexer.part, "search-movie", {"movie_id": movie_id}))
        release = (await releases.unmatched(resources.database))[0]
        place.simulator.turn(magnet_redirect_next=1)
        changes = {n: getattr(release, n) for n in ("source", "indexer", "guid", "indexer_ref")}
        acquisition = await rows.intend(movie_id, world.releases[release.infohash], **changes)
        await rows.ask(indexer.part, "fetch-torrent", {"acquisition_id": acquisition})
        failed = await rows.until_state(acquisition, AcquisitionState.FAILED)
    assert failed.failure is FailureReason.TORRENT_UNAVAILABLE


async def test_a_link_to_somebody_else_who_is_down_stops_no_indexer_and_gives_its_release_up(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    place: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetching, "PATIENT_PAGES", 6)
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    indexer = await place.stored()
    async with running(run_actor, resources, indexer) as cell:
        await rows.until(await rows.ask(indexer.part, "search-movie", {"movie_id": movie_id}))
        release = (await releases.unmatched(resources.database))[0]
        elsewhere = resources.vault.seal(
            Secret("http://nobody.invalid/a.torrent"),
            **releases.place_of_link(indexer.part, release.guid),
        )
        async with resources.database.transaction() as conn:
            await conn.execute(
                "UPDATE release SET sealed_link = %s WHERE id = %s", (elsewhere, release.id)
            )
        changes = {n: getattr(release, n) for n in ("source", "indexer", "guid", "indexer_ref")}
        acquisition = await rows.intend(movie_id, world.releases[release.infohash], **changes)
        work = await rows.ask(indexer.part, "fetch-torrent", {"acquisition_id": acquisition})
        for times in range(1, 6):
            await rows.until_failed(work, times)
            await rows.make_due(work)
        failed = await rows.until_state(acquisition, AcquisitionState.FAILED)
        assert cell.breakers[indexer.part].state is BreakerState.CLOSED
    assert failed.failure is FailureReason.TORRENT_UNAVAILABLE


async def test_readings_go_back_to_the_last_one_and_say_what_they_missed(
    resources: Resources, run_actor: Any, rows: Any, world: World, place: Any
) -> None:
    place.simulator.turn(page_limit=2)
    every = sorted(place.simulator.items, key=lambda item: item.published)
    place.simulator.items = every[:4]
    indexer = await place.stored()

    async def poll() -> Any:
        await rows.until(await rows.ask(indexer.part, "poll-recent", {}, unique_key="recent"))
        return await feeds.get(resources.database, indexer.part)

    async with running(run_actor, resources, indexer):
        state = await poll()
        assert len(await titles(resources.database)) == 2, "the first reading is one page"
        assert not state.gap
        place.simulator.items = every[:7]
        state = await poll()
        assert await titles(resources.database) == {item.title for item in every[2:7]}
        assert not state.gap
        place.simulator.items = every
        assert (await poll()).gap
    assert len(await rows.events("releases.found")) == 3


async def test_offers_of_other_kinds_are_left_out(
    resources: Resources, run_actor: Any, rows: Any, place: Any
) -> None:
    place.simulator.turn(usenet=True)
    indexer = await place.stored()
    async with running(run_actor, resources, indexer):
        await rows.until(await rows.ask(indexer.part, "poll-recent"))
    assert await titles(resources.database) == set()


async def test_a_rejected_key_forces_its_own_breaker_open_and_a_new_key_mends_it(
    resources: Resources, run_actor: Any, rows: Any, place: Any
) -> None:
    indexer = await place.stored(api_key=Secret("wrong"))
    async with running(run_actor, resources, indexer) as cell:
        work = await rows.ask(indexer.part, "poll-recent")
        await rows.until_snoozed(work)
        assert cell.breakers[indexer.part].state is BreakerState.FORCED_OPEN
    await place.change(indexer)
    from reeld.storage.repositories import indexers

    changed = await indexers.get(resources.database, indexer.id)
    async with running(run_actor, resources, changed) as cell:
        await rows.until(work)
        assert cell.breakers[indexer.part].state is BreakerState.CLOSED
    state = await feeds.get(resources.database, indexer.part)
    assert state is not None
    assert state.last_ok is not None


async def test_an_indexer_that_is_down_opens_its_breaker_and_work_waits(
    resources: Resources, run_actor: Any, rows: Any, place: Any
) -> None:
    indexer = await place.stored()
    place.simulator.turn(fail_next=100, fail_status=503)
    async with running(run_actor, resources, indexer) as cell:
        works = [await rows.ask(indexer.part, "poll-recent", unique_key=str(n)) for n in range(3)]
        await rows.when(works[-1], lambda item: bool(item.snoozes or item.errors), 30.0)
        for work in works:
            await rows.when(work, lambda item: item.state is WorkState.AVAILABLE, 30.0)
        assert cell.breakers[indexer.part].state is BreakerState.OPEN
        state = await feeds.get(resources.database, indexer.part)
        assert state is not None
        assert state.reason == "server_error"
        waiting = await rows.work(await rows.ask(indexer.part, "poll-recent", unique_key="late"))
        told = await rows.until_snoozed(waiting.id)
        assert (told.sentence or "").startswith("Open is not called at present.")


@pytest.mark.parametrize("name", ["Sintel.2010.1080p.WEB-DL\n</title>", "' OR 1=1; --", "../../x"])
async def test_a_name_may_be_anything(
    resources: Resources, run_actor: Any, rows: Any, world: World, place: Any, name: str
) -> None:
    torrent = next(iter(world.releases.values())).torrent
    place.simulator.items = [TorznabItem(1, name, torrent, 1_700_000_000.0)]
    indexer = await place.stored()
    async with running(run_actor, resources, indexer):
        await rows.until(await rows.ask(indexer.part, "poll-recent"))
    assert len(await titles(resources.database)) == 1
