"""Thresholds, names of states and colours that hold on every board."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Colour, Step, Word

CHECK_CODES: Final = {"pass": 0, "warn": 1, "fail": 2}
BREAKER_CODES: Final = {"closed": 0, "half_open": 1, "open": 2, "forced_open": 3, "disabled": 4}

CHECK_WORDS: Final = (
    (0, Word("pass", Colour.GOOD)),
    (1, Word("warn", Colour.WARNING)),
    (2, Word("fail", Colour.BAD)),
)
BREAKER_WORDS: Final = (
    (0, Word("closed", Colour.GOOD)),
    (1, Word("half open", Colour.PASSING)),
    (2, Word("open", Colour.WARNING)),
    (3, Word("forced open", Colour.BAD)),
    (4, Word("disabled", Colour.RESTING)),
)
ACTOR_WORDS: Final = (
    (0, Word("not running", Colour.PASSING)),
    (1, Word("running", Colour.GOOD)),
    (2, Word("parked", Colour.BAD)),
)
FAULT_WORDS: Final = (
    (0, Word("none", Colour.GOOD)),
    (1, Word("injected", Colour.REHEARSED)),
)

NEVER: Final = ((-1, Word("never", Colour.WARNING)),)
"""For `age_or_never`."""

NEUTRAL: Final = (Step(None, Colour.RESTING),)
GOOD_AT_ZERO: Final = (Step(None, Colour.GOOD), Step(1, Colour.BAD))
"""For what cannot wait."""
WARN_ABOVE_ZERO: Final = (Step(None, Colour.GOOD), Step(1, Colour.WARNING))
"""For what can wait until the morning."""
GOOD_AT_ONE: Final = (Step(None, Colour.BAD), Step(1, Colour.GOOD))
FREE_SPACE: Final = (
    Step(None, Colour.BAD),
    Step(0.05, Colour.WARNING),
    Step(0.2, Colour.GOOD),
)
"""The bounds of ReeldLibraryDiskAlmostFull and ReeldLibraryDiskFillingUp."""


def yes_no(yes: str, no: str, colour: Colour = Colour.BAD) -> tuple[tuple[int, Word], ...]:
    """Return the names of 1, which is good, and of 0, which has this colour."""
    return ((1, Word(yes, Colour.GOOD)), (0, Word(no, colour)))


def none_is_good(none: str = "none") -> tuple[tuple[int, Word], ...]:
    """Return the name of a 0 that is good."""
    return ((0, Word(none, Colour.GOOD)),)


def warn_from(warning: float, bad: float | None = None) -> tuple[Step, ...]:
    """Return thresholds: good, worth a look from `warning` on, bad from `bad` on."""
    steps = (Step(None, Colour.GOOD), Step(warning, Colour.WARNING))
    return steps if bad is None else (*steps, Step(bad, Colour.BAD))


def good_from(good: float, warning: float) -> tuple[Step, ...]:
    """Return thresholds for what should be high: good from `good` on, worth a look from `warning` on."""
    return (Step(None, Colour.BAD), Step(warning, Colour.WARNING), Step(good, Colour.GOOD))


SERIES_COLOURS: Final = (
    ("ok|pass|imported|complete|accepted|matched|committed|info|2..", Colour.GOOD),
    ("refused|retried|rate_limited|timeout|expired|stalled|warning|warn|4..", Colour.WARNING),
    ("error|critical|crashed|failed|dead|down|credentials_rejected|5..", Colour.BAD),
)
"""Outcomes have the same colour in every graph whose legend is the outcome alone; the names are patterns."""
