from __future__ import annotations

import time

import pytest
import trio
from trio.testing import MockClock

from reeld.actors.limiting import Limits, StoredLimits
from reeld.services.limiter import Limiter, LimiterWait, Pace
from reeld.storage import Database

PACE = Pace(per_second=100.0, burst=3.0, gap=0.3)


async def test_a_limiter_that_starts_anew_goes_on_where_the_last_one_stopped(
    database: Database,
) -> None:
    times = []
    for _ in range(3):
        limiter = Limiter("hdbits", PACE, store=StoredLimits(database))
        await limiter.turn()
        times.append(trio.current_time())
    assert min(times[1] - times[0], times[2] - times[1]) >= 0.29


async def test_a_wait_that_was_asked_for_survives_too(database: Database) -> None:
    await Limiter("hdbits", PACE, store=StoredLimits(database)).hold_off(900.0)
    again = Limiter("hdbits", PACE, store=StoredLimits(database), max_wait=1.0)
    with pytest.raises(LimiterWait) as wait:
        await again.turn()
    assert wait.value.retry_after is not None
    assert 890 < wait.value.retry_after <= 900


async def test_nothing_is_known_of_a_limiter_that_never_ran(database: Database) -> None:
    assert await StoredLimits(database).load("hdbits") is None


async def test_what_is_stored_is_in_the_time_of_the_calendar(database: Database) -> None:
    limits = StoredLimits(database)
    await Limiter("hdbits", PACE, store=limits).turn()
    state = await limits.load("hdbits")
    assert state is not None
    assert abs(state.counted_at - time.time()) < 5
    assert 0 < state.next_allowed_at - state.counted_at <= 0.31


async def test_a_limit_that_was_slowed_down_for_a_time_is_whole_again_without_anybody_looking(
    autojump_clock: MockClock,
) -> None:
    limits, limiter = Limits(), Limiter("hdbits", Pace(per_second=10, gap=2.0), max_wait=10)
    limits.adopt(limiter)
    await limiter.turn()
    limits.slow_down("hdbits", 0.001, seconds=60)
    with pytest.raises(LimiterWait):
        await limiter.turn()
    await trio.sleep(61)
    begun = trio.current_time()
    await limiter.turn()
    await limiter.turn()
    assert trio.current_time() - begun <= 4.1
    assert limits.view("hdbits").factor == 1.0


async def test_silence_that_the_other_side_asked_for_outlasts_any_change_of_pace(
    autojump_clock: MockClock,
) -> None:
    limits, limiter = Limits(), Limiter("hdbits", Pace(per_second=10, gap=2.0), max_wait=1000)
    limits.adopt(limiter)
    await limiter.turn()
    begun = trio.current_time()
    await limiter.hold_off(900)
    limits.slow_down("hdbits", 0.5, seconds=10)
    await trio.sleep(11)
    await limiter.turn()
    assert trio.current_time() - begun >= 900


async def test_a_client_that_is_made_anew_is_slowed_down_like_the_last_one(
    autojump_clock: MockClock,
) -> None:
    limits = Limits()
    limits.adopt(Limiter("tmdb", Pace(per_second=20)))
    limits.slow_down("tmdb", 0.5)
    anew = Limiter("tmdb", Pace(per_second=20))
    limits.adopt(anew)
    assert anew.pace.per_second == 10
