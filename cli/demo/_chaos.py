"""Trouble for the demo: every service actor crashes once, and two outside systems go away for a while."""

from __future__ import annotations

import random
from typing import Final

import trio

from reeld.cli.demo._progress import POLL_SECONDS, Tour
from reeld.cli.demo._view import View
from reeld.simulators.simulator import Simulator
from reeld.simulators.world import World

VICTIMS: Final = ("hdbits", "tmdb", "rss", "qbit", "importer")
AWAY_SECONDS: Final = 4.0
LONGEST_AWAY_SECONDS: Final = 30.0
"""When nobody has called by then, it comes back all the same."""
PAUSE_SECONDS: Final = 1.2
ATTEMPTS: Final = 50


async def make_trouble(tour: Tour, world: World, view: View) -> None:
    """Crash each service actor once, through `POST /control`, and take HDBits and qBittorrent down in turn."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_crash_all, tour, view)
        await _take_down(world.hdbits, "HDBits", view)
        await _take_down(world.qbittorrent, "qBittorrent", view)


async def _take_down(simulator: Simulator, label: str, view: View) -> None:
    """Keep a system away for a while, and until it was missed: an outage that nobody notices proves nothing."""
    before = simulator.refused
    simulator.turn(down_for=LONGEST_AWAY_SECONDS)
    view.say(f"{label} goes away.")
    with trio.move_on_after(LONGEST_AWAY_SECONDS):
        await trio.sleep(AWAY_SECONDS)
        while simulator.refused == before:
            view.update()
            await trio.sleep(POLL_SECONDS)
    simulator.turn(down_for=0)
    missed = simulator.refused - before
    view.say(
        f"{label} is back; it was called {missed} {'time' if missed == 1 else 'times'} in vain."
    )


async def _crash_all(tour: Tour, view: View) -> None:
    for victim in VICTIMS:
        await _crash(tour, victim)
        view.say(f"{victim} crashes; its supervisor starts it again.")
        await trio.sleep(PAUSE_SECONDS * random.uniform(0.8, 1.2))


async def _crash(tour: Tour, victim: str) -> None:
    # An actor that is between two incarnations cannot be crashed just then.
    for _ in range(ATTEMPTS):
        answer = await tour.api.post(f"/control/actors/{victim}/crash")
        if answer.is_success:
            return
        await trio.sleep(0.1)
    answer.raise_for_status()
