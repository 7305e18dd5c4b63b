"""Time, faster: every duration of a rule divided by one factor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SCRAPE_SECONDS: Final = 15.0
"""How often Prometheus asks for the metrics."""
LEAST_SAMPLES: Final = 4
"""A range shorter than four scrapes may hold one sample, of which no rate can be told."""

_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])", re.ASCII)
_RANGE: Final = re.compile(r"\[(\w+)\]")
_OFFSET: Final = re.compile(r"\boffset (\w+)")
_SECONDS: Final = re.compile(r"\{(\d+(?:\.\d+)?[dhms])\}")


def milliseconds(duration: str) -> int:
    """Return the length of a duration such as `1.5h`.

    Raises:
        ValueError: It is none.
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is no duration such as 5m")
    return round(float(found[1]) * dict(_UNITS)[found[2]])


def duration_of(length: int) -> str:
    """Return milliseconds as Prometheus writes them, in the largest unit that leaves no rest."""
    return next(f"{length // size}{unit}" for unit, size in _UNITS if length % size == 0)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much faster than life the rules run, under a Prometheus that scrapes every `scrape_seconds`.

    Attributes:
        factor: 1 leaves everything as it is written.
        scrape_seconds: Ranges become no shorter than four of these, intervals no shorter than one.
    """

    factor: float = 1.0
    scrape_seconds: float = SCRAPE_SECONDS

    def __post_init__(self) -> None:
        if not (self.factor > 0 and self.scrape_seconds > 0):
            raise ValueError("factor and scrape_seconds must be positive")

    def duration(self, written: str) -> str:
        """Return how long an alert must last, or how far back an offset looks."""
        return duration_of(max(1, self._divided(written)))

    def range(self, written: str) -> str:
        """Return a range window."""
        return duration_of(self._at_least(LEAST_SAMPLES, written))

    def interval(self, written: str) -> str:
        """Return how often a group is evaluated."""
        return duration_of(self._at_least(1, written))

    def expression(self, written: str) -> str:
        """Return an expression with its ranges, offsets and `{seconds}`."""
        text = _RANGE.sub(lambda found: f"[{self.range(found[1])}]", written)
        text = _OFFSET.sub(lambda found: f"offset {self.duration(found[1])}", text)
        return _SECONDS.sub(lambda found: f"{self._divided(found[1]) / 1000:.10g}", text)

    def _divided(self, written: str) -> int:
        return round(milliseconds(written) / self.factor)

    def _at_least(self, scrapes: int, written: str) -> int:
        # What is written shorter than that on purpose stays as it is.
        least = min(round(scrapes * self.scrape_seconds * 1000), milliseconds(written))
        return max(self._divided(written), least)
