from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import trio

from reeld.actors.kernel import BreakerState
from reeld.actors.limiting import StoredLimits
from reeld.actors.resources import Resources
from reeld.actors.rss import RssActor
from reeld.actors.rss import _actor as rss_actor
from reeld.actors.rss._reading import Reading
from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.errors import NotFound
from reeld.domain.messages import PollFeed, Sweep
from reeld.domain.release import Source
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings
from reeld.services.feeds import FeedClient, FeedPage
from reeld.services.feeds import FeedItem as Offer
from reeld.simulators import FeedItem, RssSimulator, World, serve
from reeld.simulators import Source as From
from reeld.storage.repositories import acquisitions, feeds, releases
from reeld.storage.repositories.feeds import FeedState
from reeld.storage.schedule import Schedule, Task, task_of_feed
from reeld.storage.work import WorkState

FEED = "open-movies"


async def state_of(resources: Resources, name: str = FEED) -> FeedState:
    found = await feeds.get(resources.database, name)
    assert found is not None
    return found


async def poll(rows: Any, name: str = FEED) -> Any:
    return await rows.until(await rows.ask("rss", "poll-feed", {"feed": name}))


async def titles(resources: Resources) -> set[str]:
    return {row[0] for row in await resources.database.fetch_all("SELECT title FROM release")}


def more_items(world: World, first_id: int, count: int) -> list[FeedItem]:
    template = world.rss.items[0]
    torrent = template.torrent
    made = [
        replace(
            template,
            id=first_id + n,
            title=f"Other.Movie.{first_id + n}.2001.1080p.WEB-DL-GRP",
            torrent=replace(torrent, infohash=f"{first_id + n:040x}"),
            published=time.time() + first_id + n,
        )
        for n in range(count)
    ]
    for item in made:
        world.rss.publish(item)
    return made


