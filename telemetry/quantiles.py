"""Quantiles of the last while, from histograms that only ever count up."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from prometheus_client import Histogram

Buckets: TypeAlias = Mapping[float, float]
"""By upper bound, how many observations were not above it."""

KEPT: Final = 13
"""Readings that are kept; with one every five seconds, those of the last minute."""


def buckets_of(histograms: Iterable[Histogram]) -> dict[float, float]:
    """Return the sums of some histograms with equal buckets."""
    sums: dict[float, float] = {}
    for histogram in histograms:
        for family in histogram.collect():
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    bound = float(sample.labels["le"])
                    sums[bound] = sums.get(bound, 0.0) + sample.value
    return sums


def quantile(buckets: Buckets, share: float) -> float | None:
    """Return the value below which a share of the observations lies, as Prometheus' `histogram_quantile` does.

    Args:
        buckets: How many observations were not above each bound.
        share: 0 to 1.

    Returns:
        The value, in the histogram's unit; the last finite bound when it lies above; None without observations.
    """
    total = buckets.get(math.inf, 0.0)
    if total <= 0:
        return None
    wanted, below, lower = share * total, 0.0, 0.0
    for bound in sorted(buckets):
        count = buckets[bound]
        if count >= wanted:
            if math.isinf(bound):
                return lower
            within = count - below
            return lower + (bound - lower) * ((wanted - below) / within if within else 1.0)
        below, lower = count, bound
    return lower


class Recent:
    """Turns readings of ever growing counts into those of the last while."""

    def __init__(self) -> None:
        self._readings: deque[Buckets] = deque(maxlen=KEPT)

    def take(self, now: Buckets) -> dict[float, float]:
        """Take a reading, and return what was observed since the oldest that is kept."""
        oldest = self._readings[0] if self._readings else {}
        self._readings.append(now)
        return {bound: count - oldest.get(bound, 0.0) for bound, count in now.items()}
