"""How big a movie of a quality may be, for each minute that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reeld.domain.errors import InvalidField
from reeld.domain.quality import Quality

MOST: Final = 2000.0
"""Megabytes a minute that Radarr's editor allows."""

UNKNOWN_RUNTIME: Final = 110
"""Minutes that Radarr assumes for a movie whose running time nobody knows."""

_MB: Final = 1024 * 1024


class InvalidLimits(InvalidField):
    """The limits of a quality contradict each other."""

    default_reason = "invalid_limits"


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Megabytes (of 1024 * 1024 bytes) a minute of running time.

    Attributes:
        preferred: What a release should come close to; None: the bigger the better.
        maximum: None is no limit.

    Raises:
        InvalidLimits: One lies outside 0 to 2000, or above the next one.
    """

    minimum: float = 0.0
    preferred: float | None = 95.0
    maximum: float | None = 100.0

    def __post_init__(self) -> None:
        """Check that the three are in order."""
        named = (
            ("minimum", self.minimum),
            ("preferred", self.preferred),
            ("maximum", self.maximum),
        )
        floor, below = 0.0, "0"
        for name, value in named:
            if value is None:
                continue
            if not floor <= value <= MOST:  # False for NaN too.
                raise InvalidLimits(name, f"must lie between {below} and {MOST:g}, not {value:g}.")
            floor, below = value, f"the {name} ({value:g})"

    def smallest(self, minutes: int | None) -> int:
        """Return how many bytes a movie that runs so long has at least; 0 is no limit."""
        return _bytes(self.minimum, minutes)

    def largest(self, minutes: int | None) -> int | None:
        """Return how many bytes a movie that runs so long has at most; None is no limit, as is a 0 in Radarr."""
        return _bytes(self.maximum, minutes) if self.maximum else None

    def best(self, minutes: int | None) -> int | None:
        """Return the bytes that a movie that runs so long should have; None: as many as possible."""
        return _bytes(self.preferred, minutes) if self.preferred else None


def _bytes(per_minute: float, minutes: int | None) -> int:
    return int(per_minute * (minutes or UNKNOWN_RUNTIME) * _MB)


_BOUNDED: Final = QualityLimits()
_UNBOUNDED: Final = QualityLimits(preferred=None, maximum=None)

DEFAULTS: Final[Mapping[Quality, QualityLimits]] = {
    quality: _BOUNDED if quality.weight < Quality.BLURAY_1080P.weight else _UNBOUNDED
    for quality in Quality
}
"""Radarr's limits (`Qualities/Quality.cs`)."""


def limits_for(quality: Quality, overrides: Mapping[Quality, QualityLimits]) -> QualityLimits:
    """Return the limits of a quality: what a person set, else Radarr's."""
    return overrides.get(quality) or DEFAULTS[quality]
