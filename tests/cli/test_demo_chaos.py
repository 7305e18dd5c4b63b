from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import trio
from trio.testing import MockClock

from reeld.cli.demo._chaos import AWAY_SECONDS, LONGEST_AWAY_SECONDS, VICTIMS, make_trouble
from reeld.cli.demo._progress import Tour
from reeld.simulators.hdbits import HdbitsSimulator
from reeld.simulators.world import World


class Said:
    """A view that keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def update(self) -> None: ...

    def say(self, text: str) -> None:
        self.lines.append(text)


def a_world() -> World:
    return cast("World", SimpleNamespace(hdbits=HdbitsSimulator(), qbittorrent=HdbitsSimulator()))


async def call_every_second(world: World, after: float) -> None:
    """What a daemon does: it calls both, and is refused while they are away."""
    await trio.sleep(after)
    while True:
        for simulator in (world.hdbits, world.qbittorrent):
            simulator.refused += simulator.knobs.down
        await trio.sleep(1)


@pytest.mark.parametrize("after", [0.0, AWAY_SECONDS * 3])
async def test_both_systems_stay_away_until_they_were_missed_and_every_victim_crashes_once(
    autojump_clock: MockClock, after: float
) -> None:
    crashed: list[str] = []

    def crash(request: httpx.Request) -> httpx.Response:
        crashed.append(request.url.path)
        return httpx.Response(200)

    world, said = a_world(), Said()
    transport = httpx.MockTransport(crash)
    async with (
        httpx.AsyncClient(base_url="http://it", transport=transport) as api,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(call_every_second, world, after)
        await make_trouble(Tour(api, []), world, said)
        nursery.cancel_scope.cancel()
    assert crashed == [f"/control/actors/{victim}/crash" for victim in VICTIMS]
    for simulator in (world.hdbits, world.qbittorrent):
        assert simulator.refused > 0
        assert not simulator.knobs.down
    assert trio.current_time() >= max(after, 2 * AWAY_SECONDS)
    back = [line for line in said.lines if "is back" in line]
    assert len(back) == 2
    assert not any(" 0 times" in line for line in back)


async def test_a_system_that_nobody_misses_comes_back_all_the_same(
    autojump_clock: MockClock,
) -> None:
    world: Any = a_world()
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(base_url="http://it", transport=transport) as api:
        await make_trouble(Tour(api, []), world, Said())
    assert not world.hdbits.knobs.down
    assert trio.current_time() == pytest.approx(2 * LONGEST_AWAY_SECONDS)
