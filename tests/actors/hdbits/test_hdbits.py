from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from reeld import __version__
from reeld.actors.hdbits import HdbitsActor
from reeld.actors.hdbits import _actor as hdbits_actor
from reeld.actors.kernel import BreakerState
from reeld.actors.resources import Resources
from reeld.domain.messages import PollRecent, Sweep
from reeld.domain.movie import Stage
from reeld.domain.secret import Secret
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest
from reeld.simulators import Source, Upload, World
from reeld.storage.repositories import feeds, movies, releases
from reeld.storage.work import Backoff, WorkQueue, WorkState, hasten, submit


async def uploads_of(database: Any) -> dict[str, str]:
    found = await database.fetch_all("SELECT guid, title FROM release WHERE indexer = 'hdbits'")
    return dict(found)


def upload_again(world: World, first_id: int, count: int, **changes: Any) -> list[Upload]:
    """Upload so many more torrents, each newer than the one before."""
    template = world.hdbits.uploads[0]
    made = [
        replace(
            template,
            id=first_id + n,
            filename=f"Some.Movie.{n}.2001.1080p.BluRay.x264-NEW.torrent",
            added=time.time() + first_id + n,
            **changes,
        )
        for n in range(count)
    ]
    for upload in made:
        world.hdbits.upload(upload)
    return made


async def test_a_search_stores_what_hdbits_has_and_announces_it(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "search-movie", {"movie_id": movie_id})
        await rows.until(work)
    offered = {str(one.id): one for one in world.releases_of(film)}
    stored = await uploads_of(resources.database)
    assert stored == {number: one.offer.name for number, one in offered.items()}
    (found,) = await rows.events("releases.found")
    assert (len(found["release_ids"]), found["source"]) == (len(offered), "hdbits")
    release = await releases.get(resources.database, found["release_ids"][0])
    assert release is not None
    assert release.infohash == offered[release.guid].torrent.infohash
    assert (release.imdb_id, release.size) == (film.imdb_id, offered[release.guid].torrent.size)
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.stage_note) == (
        Stage.SEARCHED,
        f"{len(offered)} releases found on HDBits.",
    )
    assert await rows.history(movie_id) == ["searched"]
    assert [event["found"] for event in await rows.events("movie.searched")] == [len(offered)]


async def test_a_second_search_stores_nothing_twice_and_has_everything_decided_again(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    movie_id = await rows.add_movie(world.films_from(Source.HDBITS)[0])
    async with run_actor(lambda: HdbitsActor(resources)):
        for _ in range(2):
            await rows.until(await rows.ask("hdbits", "search-movie", {"movie_id": movie_id}))
    first, second = await rows.events("releases.found")
    assert first == second
    assert len(await uploads_of(resources.database)) == len(first["release_ids"])


async def test_nothing_found_is_told_and_is_no_failure(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    world.hdbits.uploads.clear()
    movie_id = await rows.add_movie(world.films[0])
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "search-movie", {"movie_id": movie_id}))
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.stage_note) == (Stage.SEARCHED, "HDBits has no release of it.")
    assert await rows.events("releases.found") == []


async def test_a_search_is_noted_also_when_the_movie_is_further_by_then(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    await rows.intend(movie_id, world.releases_of(film)[0])
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "search-movie", {"movie_id": movie_id}))
    (noted,) = await resources.database.fetch_all("SELECT stage, searched_at IS NULL FROM movie")
    assert noted == ("decided", False)


@pytest.mark.parametrize(
    ("status", "note"), [(8, "HDBits has no release of it."), (9, "television series")]
)
async def test_an_imdb_number_that_hdbits_does_not_search_ends_in_a_note_and_not_in_dead_work(
    resources: Resources, run_actor: Any, rows: Any, world: World, status: int, note: str
) -> None:
    world.hdbits.turn(status_next=1, status=status)
    movie_id = await rows.add_movie(world.films[0])
    async with run_actor(lambda: HdbitsActor(resources)) as cell:
        await rows.until(await rows.ask("hdbits", "search-movie", {"movie_id": movie_id}))
        assert cell.breakers["hdbits"].state is BreakerState.CLOSED
    movie = await rows.movie(movie_id)
    assert movie.stage is Stage.SEARCHED
    assert note in movie.stage_note


