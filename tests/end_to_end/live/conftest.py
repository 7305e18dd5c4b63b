"""A minute in the life of a reeld to which everything happens, watched by real programs from before its start."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trio

from reeld.simulators.offers import OFFERS
from reeld.simulators.world import World


def _sibling(name: str) -> ModuleType:
    """Load a module beside this file: tests are imported one by one, and their folders are no packages."""
    spec = importlib.util.spec_from_file_location(
        f"reeld_tests_live_{name}", Path(__file__).with_name(f"{name}.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


inbox, watching, troubles, story = (
    _sibling(name) for name in ("inbox", "watching", "troubles", "story")
)
real_programs = sys.modules["reeld_tests_real_programs"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen.

    Attributes:
        watch: Asks the two servers, which still run, and knows what was told.
        began: When reeld was ready and had been scraped for the first time (Unix time).
        ended: When all was well again.
    """

    watch: Any
    began: float
    ended: float


@pytest.fixture(scope="module")
def evidence(builder: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """Everything that can happen, happened once."""
    folder = tmp_path_factory.mktemp("live")
    house = builder.house()
    port = real_programs.free_port()
    with ExitStack() as stack:
        stack.callback(builder.tear_down, house)
        letters, collector = inbox.Inbox(), inbox.Collector()
        address = stack.enter_context(inbox.listening(letters.take))
        traces = stack.enter_context(inbox.listening(collector.take))
        target = f"127.0.0.1:{port}"
        watch = stack.enter_context(
            watching.watching(folder, target, address, letters.told, real_programs)
        )
        house.variables |= {"REELD_BIND": target, "REELD_TRACING_ENDPOINT": traces}

        async def live() -> tuple[float, float]:
            offers = [replace(each, megabytes=1) for each in OFFERS]
            async with (
                World.open(folder / "world", download_seconds=1.5, offers=offers) as world,
                troubles.service_manager(folder) as variables,
            ):
                house.variables |= builder.settings_of(world) | variables
                house.variables["REELD_HDBITS_POLL_SECONDS"] = str(troubles.FEED_SECONDS)
                scene = troubles.Scene(world, house, None, builder.server, collector)
                return await story.live(scene, watch)

        began, ended = trio.run(live)
        yield Evidence(watch, began, ended)