async def test_a_feed_is_read_stored_and_announced(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
    offered = {item.torrent.infohash: item for item in world.rss.items}
    (found,) = await rows.events("releases.found")
    stored = await releases.by_ids(resources.database, found["release_ids"])
    assert len(stored) == len(offered)
    for release in stored:
        item = offered[release.infohash or ""]
        assert (release.title, release.size) == (item.title, item.torrent.size)
        assert (release.source, release.indexer, release.imdb_id) == (
            Source.RSS,
            FEED,
            item.imdb_id,
        )
    state = await state_of(resources)
    assert state.etag
    assert state.last_modified
    assert (state.gap, state.failures) == (False, 0)
    assert resources.metrics.value("reeld_rss_last_success_timestamp_seconds", indexer=FEED)


async def test_an_unchanged_feed_is_not_sent_again(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
        before = await state_of(resources)
        await poll(rows)
    after = await state_of(resources)
    assert world.rss.not_modified == 1
    assert after.watermark == before.watermark
    assert after.last_ok is not None
    assert before.last_ok is not None
    assert after.last_ok > before.last_ok
    assert len(await rows.events("releases.found")) == 1


async def test_only_what_is_new_is_announced_but_seeders_of_the_rest_are_brought_up_to_date(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
        known = world.rss.items[0]
        world.rss.items[0] = replace(known, seeders=4711)
        (item,) = more_items(world, 900_000, 1)
        await poll(rows)
    first, second = await rows.events("releases.found")
    (release,) = await releases.by_ids(resources.database, second["release_ids"])
    assert release.title == item.title
    renewed = await releases.by_ids(resources.database, first["release_ids"])
    assert 4711 in {release.seeders for release in renewed}


async def last_seen(resources: Resources) -> dict[str, Any]:
    rows = await resources.database.fetch_all("SELECT title, last_seen FROM release")
    return dict(rows)


async def test_what_stayed_the_same_is_not_stored_again_until_the_actor_starts_anew(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
        first = await last_seen(resources)
        known = world.rss.items[0]
        world.rss.items[0] = replace(known, seeders=4711)
        (item,) = more_items(world, 900_000, 1)
        await poll(rows)
        second = await last_seen(resources)
        changed = {title for title, at in second.items() if first.get(title) != at}
        assert changed == {known.title, item.title}
    more_items(world, 900_100, 1)
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
    third = await last_seen(resources)
    assert all(at > second.get(title, at.min.replace(tzinfo=UTC)) for title, at in third.items())


async def test_a_reading_that_was_not_committed_is_not_remembered(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
        # As if the last transaction had not been committed: the feed's row is as it was before.
        async with resources.database.transaction() as conn:
            await conn.execute(
                "UPDATE feed SET watermark = watermark - 'mark', etag = NULL, last_modified = NULL"
            )
            await conn.execute("DELETE FROM release")
        await poll(rows)
    assert len(await titles(resources)) == len({item.title for item in world.rss.items})


async def test_rows_and_watermark_are_committed_together_or_not_at_all(
    resources: Resources, run_actor: Any, rows: Any, world: World, monkeypatch: Any
) -> None:
    real = feeds.was_read
    crashes = [True]

    async def crash_before(*args: Any, **kwargs: Any) -> None:
        if crashes and crashes.pop():
            raise RuntimeError("the process dies here")
        await real(*args, **kwargs)

    from reeld.actors.rss import _reading

    monkeypatch.setattr(_reading.feeds, "was_read", crash_before)
    async with run_actor(lambda: RssActor(resources)) as cell:
        await poll(rows)
        assert cell.incarnation_number == 2
    assert len(await titles(resources)) == len(world.rss.items)
    (found,) = await rows.events("releases.found")
    assert len(found["release_ids"]) == len(world.rss.items)


async def test_a_feed_that_ran_on_too_far_between_two_readings_has_a_gap(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
        world.rss.turn(items=10)
        more_items(world, 900_000, 20)
        await poll(rows)
        state = await state_of(resources)
        assert (state.gap, state.gaps) == (True, 1)
        assert resources.metrics.value("reeld_rss_gaps_total", indexer=FEED) == 1
        # The first reading finds what is old: only what came since tells how late reeld sees things.
        lags = "reeld_rss_publish_lag_seconds"
        assert resources.metrics.value(f"{lags}_count", indexer=FEED) == 10
        assert resources.metrics.value(f"{lags}_sum", indexer=FEED) == 0
        more_items(world, 910_000, 5)
        await poll(rows)
    state = await state_of(resources)
    assert (state.gap, state.gaps) == (False, 1)


def test_how_late_something_is_seen_is_never_less_than_nothing_nor_older_than_sense() -> None:
    def item(published: float | None) -> Offer:
        at = None if published is None else datetime.fromtimestamp(published, UTC)
        return Offer(key="k", title="T", torrent=None, published_at=at)

    news = tuple(item(at) for at in (1000.0, 940.0, 2000.0, 0.0, None))
    page = FeedPage((), None, None, None, True)
    reading = Reading(FeedSettings(FEED, Secret("http://x/")), page, (), 5, False, news)
    assert reading.publish_lags(1000.0) == [0.0, 60.0, 0.0, 1000.0]
    assert reading.publish_lags(1e9)[3] == 30 * 86400


async def test_an_empty_feed_is_no_gap_and_forgets_nothing(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
        kept, world.rss.items[:] = list(world.rss.items), []
        await poll(rows)
        world.rss.items[:] = kept
        await poll(rows)
    state = await state_of(resources)
    assert (state.gap, state.gaps) == (False, 0)
    assert len(await rows.events("releases.found")) == 1


@pytest.mark.parametrize(("ttl", "seconds"), [(0, 60), (30, 1800), (60 * 24 * 7, 6 * 3600)])
async def test_a_feed_is_left_alone_for_as_long_as_it_wishes_within_reason(
    resources: Resources, run_actor: Any, rows: Any, world: World, ttl: int, seconds: float
) -> None:
    world.rss.turn(ttl=ttl)
    schedule = Schedule(resources.database)
    name = task_of_feed(FEED)

    async def rest() -> float:
        left = await schedule.seconds_to_next()
        assert left is not None
        await resources.database.execute("UPDATE schedule SET next_run = now() + interval '60 s'")
        return left

    await schedule.declare({name: Task(name, 60.0, ())})
    await schedule.run_due({})
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
        first = await rest()
        await poll(rows)  # not modified
        again = await rest()
    assert first == pytest.approx(seconds, abs=15)
    assert again == pytest.approx(seconds, abs=15)


# Bad feeds


@pytest.mark.parametrize(
    ("feed_as", "reason"),
    [
        ("doctype", "doctype_refused"),
        ("huge", "body_too_large"),
        ("not_xml", None),
        ("html", None),
        ("empty", None),
    ],
)
async def test_what_is_no_feed_is_named_and_closes_only_its_own_breaker(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    feed_as: str,
    reason: str | None,
) -> None:
    good = RssSimulator(list(world.rss.items))
    async with serve(good):
        other = FeedSettings("good", Secret(good.feed_url), 60.0, 0.0)
        rows.configure(feeds=(world.feed_settings(), other))
        world.rss.turn(feed_as=feed_as)
        async with run_actor(lambda: RssActor(resources)) as cell:
            work = await rows.ask("rss", "poll-feed", {"feed": FEED})
            await rows.until_failed(work)
            state = await state_of(resources)
            assert state.failures == 1
            assert state.sentence is not None
            assert FEED in state.sentence
            assert "Check" in state.sentence
            if reason is not None:
                assert state.reason == reason
            await rows.make_due(work)
            await rows.until_snoozed(work)
            assert cell.breakers[f"rss:{FEED}"].state is BreakerState.OPEN
            assert cell.breakers["rss:good"].state is BreakerState.CLOSED
            await rows.make_due(work)
            await rows.when(work, lambda item: item.snoozes > 1, 10)
            refused = await state_of(resources)
            assert refused.sentence == state.sentence  # what is wrong, not that it is left alone
            await poll(rows, "good")
            assert cell.incarnation_number == 1
            assert len(await titles(resources)) == len(good.items)
            world.rss.turn(feed_as="feed")
            cell.breakers[f"rss:{FEED}"].reset()
            cell.address.tell(Sweep())  # no make_due: the reset itself wakes the work
            await rows.until(work)
            mended = await state_of(resources)
    assert (mended.failures, mended.reason, mended.sentence) == (0, None, None)


@pytest.mark.parametrize("feed_as", ["not_xml", "html", "huge", "doctype"])
async def test_what_was_no_feed_for_a_while_is_read_by_itself_once_it_is_one(
    resources: Resources, run_actor: Any, rows: Any, world: World, feed_as: str, monkeypatch: Any
) -> None:
    hasty = replace(rss_actor.FEED_CONFIG, open_seconds=0.2, open_seconds_cap=0.2)
    monkeypatch.setattr(rss_actor, "FEED_CONFIG", hasty)
    monkeypatch.setattr(RssActor, "sweep_seconds", 0.1)
    world.rss.turn(feed_as=feed_as)
    async with run_actor(lambda: RssActor(resources)) as cell:
        work = await rows.ask("rss", "poll-feed", {"feed": FEED})
        await rows.until_failed(work)
        await rows.make_due(work)
        await rows.when(work, lambda item: item.snoozes > 2, 20)
        world.rss.turn(feed_as="feed")
        await rows.until(work, seconds=20)
        assert cell.breakers[f"rss:{FEED}"].state is BreakerState.CLOSED
    assert len(await titles(resources)) == len(world.rss.items)
    assert (await state_of(resources)).sentence is None


async def test_a_key_that_the_feed_rejects_is_tried_once_until_it_is_corrected(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    world.rss.turn(fail_next=1, fail_status=401)
    async with run_actor(lambda: RssActor(resources)) as cell:
        work = await rows.ask("rss", "poll-feed", {"feed": FEED})
        await rows.until_snoozed(work)
        assert cell.breakers[f"rss:{FEED}"].state is BreakerState.FORCED_OPEN
        assert "key" in ((await state_of(resources)).sentence or "")
        await rows.make_due(work)
        await rows.when(work, lambda item: item.snoozes > 1, 5)
        assert world.rss.requests["/feed.xml"] == 1
        other_key = Secret(f"{world.rss.feed_url}&new=1")
        rows.configure(feeds=(replace(world.feed_settings(), url=other_key),))
        await rows.until(work)
        assert cell.breakers[f"rss:{FEED}"].state is BreakerState.CLOSED


async def test_an_address_that_reeld_does_not_call_is_named_and_leaves_no_dead_work(
    resources: Resources, run_actor: Any, rows: Any, world: World, monkeypatch: Any
) -> None:
    async def refused(*_: Any, **__: Any) -> Any:
        from reeld.domain.errors import Refused

        raise Refused("The address is malformed. Correct the setting.", reason="bad_address")

    monkeypatch.setattr(FeedClient, "fetch", refused)
    async with run_actor(lambda: RssActor(resources)):
        item = await poll(rows)
    assert item.state is WorkState.DONE
    assert (await state_of(resources)).reason == "bad_address"


# Changed settings


async def test_another_address_begins_anew_and_says_no_gap(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    moved = RssSimulator()
    async with serve(moved), run_actor(lambda: RssActor(resources)):
        await poll(rows)
        for item in more_items(world, 900_000, 3):
            moved.publish(item)
        rows.configure(feeds=(FeedSettings(FEED, Secret(moved.feed_url), 60.0, 0.0),))
        seen: list[dict[str, str]] = []
        moved.arrived = lambda request: seen.append(request.headers)  # type: ignore[method-assign]
        await poll(rows)
    assert "if-none-match" not in seen[0]  # another feed's tag means nothing here
    state = await state_of(resources)
    assert (state.gap, state.gaps) == (False, 0)
    assert len(await rows.events("releases.found")) == 2


async def test_a_feed_that_is_gone_from_the_settings_is_not_read_and_its_breaker_goes(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: RssActor(resources)) as cell:
        await poll(rows)
        rows.configure(feeds=())
        asked = world.rss.requests["/feed.xml"]
        await poll(rows)
        assert world.rss.requests["/feed.xml"] == asked
        assert cell.breakers == {}
        with pytest.raises(NotFound):
            await cell.address.ask(PollFeed(FEED))


async def test_settings_that_change_during_a_reading_do_not_break_it(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    world.rss.turn(latency=0.4)
    async with run_actor(lambda: RssActor(resources)) as cell:
        work = await rows.ask("rss", "poll-feed", {"feed": FEED})
        with trio.fail_after(5):
            while not world.rss.requests["/feed.xml"]:
                await trio.sleep(0.01)
        rows.configure(feeds=(replace(world.feed_settings(), interval_seconds=120.0),))
        await rows.until(work)
        await poll(rows)
        assert cell.incarnation_number == 1
    assert len(await titles(resources)) == len(world.rss.items)


async def test_a_reading_can_be_asked_for(
    resources: Resources, run_actor: Any, rows: Any, world: World, eventually: Any
) -> None:
    async with run_actor(lambda: RssActor(resources)) as cell:
        await cell.address.ask(PollFeed(FEED))
        cell.address.tell(Sweep())

        async def read() -> bool:
            return await feeds.get(resources.database, FEED) is not None

        await eventually(read)


# Torrents and secrets


async def test_a_torrent_is_fetched_from_the_sealed_link(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    acquisition_id, release = await intended(resources, rows, world, run_actor)
    async with run_actor(lambda: RssActor(resources)):
        await rows.until(await rows.ask("rss", "fetch-torrent", {"acquisition_id": acquisition_id}))
    acquisition = await rows.acquisition(acquisition_id)
    assert acquisition.state is AcquisitionState.FETCHED
    assert acquisition.infohash == release.infohash


async def test_a_feed_that_told_no_infohash_is_told_apart_by_that_of_its_torrent(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    acquisition_id, release = await intended(resources, rows, world, run_actor)
    await resources.database.execute("UPDATE release SET infohash = NULL")
    async with run_actor(lambda: RssActor(resources)):
        await rows.until(await rows.ask("rss", "fetch-torrent", {"acquisition_id": acquisition_id}))
    stored = await releases.get(resources.database, release.id)
    assert stored is not None
    assert stored.infohash == (await rows.acquisition(acquisition_id)).infohash


async def test_a_wrong_address_of_a_feed_blames_no_release_and_is_healed_by_the_right_one(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    acquisition_id, _ = await intended(resources, rows, world, run_actor)
    right = world.feed_settings()
    wrong = Secret(right.url.reveal().replace("/feed.xml", "/wrong/feed.xml"))
    rows.configure(feeds=(replace(right, url=wrong),))
    kept, world.rss.items[:] = list(world.rss.items), []
    async with run_actor(lambda: RssActor(resources)):
        work = await rows.ask("rss", "fetch-torrent", {"acquisition_id": acquisition_id})
        await rows.until_failed(work)
        assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.INTENT
        reading = await rows.ask("rss", "poll-feed", {"feed": FEED})
        await rows.until_snoozed(reading)
        world.rss.items[:] = kept
        rows.configure(feeds=(right,))
        await rows.until(reading)
        await rows.make_due(work)
        await rows.until(work)
    assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.FETCHED


async def test_a_torrent_that_a_feed_does_not_have_any_more_fails_the_acquisition(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    acquisition_id, _ = await intended(resources, rows, world, run_actor)
    world.rss.items.clear()
    async with run_actor(lambda: RssActor(resources)):
        await rows.until(await rows.ask("rss", "fetch-torrent", {"acquisition_id": acquisition_id}))
    acquisition = await rows.acquisition(acquisition_id)
    assert acquisition.failure is FailureReason.TORRENT_UNAVAILABLE


async def test_calls_to_one_feed_keep_their_distance_and_another_feed_waits_for_none(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    acquisition_id, _ = await intended(resources, rows, world, run_actor)
    spaced = world.feed_settings(spacing_seconds=0.5)
    other = replace(world.feed_settings(), name="other")
    rows.configure(feeds=(spaced, other))
    async with run_actor(lambda: RssActor(resources)):
        begun = trio.current_time()
        reading = await rows.ask("rss", "poll-feed", {"feed": FEED})
        fetching = await rows.ask("rss", "fetch-torrent", {"acquisition_id": acquisition_id})
        await rows.until(reading)
        await rows.until(fetching)
        taken = trio.current_time() - begun
        await poll(rows, "other")
    assert taken >= 0.5
    limits = StoredLimits(resources.database)
    assert await limits.load(f"rss:{FEED}") is not None
    assert await limits.load("rss:other") is not None


async def intended(
    resources: Resources, rows: Any, world: World, run_actor: Any
) -> tuple[int, Any]:
    film = world.films_from(From.RSS)[0]
    movie_id = await rows.add_movie(film)
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
    (found,) = await rows.events("releases.found")
    stored = await releases.by_ids(resources.database, found["release_ids"])
    release = next(one for one in stored if one.imdb_id == film.imdb_id)
    async with resources.database.transaction() as conn:
        acquisition_id = await acquisitions.intend(conn, movie_id, release)
    assert acquisition_id is not None
    return acquisition_id, release


@pytest.mark.parametrize(
    "knobs", [{}, {"infohashes": False}, {"infohashes": False, "guids": False}]
)
async def test_the_passkey_is_nowhere_in_the_database(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    knobs: dict[str, bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    world.rss.turn(**knobs)
    acquisition_id, _ = await intended(resources, rows, world, run_actor)
    async with run_actor(lambda: RssActor(resources)) as cell:
        await rows.until(await rows.ask("rss", "fetch-torrent", {"acquisition_id": acquisition_id}))
        for fault in ("html", "not_xml"):
            world.rss.turn(feed_as=fault)
            work = await rows.ask("rss", "poll-feed", {"feed": FEED})
            await rows.when(work, lambda item: item.reason is not None, 20)
        await resources.breakers.flush()
        told = cell.breakers[f"rss:{FEED}"].snapshot().sentence
    assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.FETCHED
    assert world.rss.passkey not in await rows.everything()
    assert world.rss.passkey not in told
    assert world.rss.passkey not in capsys.readouterr().out


async def test_a_key_that_was_renewed_renews_the_links_that_are_stored(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    acquisition_id, _ = await intended(resources, rows, world, run_actor)
    world.rss.passkey = "1" * 32
    rows.configure(feeds=(replace(world.feed_settings(), url=Secret(world.rss.feed_url)),))
    async with run_actor(lambda: RssActor(resources)):
        await poll(rows)
        await rows.until(await rows.ask("rss", "fetch-torrent", {"acquisition_id": acquisition_id}))
    assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.FETCHED


async def test_a_release_whose_feed_is_gone_is_given_up(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    acquisition_id, _ = await intended(resources, rows, world, run_actor)
    rows.configure(feeds=())
    async with run_actor(lambda: RssActor(resources)):
        await rows.until(await rows.ask("rss", "fetch-torrent", {"acquisition_id": acquisition_id}))
    acquisition = await rows.acquisition(acquisition_id)
    assert acquisition.failure is FailureReason.TORRENT_UNAVAILABLE


async def test_several_feeds_are_read_at_once(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    slow = [RssSimulator(list(world.rss.items)) for _ in range(3)]
    for simulator in slow:
        simulator.turn(latency=0.5)
    async with serve(slow[0]), serve(slow[1]), serve(slow[2]):
        settings = [
            FeedSettings(f"slow-{n}", Secret(s.feed_url), 60.0, 0.0) for n, s in enumerate(slow)
        ]
        rows.configure(feeds=tuple(settings))
        async with run_actor(lambda: RssActor(resources)):
            asked = [await rows.ask("rss", "poll-feed", {"feed": f.name}) for f in settings]
            with trio.fail_after(5):
                while not all(s.requests["/feed.xml"] for s in slow):
                    await trio.sleep(0.01)
            assert [(await rows.work(number)).state for number in asked] == [WorkState.RUNNING] * 3
            for number in asked:
                await rows.until(number)
    assert isinstance(slow[0].url, str)
    assert httpx.URL(slow[0].url)