async def test_a_movie_without_imdb_number_is_not_asked_for(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    movie_id = await rows.add_movie(world.films[0], imdb_id=None)
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "search-movie", {"movie_id": movie_id}))
    movie = await rows.movie(movie_id)
    assert movie.stage is Stage.SEARCHED
    assert "no IMDb number" in movie.stage_note
    assert world.hdbits.calls == []


async def test_an_imdb_number_that_comes_during_the_search_is_searched_after_it(
    resources: Resources, run_actor: Any, rows: Any, world: World, monkeypatch: Any
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film, imdb_id=None)
    read = movies.get

    async def number_comes_behind_it(source: Any, number: int) -> Any:
        found = await read(source, number)
        if source is resources.database and found.imdb_id is None:
            async with resources.database.transaction() as conn:
                await conn.execute("UPDATE movie SET imdb_id = %s", (film.imdb_id,))
        return found

    monkeypatch.setattr(hdbits_actor.movies, "get", number_comes_behind_it)
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "search-movie", {"movie_id": movie_id})
        await rows.until_snoozed(work)
        await rows.make_due(work)
        await rows.until(work)
    assert await uploads_of(resources.database)


async def test_a_search_of_a_movie_that_is_gone_is_done(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "search-movie", {"movie_id": 999}))


async def test_reeld_says_who_it_is(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    movie_id = await rows.add_movie(world.films[0])
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "search-movie", {"movie_id": movie_id}))
    assert {call.user_agent for call in world.hdbits.calls} == {f"reeld/{__version__}"}


# The recent uploads


async def test_everything_between_two_polls_is_read_however_many_pages_it_takes(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "poll-recent"))
        (first,) = await rows.events("releases.found")
        uploaded = upload_again(world, 800_000, 250)
        await rows.until(await rows.ask("hdbits", "poll-recent"))
    stored = await uploads_of(resources.database)
    assert {str(upload.id) for upload in uploaded} <= stored.keys()
    announced = [
        number for event in await rows.events("releases.found") for number in event["release_ids"]
    ]
    assert len(announced) == len(set(announced)) == len(first["release_ids"]) + 250
    state = await feeds.get(resources.database, "hdbits")
    assert state is not None
    assert (state.watermark["newest_id"], state.gap, state.gaps) == (800_249, False, 0)


async def test_what_a_poll_cannot_reach_back_to_is_a_gap_and_said_to_be_one(
    resources: Resources, run_actor: Any, rows: Any, world: World, monkeypatch: Any
) -> None:
    monkeypatch.setattr(hdbits_actor, "RECENT_PAGES", 2)
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "poll-recent"))
        upload_again(world, 800_000, 250)
        await rows.until(await rows.ask("hdbits", "poll-recent"))
        state = await feeds.get(resources.database, "hdbits")
        assert state is not None
        assert (state.gap, state.gaps) == (True, 1)
        assert resources.metrics.value("reeld_rss_gaps_total", indexer="hdbits") == 1
        seen_late = resources.metrics.value("reeld_rss_publish_lag_seconds_count", indexer="hdbits")
        assert seen_late == 200
        await rows.until(await rows.ask("hdbits", "poll-recent"))
    state = await feeds.get(resources.database, "hdbits")
    assert state is not None
    assert (state.gap, state.gaps) == (False, 1)


async def test_a_poll_that_fails_on_its_way_back_loses_nothing(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "poll-recent"))
        before = await feeds.get(resources.database, "hdbits")
        uploaded = upload_again(world, 800_000, 250)
        world.hdbits.turn(api_calls_allowed=2, limit_seconds=0.0)
        work = await rows.ask("hdbits", "poll-recent")
        await rows.until_snoozed(work)
    failed = await feeds.get(resources.database, "hdbits")
    assert before is not None
    assert failed is not None
    assert failed.watermark == before.watermark  # it moves together with the last page alone
    assert (failed.failures, failed.reason) == (1, "rate_limited")
    await resources.database.execute("UPDATE limiter SET next_allowed_at = 0")
    later = upload_again(world, 900_000, 120)  # they push what was not read yet to later pages
    async with run_actor(lambda: HdbitsActor(resources)) as cell:
        cell.breakers["hdbits"].reset()
        await rows.make_due(work)
        await rows.until(work)
        await rows.until(await rows.ask("hdbits", "poll-recent"))
    stored = await uploads_of(resources.database)
    assert {str(upload.id) for upload in [*uploaded, *later]} <= stored.keys()
    state = await feeds.get(resources.database, "hdbits")
    assert state is not None
    assert (state.failures, state.reason, state.gaps) == (0, None, 0)


