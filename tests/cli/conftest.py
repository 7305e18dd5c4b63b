"""A whole outside for the commands: simulators on loopback, and settings that lead to them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reeld.simulators.world import World


def variables_of(world: World) -> dict[str, str]:
    """The variables that lead a daemon to the world's simulators."""
    username, password = world.qbittorrent.credentials
    feed = {"name": "open-movies", "url": world.rss.feed_url, "interval_seconds": 2}
    return {
        "REELD_TMDB_URL": world.tmdb.url,
        "REELD_TMDB_TOKEN": world.tmdb.token,
        "REELD_HDBITS_URL": world.hdbits.url,
        "REELD_HDBITS_USERNAME": world.hdbits.username,
        "REELD_HDBITS_PASSKEY": world.hdbits.passkey,
        "REELD_HDBITS_POLL_SECONDS": "5",
        "REELD_HDBITS_SPACING_SECONDS": "0.1",
        "REELD_HDBITS_CALLS_PER_HOUR": "10000",
        "REELD_QBITTORRENT_URL": world.qbittorrent.url,
        "REELD_QBITTORRENT_USERNAME": username,
        "REELD_QBITTORRENT_PASSWORD": password,
        "REELD_QBITTORRENT_POLL_SECONDS": "0.3",
        "REELD_FEEDS": json.dumps([feed]),
    }


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """TMDB, HDBits, a feed and qBittorrent."""
    async with World.open(tmp_path / "world") as opened:
        opened.downloads.mkdir(parents=True, exist_ok=True)
        yield opened


@pytest.fixture
def environ(world: World, tmp_path: Path) -> dict[str, str]:
    """Variables with which everything is well."""
    (tmp_path / "library").mkdir()
    return {
        "REELD_DATA_DIR": str(tmp_path / "data"),
        "REELD_BIND": "127.0.0.1:0",
        "REELD_LIBRARY_ROOT_FOLDER": str(tmp_path / "library"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        **variables_of(world),
    }
