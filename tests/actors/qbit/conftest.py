from __future__ import annotations

from typing import Any

import pytest

from reeld.simulators import World


@pytest.fixture
async def world(world: World, rows: Any) -> World:
    """A world whose qBittorrent is configured and looked at ten times a second."""
    rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
    return world
