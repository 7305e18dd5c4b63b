from __future__ import annotations

import time

import pytest
import trio

from reeld.actors.limiting import StoredLimits
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
