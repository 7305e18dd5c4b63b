"""What is written, by logger, and for how long: levels that a person changes while the daemon runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import structlog

from reeld.telemetry.logs._redaction import EventDict

Level = Literal["debug", "info", "warning", "error", "critical"]

LOGGERS: Final = (
    "reeld",
    "reeld.actors",
    "reeld.actors.decision",
    "reeld.actors.hdbits",
    "reeld.actors.importer",
    "reeld.actors.indexers",
    "reeld.actors.qbit",
    "reeld.actors.rss",
    "reeld.actors.tmdb",
    "reeld.actors.torznab",
    "reeld.cli",
    "reeld.http",
    "reeld.migrations",
    "reeld.services.hdbits",
    "reeld.services.images",
    "reeld.storage",
    "reeld.supervisors",
    "reeld.telemetry",
)
"""Whose levels may change. Those of libraries may not: at `debug` they write headers and cookies."""

_NUMBERS: Final[dict[str, int]] = {
    level: logging.getLevelNamesMapping()[level.upper()] for level in get_args(Level)
}


@dataclass(frozen=True, slots=True)
class LevelOverride:
    """A level that holds for a logger and those below it.

    Attributes:
        seconds_left: How long it still holds; None for as long as the daemon runs.
    """

    logger: str
    level: Level
    seconds_left: float | None


class Levels:
    """The lowest level that is written: one for all, and others for single loggers.

    The nearest one above a logger holds: what is set for `reeld.actors` holds for `reeld.actors.qbit` too.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._base = logging.INFO
        self._overrides: dict[str, tuple[Level, float | None]] = {}
        self.on_change: Callable[[], None] = lambda: None
        """Called after each change, so that a lowest level that is wanted nowhere costs nothing."""

    @property
    def base(self) -> Level:
        """The level of every logger that has none of its own."""
        return _name_of(self._base)

    @base.setter
    def base(self, level: str) -> None:
        self._base = _NUMBERS[level.lower()]
        self.on_change()

    @property
    def lowest(self) -> int:
        """The lowest level that any logger writes, as the number that the standard library gives it."""
        overrides = tuple(self._overrides.values())
        return min([self._base, *(_NUMBERS[level] for level, _ in overrides)])

    def set(self, logger: str, level: Level, seconds: float | None = None) -> None:
        """Have a logger write from this level on.

        Args:
            logger: One of `LOGGERS`.
            level: The lowest level that is written.
            seconds: How long; for as long as the daemon runs when left out.

        Raises:
            KeyError: There is no such logger or level.
        """
        if logger not in LOGGERS or level not in _NUMBERS:
            raise KeyError(logger if logger not in LOGGERS else level)
        until = None if seconds is None else self._clock() + seconds
        self._overrides[logger] = (level, until)
        self.on_change()

    def reset(self, logger: str | None = None) -> None:
        """Take one override back, or all."""
        if logger is None:
            self._overrides.clear()
        else:
            self._overrides.pop(logger, None)
        self.on_change()

    def overrides(self) -> tuple[LevelOverride, ...]:
        """Return those that hold now, by logger."""
        self._expire()
        now = self._clock()
        return tuple(
            LevelOverride(logger, level, None if until is None else until - now)
            for logger, (level, until) in sorted(dict(self._overrides).items())
        )

    def writes(self, logger: str, level: int) -> bool:
        """Whether a logger writes records of a level."""
        if not self._overrides:
            return level >= self._base
        self._expire()
        name = logger
        while name:
            if (override := self._overrides.get(name)) is not None:
                return level >= _NUMBERS[override[0]]
            name = name.rpartition(".")[0]
        return level >= self._base

    def __call__(self, logger: Any, method: str, event: EventDict) -> EventDict:
        """Drop what is not to be written, as the first processor."""
        level = _NUMBERS.get(method, logging.ERROR)
        if not self.writes(getattr(logger, "name", ""), level):
            raise structlog.DropEvent
        return event

    def _expire(self) -> None:
        now = self._clock()
        past = [
            name
            for name, (_, until) in tuple(self._overrides.items())
            if until is not None and until <= now
        ]
        for name in past:
            # Another thread may have seen the same.
            self._overrides.pop(name, None)
        if past:
            self.on_change()


def _name_of(number: int) -> Level:
    return next(level for level in get_args(Level) if _NUMBERS[level] == number)


levels = Levels()
"""The process's levels."""
