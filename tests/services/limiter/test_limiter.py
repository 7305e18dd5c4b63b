from __future__ import annotations

import itertools

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from reeld.domain.errors import DatabaseUnavailable
from reeld.services.limiter import Bucket, Limiter, LimiterState, LimiterWait, Pace


class Store:
    def __init__(self, state: LimiterState | None = None) -> None:
        self.state = state
        self.saves = 0
        self.broken = False

    async def load(self, name: str) -> LimiterState | None:
        return self.state

    async def save(self, name: str, state: LimiterState) -> None:
        if self.broken:
            raise DatabaseUnavailable("gone")
        self.saves += 1
        self.state = state


def wall() -> float:
    return 1_000_000.0 + trio.current_time()


async def times_of(limiter: Limiter, calls: int) -> list[float]:
    start = trio.current_time()
    times = []
    for _ in range(calls):
        await limiter.turn()
        times.append(round(trio.current_time() - start, 6))
    return times


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate(autojump_clock: MockClock) -> None:
    times = await times_of(Limiter("tmdb", Pace(per_second=20, burst=10)), 14)
    assert times == [0.0] * 10 + [0.05, 0.1, 0.15, 0.2]


async def test_the_gap_lies_between_any_two_calls(autojump_clock: MockClock) -> None:
    limiter = Limiter("hdbits", Pace(per_second=100, burst=100, gap=2.0))
    assert await times_of(limiter, 4) == [0.0, 2.0, 4.0, 6.0]


async def test_callers_pass_in_the_order_they_came(autojump_clock: MockClock) -> None:
    limiter = Limiter("hdbits", Pace(per_second=10, gap=1.0))
    order: list[int] = []

    async def call(number: int) -> None:
        await limiter.turn()
        order.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(call, number)
            await trio.testing.wait_all_tasks_blocked()
    assert order == [0, 1, 2, 3, 4]


async def test_a_wait_that_is_too_long_is_refused_with_its_length(
    autojump_clock: MockClock,
) -> None:
    limiter = Limiter("hdbits", Pace(per_second=1 / 60), max_wait=10.0)
    await limiter.turn()
    with pytest.raises(LimiterWait, match="goes on by itself") as caught:
        await limiter.turn()
    assert caught.value.retry_after == pytest.approx(60.0)


async def test_queueing_behind_others_counts_as_waiting(autojump_clock: MockClock) -> None:
    limiter = Limiter("hdbits", Pace(per_second=10, gap=4.0), max_wait=10.0)
    refused = 0

    async def call() -> None:
        nonlocal refused
        try:
            await limiter.turn()
        except LimiterWait:
            refused += 1

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(call)
    assert refused == 3  # at 0, 4 and 8 seconds three pass


async def test_a_cancelled_wait_uses_nothing_up(autojump_clock: MockClock) -> None:
    limiter = Limiter("hdbits", Pace(per_second=10, gap=5.0))
    await limiter.turn()
    with trio.move_on_after(1):
        await limiter.turn()
    assert await times_of(limiter, 1) == [4.0]


async def test_a_crash_loop_makes_no_more_calls_than_allowed(autojump_clock: MockClock) -> None:
    store = Store()
    pace = Pace(per_second=0.01, burst=2, gap=2.0)
    passed = 0
    for _ in range(10):
        limiter = Limiter("hdbits", pace, store=store, wall_clock=wall, max_wait=5)
        try:
            await limiter.turn()
            passed += 1
        except LimiterWait:
            pass
    assert passed == 2


async def test_the_call_is_accounted_for_before_it_is_let_through(
    autojump_clock: MockClock,
) -> None:
    store = Store()
    limiter = Limiter("hdbits", Pace(per_second=1), store=store, wall_clock=wall)
    store.broken = True
    with pytest.raises(DatabaseUnavailable):
        await limiter.turn()
    store.broken = False
    assert await times_of(limiter, 1) == [1.0]


async def test_being_told_to_stay_away_survives_a_restart(autojump_clock: MockClock) -> None:
    store = Store()
    limiter = Limiter("hdbits", Pace(per_second=1), store=store, wall_clock=wall)
    await limiter.hold_off(900)
    again = Limiter("hdbits", Pace(per_second=1), store=store, wall_clock=wall)
    with pytest.raises(LimiterWait) as caught:
        await again.turn()
    assert caught.value.retry_after == pytest.approx(900)
    await trio.sleep(895)
    assert await times_of(again, 1) == [5.0]


async def test_two_that_share_a_store_keep_their_calls_apart(autojump_clock: MockClock) -> None:
    store, pace = Store(), Pace(per_second=0.001, burst=3, gap=2.0)
    one = Limiter("hdbits", pace, store=store, wall_clock=wall)
    other = Limiter("hdbits", pace, store=store, wall_clock=wall)
    assert await times_of(one, 1) + await times_of(other, 1) + await times_of(one, 1) == [0, 2, 2]
    with pytest.raises(LimiterWait):
        await other.turn()  # the three of the burst are used up, whoever used them