async def test_series_and_music_are_no_offers_but_move_the_watermark(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    world.hdbits.uploads.clear()
    world.hdbits.upload(replace_category(world))
    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await rows.ask("hdbits", "poll-recent"))
    assert await uploads_of(resources.database) == {}
    state = await feeds.get(resources.database, "hdbits")
    assert state is not None
    assert state.watermark["newest_id"] == 5


def replace_category(world: World) -> Upload:
    from reeld.simulators.hdbits import Category

    release = next(iter(world.releases.values()))
    return Upload(
        5,
        release.torrent,
        "A.Series.S01.torrent",
        "A Series",
        None,
        time.time(),
        category=Category.TV,
    )


async def test_a_poll_can_be_asked_for(
    resources: Resources, run_actor: Any, rows: Any, world: World, eventually: Any
) -> None:
    async with run_actor(lambda: HdbitsActor(resources)) as cell:
        await cell.address.ask(PollRecent())
        cell.address.tell(Sweep())

        async def polled() -> bool:
            return await feeds.get(resources.database, "hdbits") is not None

        await eventually(polled)


# Limits


async def test_calls_keep_their_distance_also_across_a_restart_of_the_actor(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    rows.configure(hdbits=world.hdbits_settings(spacing_seconds=0.6))
    for _ in range(3):
        async with run_actor(lambda: HdbitsActor(resources)):
            for _ in range(2):
                await rows.until(await rows.ask("hdbits", "poll-recent"))
    assert len(world.hdbits.calls) == 6
    # A busy machine notes one call late and the next one at once.
    assert world.hdbits.shortest_gap >= 0.4


async def test_the_rate_limit_is_obeyed_to_the_end_and_no_call_is_made_before(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    world.hdbits.turn(api_calls_allowed=0)
    async with run_actor(lambda: HdbitsActor(resources)) as cell:
        work = await rows.ask("hdbits", "poll-recent")
        item = await rows.until_snoozed(work)
        snapshot = cell.breakers["hdbits"].snapshot()
        assert snapshot.state == BreakerState.OPEN.value
        assert snapshot.retry_in is not None
        assert 890 < snapshot.retry_in <= 900
        assert item.reason == "rate_limited"
        assert "15 minutes" in (item.sentence or "")
        for _ in range(3):
            await rows.make_due(work)
            await rows.when(work, lambda item: item.reason == "breaker_open", 5)
    assert len(world.hdbits.calls) == 1
    # Neither does a daemon that starts anew, even if its breaker had forgotten everything.
    async with run_actor(lambda: HdbitsActor(resources)) as cell:
        cell.breakers["hdbits"].reset()
        await rows.make_due(work)
        item = await rows.when(work, lambda item: item.reason == "limiter_wait", 5)
    assert len(world.hdbits.calls) == 1
    assert item.attempt == 0  # waiting costs no attempt


async def test_our_own_pace_never_keeps_an_answer_of_several_pages_from_ending(
    resources: Resources, run_actor: Any, rows: Any, world: World, monkeypatch: Any
) -> None:
    upload_again(world, 800_000, 250)
    monkeypatch.setattr(HdbitsActor, "sweep_seconds", 0.2)
    monkeypatch.setattr(hdbits_actor, "LIMITER_PATIENCE_SECONDS", 0.2)
    movie_id = await rows.add_movie(world.hdbits.uploads[0].film)
    rows.configure(hdbits=world.hdbits_settings(spacing_seconds=0.5))
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "search-movie", {"movie_id": movie_id})
        item = await rows.until(work)
    assert item.snoozes >= 2
    assert len(world.hdbits.calls) == 3
    assert len(await uploads_of(resources.database)) > 250


async def test_searches_on_schedule_keep_to_their_share_and_let_others_by(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    first, second, third = world.films_from(Source.HDBITS)[:3]
    settings = world.hdbits_settings(spacing_seconds=0.0)
    rows.configure(hdbits=replace(settings, calls_per_hour=100, scheduled_share=0.01))
    ids = [await rows.add_movie(film) for film in (first, second, third)]

    async def search(movie_id: int, **args: str) -> int:
        key = f"movie:{movie_id}"
        return await rows.ask(
            "hdbits", "search-movie", {"movie_id": movie_id, **args}, unique_key=key
        )

    async with run_actor(lambda: HdbitsActor(resources)):
        await rows.until(await search(ids[0], cause="missing"))
        waiting = await search(ids[1], cause="missing")
        item = await rows.until_snoozed(waiting)
        assert (item.reason, len(world.hdbits.calls)) == ("limiter_wait", 1)
        await rows.until(await search(ids[2]))
        assert len(world.hdbits.calls) == 2
        # Somebody asks for what waits.
        request = WorkRequest(
            Queue.HDBITS,
            WorkKind.SEARCH_MOVIE,
            {"movie_id": ids[1]},
            f"movie:{ids[1]}",
            Priority.PERSON_WAITS,
        )
        async with resources.database.transaction() as conn:
            await movies.ask_for(conn, ids[1])
            assert await submit(conn, request) == ()
            assert await hasten(conn, request)
        rows.hint("hdbits")
        await rows.until(waiting)
    assert len(world.hdbits.calls) == 3


# Credentials


async def test_a_wrong_passkey_stops_every_call_until_it_is_corrected(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    right = world.hdbits_settings(spacing_seconds=0.0)
    rows.configure(hdbits=replace(right, passkey=Secret("wrong")))
    async with run_actor(lambda: HdbitsActor(resources)) as cell:
        work = await rows.ask("hdbits", "poll-recent")
        item = await rows.until_snoozed(work)
        assert item.reason == "credentials_rejected"
        assert "passkey" in (item.sentence or "")
        assert cell.breakers["hdbits"].state is BreakerState.FORCED_OPEN
        other = await rows.ask("hdbits", "poll-recent")
        await rows.until_snoozed(other)
        assert len(world.hdbits.calls) == 1
        rows.configure(hdbits=replace(right, passkey=Secret("wrong"), poll_seconds=7.0))
        await rows.when(other, lambda item: item.snoozes > 1, 5)
        assert len(world.hdbits.calls) == 1  # the credentials are the same
        rows.configure(hdbits=right)
        await rows.until(work)
        await rows.until(other, seconds=60)
        assert cell.breakers["hdbits"].state is BreakerState.CLOSED


async def test_without_settings_work_waits_for_them(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    settings = resources.settings.current.hdbits
    rows.configure(hdbits=None)
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "poll-recent")
        item = await rows.until_snoozed(work)
        assert item.reason == "not_configured"
        rows.configure(hdbits=settings)
        await rows.until(work)


async def test_an_address_that_would_give_the_passkey_away_waits_for_its_correction(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    right = world.hdbits_settings(spacing_seconds=0.0)
    slow = {"poll_seconds": 900.0, "spacing_seconds": 2.0, "calls_per_hour": 100}
    rows.configure(hdbits=replace(right, url="http://hdbits.org", **slow))
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "poll-recent")
        item = await rows.until_snoozed(work)
        assert item.reason == "invalid_setting"
        rows.configure(hdbits=right)
        await rows.until(work)


# Down


@pytest.mark.parametrize("down_as", ["503", "html", "refuse"])
async def test_while_it_is_down_the_breaker_opens_and_afterwards_work_goes_on_by_itself(
    resources: Resources, run_actor: Any, rows: Any, world: World, down_as: str, monkeypatch: Any
) -> None:
    quick = replace(HdbitsActor.breaker_config, open_seconds=0.5)
    monkeypatch.setattr(HdbitsActor, "breaker_config", quick)
    monkeypatch.setattr(HdbitsActor, "sweep_seconds", 0.2)
    world.hdbits.turn(down_for=2.0 if down_as == "refuse" else 60.0, down_as=down_as)
    # An attempt that fails as the probe waits for its own sake: a moment here.
    hasty = WorkQueue(resources.database, resources.work._owner, backoff=Backoff(0.1, 1.0))
    async with run_actor(lambda: HdbitsActor(replace(resources, work=hasty))) as cell:
        work = await rows.ask("hdbits", "poll-recent")
        for times in (1, 2):  # the third one opens the breaker: it is no failure of the work
            await rows.until_failed(work, times)
            await rows.make_due(work)
        await rows.until_snoozed(work)
        assert cell.breakers["hdbits"].snapshot().state != BreakerState.CLOSED.value
        assert cell.breakers["hdbits"].snapshot().sentence
        if down_as != "refuse":
            world.hdbits.turn(down_for=0.0)
        item = await rows.until(work, seconds=15)
        assert cell.breakers["hdbits"].state is BreakerState.CLOSED
        assert cell.incarnation_number == 1
    assert item.state is WorkState.DONE
