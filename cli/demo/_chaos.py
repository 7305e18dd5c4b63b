"""Trouble for the demo: every service actor crashes once, and two outside systems go away for a while."""

from __future__ import annotations

import random
from typing import Final

import httpx
import trio

from reeld.cli.demo._progress import Tour
from reeld.cli.demo._view import View
from reeld.simulators.world import World

VICTIMS: Final = ("hdbits", "tmdb", "rss", "qbit", "importer")
HDBITS_AWAY_SECONDS: Final = 4.0
QBITTORRENT_AWAY_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 1.2
ATTEMPTS: Final = 50


async def make_trouble(tour: Tour, world: World, view: View) -> None:
    """Crash each service actor once, through `POST /control`, and turn the simulators' knobs."""
    async with (
        httpx.AsyncClient(trust_env=False, timeout=10.0) as outside,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(_crash_all, tour, view)
        await trio.sleep(1.0)
        await _take_down(outside, world.hdbits.url, HDBITS_AWAY_SECONDS)
        view.say(f"HDBits goes away for {HDBITS_AWAY_SECONDS:g} s.")
        await trio.sleep(5.0)
        await _take_down(outside, world.qbittorrent.url, QBITTORRENT_AWAY_SECONDS)
        view.say(f"qBittorrent goes away for {QBITTORRENT_AWAY_SECONDS:g} s.")


async def _take_down(outside: httpx.AsyncClient, url: str, seconds: float) -> None:
    answer = await outside.post(f"{url}/_knobs", json={"down_for": seconds})
    answer.raise_for_status()


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
