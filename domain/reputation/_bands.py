"""Reputations in five bands, where a number is too fine: for the label of a metric, and for a colour."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from reeld.domain.reputation._reputation import PRIOR_LOWER


class Band(StrEnum):
    """How far a group is to be trusted; the bound below which the next one begins is beside it."""

    POOR = "poor"
    """Below 0.25: more than one bad thing, and little that is good."""
    DOUBTFUL = "doubtful"
    """Below what a group without evidence has."""
    UNPROVEN = "unproven"
    """From there to 0.6: nothing is known, or a few good things."""
    GOOD = "good"
    """From 0.6, for which some three kept imports are needed."""
    PROVEN = "proven"
    """From 0.8, for which some ten are needed."""


_BELOW: Final = (
    (0.25, Band.POOR),
    (PRIOR_LOWER - 1e-6, Band.DOUBTFUL),
    (0.6, Band.UNPROVEN),
    (0.8, Band.GOOD),
)


def band_of(lower: float) -> Band:
    """Return the band of a reputation."""
    for bound, band in _BELOW:
        if lower < bound:
            return band
    return Band.PROVEN
