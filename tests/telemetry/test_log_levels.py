from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from reeld.telemetry import configure_logs
from reeld.telemetry.logs import LOGGERS, Levels, levels

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("actors", "cli", "http", "migrations", "services", "storage", "supervisors", "telemetry")


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    levels.on_change = lambda: None
    levels.reset()
    levels.base = "info"
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def events(stream: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in stream.getvalue().splitlines()]


def say_everything() -> None:
    for name in ("reeld.actors", "reeld.actors.qbit", "reeld.storage"):
        structlog.get_logger(name).debug(f"{name} whispers")
        structlog.get_logger(name).warning(f"{name} warns")


def test_a_level_that_is_lowered_while_running_holds_for_the_loggers_below() -> None:
    out = io.StringIO()
    configure_logs(level="error", stream=out)
    say_everything()
    assert events(out) == []
    levels.set("reeld.actors", "debug")
    say_everything()
    assert events(out) == [
        "reeld.actors whispers",
        "reeld.actors warns",
        "reeld.actors.qbit whispers",
        "reeld.actors.qbit warns",
    ]


def test_the_nearest_level_above_a_logger_holds() -> None:
    out = io.StringIO()
    configure_logs(level="info", stream=out)
    levels.set("reeld", "error")
    levels.set("reeld.actors.qbit", "debug")
    say_everything()
    assert events(out) == ["reeld.actors.qbit whispers", "reeld.actors.qbit warns"]


def test_a_level_for_a_time_ends_by_itself() -> None:
    now = 100.0
    visited = Levels(clock=lambda: now)
    visited.set("reeld.storage", "debug", seconds=60)
    assert visited.writes("reeld.storage", logging.DEBUG)
    (override,) = visited.overrides()
    assert (override.logger, override.level, override.seconds_left) == (
        "reeld.storage",
        "debug",
        60,
    )
    now = 160.0
    assert not visited.writes("reeld.storage", logging.DEBUG)
    assert visited.overrides() == ()
    assert visited.lowest == logging.INFO


def test_levels_that_were_taken_back_cost_nothing_more() -> None:
    out = io.StringIO()
    configure_logs(level="warning", stream=out)
    levels.set("reeld.storage", "debug")
    assert structlog.get_config()["wrapper_class"] is structlog.make_filtering_bound_logger(10)
    levels.reset()
    assert structlog.get_config()["wrapper_class"] is structlog.make_filtering_bound_logger(30)


@pytest.mark.parametrize(("logger", "level"), [("httpx", "debug"), ("reeld", "loud")])
def test_what_is_no_logger_of_ours_or_no_level_is_refused(logger: str, level: str) -> None:
    with pytest.raises(KeyError):
        Levels().set(logger, level)  # type: ignore[arg-type]


def test_every_logger_of_the_code_can_be_changed() -> None:
    used = {
        found
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        for found in re.findall(r'get_logger\("([a-z_.]+)"\)', file.read_text(encoding="utf-8"))
    }
    assert used <= set(LOGGERS)
    assert set(LOGGERS) - used == {"reeld"}


def test_a_record_says_which_logger_wrote_it() -> None:
    out = io.StringIO()
    configure_logs(stream=out)
    structlog.get_logger("reeld.storage").info("pool_full")
    assert json.loads(out.getvalue())["logger"] == "reeld.storage"
