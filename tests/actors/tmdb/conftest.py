from __future__ import annotations

from typing import Any

import pytest

from reeld.simulators import World


@pytest.fixture
async def world(world: World, rows: Any) -> World:
    """A world whose TMDB is configured."""
    rows.configure(tmdb=world.tmdb_settings())
    return world
