from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from reeld.actors.resources import Resources
from reeld.actors.scheduler import SchedulerActor, tasks_of
from reeld.domain.messages import SettingsChanged
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings, HdbitsSettings, Settings, TmdbSettings
from reeld.domain.work import Queue
from reeld.storage.schedule import Schedule

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]

FEED = FeedSettings("one", Secret("http://127.0.0.1:1/rss"), interval_seconds=0.2)


def test_only_what_is_configured_is_scheduled(settings: Settings) -> None:
    assert set(tasks_of(settings)) == {"backup"}
    configured = replace(
        settings,
        tmdb=TmdbSettings(Secret("t")),
        hdbits=HdbitsSettings("me", Secret("p")),
        feeds=(FEED,),
    )
    assert set(tasks_of(configured)) == {
        "hdbits-recent",
        "search-missing",
        "refresh-movies",
        "feed:one",
        "backup",
    }


async def polls(resources: Resources) -> int:
    return len(await resources.work.list(queue=Queue.RSS))


async def test_a_task_is_due_at_once_and_again_after_its_interval(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    resources.settings.replace(replace(resources.settings.current, feeds=(FEED,)))
    async with run_actor(lambda: SchedulerActor(resources)):

        async def polled_once() -> bool:
            return await polls(resources) == 1

        await eventually(polled_once)
        (item,) = await resources.work.list(queue=Queue.RSS)
        assert item.args == {"feed": "one"}
        await resources.work.discard(item.id)

        async def polled_twice() -> bool:
            return await polls(resources) == 2

        await eventually(polled_twice)


async def test_turns_that_were_missed_coalesce_into_one(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    resources.settings.replace(replace(resources.settings.current, feeds=(FEED,)))
    tasks = tasks_of(resources.settings.current)
    schedule = Schedule(resources.database)
    await schedule.declare(tasks)
    await resources.database.execute("UPDATE schedule SET next_run = now() - interval '1 day'")
    assert set(await schedule.run_due(tasks)) == {"feed:one", "backup"}
    assert await schedule.run_due(tasks) == ()
    for row in await schedule.list():
        assert row.last_run is not None
        assert row.next_run > row.last_run


async def test_a_restart_does_not_repeat_a_turn(resources: Resources) -> None:
    slow = replace(FEED, interval_seconds=3600)
    tasks = tasks_of(replace(resources.settings.current, feeds=(slow,)))
    schedule = Schedule(resources.database)
    await schedule.declare(tasks)
    assert await schedule.run_due(tasks) == ("feed:one",)
    await schedule.declare(tasks)
    assert await schedule.run_due(tasks) == ()
    assert 3500 < (await schedule.seconds_to_next() or 0) <= 3600


async def test_a_shorter_interval_takes_effect_before_the_longer_one_ends(
    resources: Resources,
) -> None:
    schedule = Schedule(resources.database)
    for seconds in (3600.0, 60.0):
        feed = replace(FEED, interval_seconds=seconds)
        tasks = tasks_of(replace(resources.settings.current, feeds=(feed,)))
        await schedule.declare(tasks)
        await schedule.run_due(tasks)
    assert (await schedule.seconds_to_next() or 0) <= 60


async def test_a_change_of_the_settings_changes_the_schedule(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    schedule = Schedule(resources.database)
    async with run_actor(lambda: SchedulerActor(resources)) as cell:
        resources.settings.replace(replace(resources.settings.current, feeds=(FEED,)))
        await cell.address.ask(SettingsChanged())
        assert [task.task for task in await schedule.list()] == ["feed:one", "backup"]
        resources.settings.replace(replace(resources.settings.current, feeds=()))
        await cell.address.ask(SettingsChanged())
        assert [task.task for task in await schedule.list()] == ["backup"]


async def test_the_first_backup_waits_until_there_is_something_to_save(
    resources: Resources,
) -> None:
    schedule = Schedule(resources.database)
    tasks = tasks_of(resources.settings.current)
    await schedule.declare(tasks)
    assert await schedule.run_due(tasks) == ()
    assert 3500 < (await schedule.seconds_to_next() or 0) <= 3600
