"""What every actor of an outside service does, shown on the one that must be the most careful: HDBits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import trio

from reeld.actors.hdbits import HdbitsActor
from reeld.actors.kernel import BreakerKeeper, BreakerState, StoredBreaker
from reeld.actors.resources import Resources
from reeld.domain.messages import Sweep
from reeld.domain.secret import Secret
from reeld.simulators import World
from reeld.storage.repositories import Breakers

Daemon = Callable[[], AbstractAsyncContextManager[Resources]]


@pytest.fixture
async def world(world: World, rows: Any, monkeypatch: Any) -> World:
    rows.configure(hdbits=world.hdbits_settings(spacing_seconds=0.0))
    monkeypatch.setattr(HdbitsActor, "sweep_seconds", 0.2)
    return world


@pytest.fixture
def daemon(resources: Resources, rows: Any) -> Daemon:
    """One life of a daemon: breakers are kept in the database, all else of this process is new."""

    @asynccontextmanager
    async def live() -> AsyncIterator[Resources]:
        keeper = BreakerKeeper(Breakers(resources.database, StoredBreaker), pace=0.01)
        async with trio.open_nursery() as nursery:
            await nursery.start(keeper.run)
            life = replace(resources, breakers=keeper)
            yield life
            nursery.cancel_scope.cancel()

    return live


async def crash(cell: Any) -> None:
    before = cell.incarnation_number
    cell.crash(RuntimeError("a bug"))
    with trio.fail_after(5):
        while cell.incarnation_number == before or cell.incarnation is None:
            await trio.sleep(0.01)


async def test_an_open_breaker_survives_a_crash_of_its_actor_and_the_end_of_the_daemon(
    run_actor: Any, rows: Any, world: World, daemon: Daemon
) -> None:
    world.hdbits.turn(api_calls_allowed=0)
    async with daemon() as first, run_actor(lambda: HdbitsActor(first)) as cell:
        work = await rows.ask("hdbits", "poll-recent")
        await rows.until_snoozed(work)
        breaker = cell.breakers["hdbits"]
        await crash(cell)
        assert cell.breakers["hdbits"] is breaker
        assert breaker.state is BreakerState.OPEN
        await rows.when(work, lambda item: item.snoozes > 1, 5)
        sentence = breaker.snapshot().sentence
    (stored,) = await rows.database.fetch_all("SELECT name, state, reason FROM breaker")
    assert stored == ("hdbits", "open", "rate_limited")
    async with daemon() as second, run_actor(lambda: HdbitsActor(second)) as cell:
        snapshot = cell.breakers["hdbits"].snapshot()
        assert (snapshot.state, snapshot.sentence) == ("open", sentence)
        assert snapshot.retry_in is not None
        assert 800 < snapshot.retry_in <= 900
        await rows.make_due(work)
        await rows.when(work, lambda item: item.reason == "breaker_open", 5)
    assert len(world.hdbits.calls) == 1


async def test_rejected_credentials_stay_rejected_across_restarts_until_they_change(
    run_actor: Any, rows: Any, world: World, daemon: Daemon
) -> None:
    right = world.hdbits_settings(spacing_seconds=0.0)
    rows.configure(hdbits=replace(right, passkey=Secret("wrong")))
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)):
        work = await rows.ask("hdbits", "poll-recent")
        await rows.until_snoozed(work)
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)) as cell:
        assert cell.breakers["hdbits"].state is BreakerState.FORCED_OPEN
        await rows.when(work, lambda item: item.snoozes > 1, 5)
        assert len(world.hdbits.calls) == 1
    rows.configure(hdbits=right)  # corrected while the daemon was down
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)) as cell:
        await rows.until(work)  # which waited for hours to come
        assert cell.breakers["hdbits"].state is BreakerState.CLOSED
    assert "wrong" not in await rows.everything()


async def test_settings_that_change_while_the_actor_is_down_are_noticed_when_it_is_back(
    run_actor: Any, rows: Any, world: World, daemon: Daemon
) -> None:
    right = world.hdbits_settings(spacing_seconds=0.0)
    rows.configure(hdbits=replace(right, passkey=Secret("wrong")))
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)) as cell:
        work = await rows.ask("hdbits", "poll-recent")
        await rows.until_snoozed(work)
        life.settings.replace(replace(life.settings.current, hdbits=right))  # nobody is told
        await crash(cell)
        await rows.until(work)
        assert cell.breakers["hdbits"].state is BreakerState.CLOSED


async def test_unrelated_settings_do_not_open_what_a_rate_limit_has_closed(
    run_actor: Any, rows: Any, world: World, daemon: Daemon
) -> None:
    world.hdbits.turn(api_calls_allowed=0)
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)) as cell:
        work = await rows.ask("hdbits", "poll-recent")
        await rows.until_snoozed(work)
        rows.configure(hdbits=world.hdbits_settings(poll_seconds=77.0, spacing_seconds=0.0))
        rows.configure(feeds=(world.feed_settings(),))
        await rows.when(work, lambda item: item.snoozes > 1, 5)
        assert cell.breakers["hdbits"].state is BreakerState.OPEN
    assert len(world.hdbits.calls) == 1


async def test_a_breaker_that_a_person_resets_wakes_the_work_that_waited_for_hours(
    run_actor: Any, rows: Any, world: World, daemon: Daemon
) -> None:
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)) as cell:
        cell.breakers["hdbits"].force_open("maintenance")
        work = await rows.ask("hdbits", "poll-recent")
        item = await rows.until_snoozed(work)
        assert "A person stopped the calls" in (item.sentence or "")
        await rows.database.execute("UPDATE work SET run_at = now() + interval '6 hours'")
        await trio.sleep(0.3)
        cell.breakers["hdbits"].reset()
        await rows.until(work)


async def test_a_disabled_breaker_lets_everything_through_and_stays_so(
    run_actor: Any, rows: Any, world: World, daemon: Daemon
) -> None:
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)) as cell:
        cell.breakers["hdbits"].disable()
    world.hdbits.turn(fail_next=4)
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)) as cell:
        assert cell.breakers["hdbits"].state is BreakerState.DISABLED
        work = await rows.ask("hdbits", "poll-recent")
        for times in range(1, 5):
            await rows.until_failed(work, times)
            await rows.make_due(work)
        await rows.until(work)


async def test_a_crash_in_the_middle_of_work_gives_it_back_and_it_is_done_again(
    run_actor: Any, rows: Any, world: World, daemon: Daemon
) -> None:
    world.hdbits.turn(latency=0.5)
    async with daemon() as life, run_actor(lambda: HdbitsActor(life)) as cell:
        work = await rows.ask("hdbits", "poll-recent")
        with trio.fail_after(5):
            while not world.hdbits.calls:
                await trio.sleep(0.01)
        await crash(cell)
        cell.address.tell(Sweep())
        item = await rows.until(work)
        assert item.attempt == 2
