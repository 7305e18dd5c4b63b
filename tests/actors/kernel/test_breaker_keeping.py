"""What of a breaker survives its actor and the daemon."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
import trio
from trio.testing import MockClock

from reeld.actors.kernel.breaker import (
    Breaker,
    BreakerConfig,
    BreakerKeeper,
    BreakerState,
    StoredBreaker,
    settings_mark,
)
from reeld.domain.errors import BreakerOpen, CredentialsRejected, DatabaseUnavailable, ServiceDown
from reeld.domain.secret import Secret

CONFIG = BreakerConfig(window=4, min_calls=2, open_seconds=10, open_seconds_cap=60, jitter=0)
EPOCH = 1_700_000_000.0
REJECTED = CredentialsRejected("Wrong passkey.", service="s")
DOWN = ServiceDown("It is down.", service="s")
SIX_HOURS = 6 * 3600


class Shelf:
    """A store in memory that can be away, or slow."""

    def __init__(self) -> None:
        self.kept: dict[str, StoredBreaker] = {}
        self.saves = 0
        self.away = False
        self.slow = 0.0

    async def load(self, name: str) -> StoredBreaker | None:
        await self._reach()
        return self.kept.get(name)

    async def save(self, stored: StoredBreaker) -> None:
        await self._reach()
        self.saves += 1
        self.kept[stored.name] = stored

    async def _reach(self) -> None:
        await trio.sleep(self.slow)
        if self.away:
            raise DatabaseUnavailable("PostgreSQL is away.")


class Daemon:
    """One life of the daemon: its monotonic clock begins at an arbitrary number."""

    def __init__(self, shelf: Shelf, offset: float = 0.0, mark: str = "m") -> None:
        self.keeper = BreakerKeeper(shelf)
        self.breaker = Breaker(
            "hdbits",
            CONFIG,
            settings_mark=mark,
            clock=lambda: trio.current_time() + offset,
            wall_clock=lambda: trio.current_time() + EPOCH,
        )

    async def start(self) -> Breaker:
        return await self.keeper.adopt(self.breaker)

    async def call(self, error: Exception | None = None) -> None:
        try:
            async with self.breaker.call():
                await trio.sleep(0)
                if error is not None:
                    raise error
        except (ServiceDown, CredentialsRejected):
            pass

    async def trip(self) -> None:
        while self.breaker.state is BreakerState.CLOSED:
            await self.call(DOWN)


async def test_an_open_breaker_stays_open_until_the_stored_time_and_is_then_probed(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    first = Daemon(shelf, offset=5000)
    await first.start()
    await first.trip()
    assert await first.keeper.flush()
    await trio.sleep(4)
    second = Daemon(shelf, offset=77)
    await second.start()
    assert second.breaker.state is BreakerState.OPEN
    assert second.breaker.snapshot().retry_in == pytest.approx(6)
    assert second.breaker.snapshot().sentence == first.breaker.snapshot().sentence
    assert second.breaker.snapshot().since == first.breaker.snapshot().since
    await trio.sleep(7)
    assert second.breaker.state is BreakerState.HALF_OPEN


async def test_a_restarted_daemon_never_starts_closed_after_the_breaker_had_been_open(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    first = Daemon(shelf)
    await first.start()
    await first.trip()
    await first.keeper.flush()
    await trio.sleep(500)
    second = Daemon(shelf)
    await second.start()
    assert second.breaker.state is BreakerState.HALF_OPEN
    await second.keeper.flush()
    third = Daemon(shelf)
    await third.start()
    assert third.breaker.state is BreakerState.HALF_OPEN


async def test_the_escalation_goes_on_after_a_restart_of_the_daemon(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    waits = []
    for _ in range(5):
        daemon = Daemon(shelf)
        await daemon.start()
        await (daemon.trip() if daemon.breaker.state is BreakerState.CLOSED else daemon.call(DOWN))
        wait = daemon.breaker.snapshot().retry_in
        assert wait is not None
        waits.append(wait)
        await daemon.keeper.flush()
        await trio.sleep(wait)
    assert waits == [10, 20, 40, 60, 60]


async def test_rejected_credentials_are_not_tried_again_by_a_restart(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    first = Daemon(shelf)
    await first.start()
    await first.call(REJECTED)
    await first.keeper.flush()
    await trio.sleep(3600)
    second = Daemon(shelf)
    await second.start()
    assert second.breaker.state is BreakerState.FORCED_OPEN
    assert second.breaker.snapshot().retry_in == pytest.approx(SIX_HOURS - 3600)


async def test_a_daemon_that_dies_while_it_tries_rejected_credentials_does_not_try_again_at_once(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    first = Daemon(shelf)
    await first.start()
    await first.call(REJECTED)
    await trio.sleep(SIX_HOURS)
    async with first.breaker.call():
        await first.keeper.flush()
        second = Daemon(shelf)
        await second.start()
    assert second.breaker.state is BreakerState.FORCED_OPEN
    assert second.breaker.snapshot().retry_in == pytest.approx(SIX_HOURS)


async def test_credentials_corrected_while_the_daemon_was_down_are_probed_at_once(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    first = Daemon(shelf, mark="old")
    await first.start()
    await first.call(REJECTED)
    await first.keeper.flush()
    second = Daemon(shelf, mark="new")
    await second.start()
    await second.call()
    assert second.breaker.state is BreakerState.CLOSED


async def test_what_a_person_decided_survives_the_daemon(autojump_clock: MockClock) -> None:
    for decide, state in (
        (lambda b: b.force_open("maintenance"), BreakerState.FORCED_OPEN),
        (lambda b: b.disable(), BreakerState.DISABLED),
    ):
        shelf = Shelf()
        first = Daemon(shelf)
        decide(await first.start())
        await first.keeper.flush()
        await trio.sleep(10 * SIX_HOURS)
        second = Daemon(shelf, mark="new settings")
        await second.start()
        assert second.breaker.state is state


async def test_a_closed_breaker_starts_closed(autojump_clock: MockClock) -> None:
    shelf = Shelf()
    first = Daemon(shelf)
    await first.start()
    await first.trip()
    await trio.sleep(10)
    await first.call()
    await first.keeper.flush()
    second = Daemon(shelf)
    assert (await second.start()).state is BreakerState.CLOSED
    await second.trip()
    assert second.breaker.snapshot().retry_in == 20, "the escalation was forgotten"


async def test_a_clock_that_was_set_back_does_not_lengthen_the_wait(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    far = datetime.fromtimestamp(EPOCH + 10**9, UTC)
    first = Daemon(shelf)
    await first.start()
    await first.call(REJECTED)
    await first.keeper.flush()
    shelf.kept["hdbits"] = dataclasses.replace(shelf.kept["hdbits"], retry_at=far, changed_at=far)
    second = Daemon(shelf)
    await second.start()
    assert second.breaker.snapshot().retry_in == SIX_HOURS


async def test_a_state_of_another_version_is_probed_first(autojump_clock: MockClock) -> None:
    shelf = Shelf()
    daemon = Daemon(shelf)
    strange = dataclasses.replace(daemon.breaker.stored(), state="ajar", opened_in_a_row=-3)
    shelf.kept["hdbits"] = strange
    assert (await daemon.start()).state is BreakerState.HALF_OPEN
    assert daemon.breaker.snapshot().opened_in_a_row == 0


async def test_a_call_neither_waits_for_a_save_nor_fails_with_it(autojump_clock: MockClock) -> None:
    shelf = Shelf()
    daemon = Daemon(shelf)
    await daemon.start()
    async with trio.open_nursery() as nursery:
        await nursery.start(daemon.keeper.run)
        shelf.slow, shelf.away = 3, True
        began = trio.current_time()
        await daemon.trip()
        assert trio.current_time() == began
        await trio.sleep(100)
        assert daemon.keeper.pending == {"hdbits"}
        shelf.slow, shelf.away = 0, False
        await trio.sleep(40)
        assert daemon.keeper.pending == frozenset()
        nursery.cancel_scope.cancel()
    assert shelf.kept["hdbits"].state in {"open", "half_open"}


async def test_many_changes_cost_one_save_of_the_newest_state(autojump_clock: MockClock) -> None:
    shelf = Shelf()
    daemon = Daemon(shelf)
    await daemon.start()
    async with trio.open_nursery() as nursery:
        await nursery.start(daemon.keeper.run)
        for _ in range(50):
            daemon.breaker.force_open("a")
            daemon.breaker.reset()
        daemon.breaker.force_open("the_newest")
        await trio.sleep(1)
        assert shelf.saves == 1
        assert shelf.kept["hdbits"].reason == "the_newest"
        nursery.cancel_scope.cancel()


async def test_a_change_during_a_save_is_saved_too(autojump_clock: MockClock) -> None:
    shelf = Shelf()
    daemon = Daemon(shelf)
    await daemon.start()
    async with trio.open_nursery() as nursery:
        await nursery.start(daemon.keeper.run)
        shelf.slow = 2
        daemon.breaker.force_open("first")
        await trio.sleep(1)
        daemon.breaker.force_open("second")
        await trio.sleep(10)
        assert shelf.kept["hdbits"].reason == "second"
        nursery.cancel_scope.cancel()


async def test_the_last_change_is_stored_when_the_keeper_is_cancelled(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    daemon = Daemon(shelf)
    await daemon.start()
    shelf.slow = 1
    async with trio.open_nursery() as nursery:
        await nursery.start(daemon.keeper.run)
        daemon.breaker.force_open("late")
        nursery.cancel_scope.cancel()
    assert shelf.kept["hdbits"].reason == "late"


async def test_a_store_that_hangs_does_not_hold_up_the_stop(autojump_clock: MockClock) -> None:
    shelf = Shelf()
    daemon = Daemon(shelf)
    await daemon.start()
    shelf.slow = 10_000
    async with trio.open_nursery() as nursery:
        await nursery.start(daemon.keeper.run)
        daemon.breaker.force_open("late")
        await trio.sleep(1)
        began = trio.current_time()
        nursery.cancel_scope.cancel()
    assert trio.current_time() - began == 5


async def test_many_slow_saves_do_not_hold_up_the_stop_one_after_the_other(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    keeper = BreakerKeeper(shelf)
    breakers = [await keeper.adopt(Breaker(f"b{number}", CONFIG)) for number in range(9)]
    async with trio.open_nursery() as nursery:
        await nursery.start(keeper.run)
        shelf.slow = 2
        for breaker in breakers:
            breaker.force_open("late")
        began = trio.current_time()
        nursery.cancel_scope.cancel()
    assert trio.current_time() - began == 5


async def test_a_breaker_whose_past_cannot_be_read_is_probed_first(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    shelf.away = True
    daemon = Daemon(shelf)
    assert (await daemon.start()).state is BreakerState.HALF_OPEN


async def test_the_past_is_restored_when_the_store_comes_back(autojump_clock: MockClock) -> None:
    shelf = Shelf()
    first = Daemon(shelf)
    (await first.start()).force_open("maintenance")
    await first.keeper.flush()
    shelf.away = True
    second = Daemon(shelf)
    await second.start()
    async with trio.open_nursery() as nursery:
        await nursery.start(second.keeper.run)
        await trio.sleep(30)
        shelf.away = False
        await trio.sleep(40)
        assert second.breaker.state is BreakerState.FORCED_OPEN
        nursery.cancel_scope.cancel()


async def test_what_was_learned_meanwhile_is_newer_than_the_stored_past(
    autojump_clock: MockClock,
) -> None:
    shelf = Shelf()
    first = Daemon(shelf)
    await first.start()
    await first.trip()
    await first.keeper.flush()
    shelf.away = True
    second = Daemon(shelf)
    await second.start()
    await second.call()
    assert second.breaker.state is BreakerState.CLOSED
    shelf.away = False
    assert await second.keeper.flush()
    assert second.breaker.state is BreakerState.CLOSED
    assert shelf.kept["hdbits"].state == "closed"


async def test_a_breaker_outlives_the_actor_that_uses_it(autojump_clock: MockClock) -> None:
    """An incarnation is cancelled in the middle of its calls; the next one finds the breaker as it was."""
    daemon = Daemon(Shelf())
    await daemon.start()
    await daemon.trip()
    await trio.sleep(10)
    async with trio.open_nursery() as incarnation:

        async def probe() -> None:
            async with daemon.breaker.call():
                await trio.sleep_forever()

        incarnation.start_soon(probe)
        await trio.sleep(1)
        with pytest.raises(BreakerOpen):
            await daemon.call()
        incarnation.cancel_scope.cancel(reason="crashed")
    assert daemon.breaker.state is BreakerState.HALF_OPEN
    await daemon.call()
    assert daemon.breaker.state is BreakerState.CLOSED


def test_a_mark_changes_with_the_settings_and_gives_nothing_away() -> None:
    mark = settings_mark("https://hdbits.example", Secret("passkey"))
    assert mark == settings_mark("https://hdbits.example", Secret("passkey"))
    assert mark != settings_mark("https://hdbits.example", Secret("other"))
    assert mark != settings_mark("https://hdbits.examplep", Secret("asskey"))
    assert len(mark) == 4


async def test_catching_up_restores_what_could_not_be_read(autojump_clock: MockClock) -> None:
    shelf = Shelf()
    first = Daemon(shelf)
    await first.start()
    await first.call(REJECTED)
    await first.keeper.flush()
    shelf.away = True
    second = Daemon(shelf)
    await second.start()
    assert second.breaker.state is BreakerState.HALF_OPEN
    with pytest.raises(DatabaseUnavailable):
        await second.keeper.catch_up()
    shelf.away = False
    await second.keeper.catch_up()
    assert second.breaker.state is BreakerState.FORCED_OPEN


class LostAnswer(Shelf):
    """A store whose first answer is lost on the way, which is noticed three seconds later."""

    asked = 0

    async def load(self, name: str) -> StoredBreaker | None:
        self.asked += 1
        if self.asked == 1:
            await trio.sleep(3)
            raise DatabaseUnavailable("PostgreSQL did not answer.")
        return await super().load(name)


async def test_catching_up_waits_for_who_is_about_to_fail(autojump_clock: MockClock) -> None:
    shelf = LostAnswer()
    first = Daemon(Shelf())
    await first.start()
    await first.call(REJECTED)
    shelf.kept["hdbits"] = first.breaker.stored()
    second = Daemon(shelf)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(second.start)
        await trio.sleep(1)
        await second.keeper.catch_up()
        assert second.breaker.state is BreakerState.FORCED_OPEN
