from __future__ import annotations

from datetime import UTC, datetime

import pytest
import trio

from reeld.actors.leadership import outlast
from reeld.storage.errors import LeadershipHeld

SINCE = datetime(2026, 1, 2, tzinfo=UTC)


class Lead:
    """A lead whose holder last renewed its lease at time zero, or still does every ten seconds."""

    def __init__(self, *, renewed: bool, freed_at: float = 30.0) -> None:
        self._renewed = renewed
        self._freed_at = freed_at
        self._began = trio.current_time()

    @property
    def passed(self) -> float:
        return trio.current_time() - self._began

    async def acquire(self) -> int:
        lease = 30.0 - (self.passed % 10.0 if self._renewed else self.passed)
        if self._renewed or self.passed < self._freed_at:
            raise LeadershipHeld(host="a", pid=7, since=SINCE, lease_seconds=lease)
        return 5


def ignore(_sentence: str) -> None: ...


async def test_a_holder_that_is_gone_is_outlasted(autojump_clock: trio.testing.MockClock) -> None:
    told: list[str] = []
    lead = Lead(renewed=False)
    assert await outlast(lead.acquire, told.append) == 5
    assert 30.0 <= lead.passed <= 32.0
    assert "takes over in 30 s" in told[0]


async def test_a_lead_that_is_given_back_meanwhile_is_taken_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    lead = Lead(renewed=False, freed_at=3.5)
    await outlast(lead.acquire, ignore)
    assert lead.passed < 6.0


async def test_a_holder_that_renews_its_lease_is_not_waited_for_any_longer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    lead = Lead(renewed=True)
    with pytest.raises(LeadershipHeld):
        await outlast(lead.acquire, ignore)
    assert lead.passed < 12.0


async def test_a_holder_that_is_known_to_live_is_not_waited_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    lead = Lead(renewed=True)
    with pytest.raises(LeadershipHeld):
        await outlast(lead.acquire, ignore, alive=SINCE)
    assert lead.passed == 0.0
