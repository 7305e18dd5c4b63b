from __future__ import annotations

from typing import Any

import pytest

from reeld.simulators import World


@pytest.fixture
async def world(world: World, rows: Any) -> World:
    """A world whose feed is configured and full."""
    world.publish_feed()
    rows.configure(feeds=(world.feed_settings(interval_seconds=60.0),))
    return world
