from __future__ import annotations

import math

from prometheus_client import Histogram

from reeld.telemetry.quantiles import KEPT, Recent, buckets_of, quantile

INF = math.inf


def test_a_quantile_lies_within_its_bucket_as_prometheus_says() -> None:
    buckets = {0.1: 50.0, 0.2: 100.0, INF: 100.0}
    assert quantile(buckets, 0.5) == 0.1
    assert quantile(buckets, 0.75) == 0.15000000000000002


def test_what_lies_above_all_bounds_is_the_last_bound() -> None:
    assert quantile({0.1: 0.0, 0.2: 1.0, INF: 100.0}, 0.99) == 0.2


def test_nothing_observed_is_nothing() -> None:
    assert quantile({}, 0.5) is None
    assert quantile({0.1: 0.0, INF: 0.0}, 0.5) is None


def test_histograms_are_added_up() -> None:
    family = Histogram("t", "t", ["a"], buckets=(1.0, 2.0), registry=None)
    family.labels("x").observe(0.5)
    family.labels("y").observe(1.5)
    assert buckets_of([family.labels("x"), family.labels("y")]) == {1.0: 1, 2.0: 2, INF: 2}


def test_only_the_last_while_counts() -> None:
    recent = Recent()
    assert recent.take({INF: 1000.0}) == {INF: 1000.0}
    for _ in range(KEPT):
        latest = recent.take({INF: 1001.0})
    assert latest == {INF: 1.0} or latest == {INF: 0.0}
    assert recent.take({INF: 1005.0}) == {INF: 4.0}
