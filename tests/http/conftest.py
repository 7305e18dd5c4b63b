"""A daemon with the whole outside simulated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reeld.actors import health
from reeld.cli import group_gauges, rows
from reeld.domain.settings import Settings
from reeld.simulators.world import World


@pytest.fixture(autouse=True)
def _health_is_looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(rows, "COUNT_SECONDS", 0.3)
    monkeypatch.setattr(group_gauges, "LOOK_SECONDS", 0.3)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World.open(tmp_path / "world", download_seconds=0.3) as opened:
        yield opened


@pytest.fixture
def world_settings(daemon_settings: Settings, world: World) -> Settings:
    return replace(
        daemon_settings,
        tmdb=world.tmdb_settings(),
        hdbits=world.hdbits_settings(poll_seconds=60, spacing_seconds=0.05),
        qbittorrent=world.qbittorrent_settings(poll_seconds=0.1),
        feeds=(world.feed_settings(),),
    )


@pytest.fixture
async def daemon(run_daemon: Any, world_settings: Settings) -> AsyncIterator[Any]:
    """A daemon that does its work in that world."""
    async with run_daemon(world_settings) as running:
        yield running
