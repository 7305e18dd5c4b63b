from __future__ import annotations

from typing import Any

import pytest

from reeld.simulators import World


@pytest.fixture
async def world(world: World, rows: Any) -> World:
    """A world whose HDBits is configured, at a pace that tests can wait for."""
    rows.configure(hdbits=world.hdbits_settings(spacing_seconds=0.0))
    return world
