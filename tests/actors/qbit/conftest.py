from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from reeld.simulators import World

_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parents[2] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
real_programs = sys.modules.setdefault(_NAME, importlib.util.module_from_spec(_spec))
if not hasattr(real_programs, "require"):
    _spec.loader.exec_module(real_programs)

start_qbittorrent = real_programs.start_qbittorrent


@pytest.fixture
def real_qbittorrent(start_qbittorrent: Any) -> Any:
    """A qbittorrent-nox for this test alone."""
    return start_qbittorrent()


@pytest.fixture
async def world(world: World, rows: Any) -> World:
    """A world whose qBittorrent is configured and looked at ten times a second."""
    rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
    return world