async def test_what_one_is_told_holds_for_the_other_that_runs_already(
    autojump_clock: MockClock,
) -> None:
    store, pace = Store(), Pace(per_second=1)
    one = Limiter("hdbits", pace, store=store, wall_clock=wall)
    other = Limiter("hdbits", pace, store=store, wall_clock=wall)
    await one.turn()
    await other.hold_off(900)
    with pytest.raises(LimiterWait) as caught:
        await one.turn()
    assert caught.value.retry_after == pytest.approx(900)


async def test_a_clock_that_is_set_back_stops_nothing_that_runs(autojump_clock: MockClock) -> None:
    hours = [0.0]
    store, pace = Store(), Pace(per_second=1, gap=1.0)
    limiter = Limiter("hdbits", pace, store=store, wall_clock=lambda: wall() - hours[0] * 3600)
    await limiter.turn()
    hours[0] = 5.0
    assert await times_of(limiter, 2) == [1.0, 2.0]


async def test_whoever_waits_already_hears_of_it_too(autojump_clock: MockClock) -> None:
    limiter = Limiter("hdbits", Pace(per_second=10, gap=2.0))
    await limiter.turn()
    outcomes: list[str] = []

    async def call() -> None:
        try:
            await limiter.turn()
        except LimiterWait:
            outcomes.append("refused")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(call)
        await trio.sleep(1)
        nursery.start_soon(limiter.hold_off, 900)
    assert outcomes == ["refused"]


async def test_a_stored_time_from_a_wrong_clock_holds_for_a_day_at_most(
    autojump_clock: MockClock,
) -> None:
    store = Store(LimiterState(tokens=1.0, counted_at=wall() + 9e9, next_allowed_at=wall() + 9e9))
    limiter = Limiter("hdbits", Pace(per_second=1), store=store, wall_clock=wall)
    with pytest.raises(LimiterWait) as caught:
        await limiter.turn()
    assert caught.value.retry_after == pytest.approx(24 * 3600)


@given(
    st.integers(1, 50),
    st.lists(st.floats(0, 120), min_size=1, max_size=200),
)
def test_no_hour_holds_more_calls_than_allowed(calls: int, pauses: list[float]) -> None:
    now = 0.0
    bucket = Bucket.full(Pace.per_hour(calls, gap=0.5), now)
    made: list[float] = []
    for pause in pauses:
        now += pause
        now += bucket.wait(now)
        bucket.take(now)
        made.append(now)
    for start in made:
        assert sum(start <= moment < start + 3600 for moment in made) <= max(calls, 1) + 1
    assert all(later - earlier >= 0.5 - 1e-6 for earlier, later in itertools.pairwise(made))


@given(
    calls=st.integers(min_value=1, max_value=100),
    pauses=st.lists(st.floats(min_value=0, max_value=4000), max_size=300),
)
def test_no_hour_holds_more_calls_than_a_spread_pace_allows(
    calls: int, pauses: list[float]
) -> None:
    now = 0.0
    bucket = Bucket.full(Pace.spread(calls), now)
    made: list[float] = []
    for pause in pauses:
        now += pause
        now += bucket.wait(now)
        bucket.take(now)
        made.append(now)
    for start in made:
        assert sum(start <= moment < start + 3599 for moment in made) <= calls


@pytest.mark.parametrize("wrong", [(0, 1, 0), (1, 0.5, 0), (1, 1, -1)])
def test_an_impossible_pace_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="a pace needs"):
        Pace(*wrong)


async def test_how_long_a_call_waited_is_told(autojump_clock: MockClock) -> None:
    told: list[tuple[str, float]] = []
    limiter = Limiter(
        "hdbits",
        Pace(per_second=0.5, burst=1),
        on_wait=lambda name, seconds: told.append((name, round(seconds, 3))),
    )
    await limiter.turn()
    await limiter.turn()
    assert told == [("hdbits", 0.0), ("hdbits", 2.0)]


async def test_a_slow_save_brings_no_two_calls_closer_together(autojump_clock: MockClock) -> None:
    class SlowOnce:
        seconds = 1.5

        async def load(self, name: str) -> None:
            return None

        async def save(self, name: str, state: object) -> None:
            await trio.sleep(self.seconds)
            self.seconds = 0.0

    limiter = Limiter("hdbits", Pace(per_second=100.0, burst=9.0, gap=2.0), store=SlowOnce())
    await limiter.turn()
    first = trio.current_time()
    await limiter.turn()
    assert trio.current_time() - first >= 2.0
