"""The registry behind `/metrics`, built from the catalogue."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Mapping
from itertools import product

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from reeld.telemetry.catalogue import CATALOGUE, Kind, Metric

disable_created_metrics()  # type: ignore[no-untyped-call]

log = structlog.get_logger("reeld.telemetry")


class Metrics:
    """The metrics of one daemon.

    Args:
        known: Label values known in advance, by label name. Every combination whose labels are all known exists
            with the value 0 from the start, because a rate over a series that is not there says nothing.
        catalogue: The table to build.
    """

    def __init__(
        self,
        known: Mapping[str, Iterable[str]] | None = None,
        catalogue: tuple[Metric, ...] = CATALOGUE,
    ) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._families: dict[str, Counter | Gauge | Histogram] = {}
        self._replaced: dict[str, frozenset[tuple[str, ...]]] = {}
        values = {label: tuple(each) for label, each in (known or {}).items()}
        for metric in catalogue:
            family = self._build(metric)
            self._families[metric.name] = family
            if metric.labels and all(label in values for label in metric.labels):
                for combination in product(*(values[label] for label in metric.labels)):
                    family.labels(*combination)

    def _build(self, metric: Metric) -> Counter | Gauge | Histogram:
        match metric.kind:
            case Kind.COUNTER:
                return Counter(metric.name, metric.help, metric.labels, registry=self.registry)
            case Kind.GAUGE:
                return Gauge(metric.name, metric.help, metric.labels, registry=self.registry)
            case Kind.HISTOGRAM:
                return Histogram(
                    metric.name,
                    metric.help,
                    metric.labels,
                    registry=self.registry,
                    buckets=metric.buckets,
                )

    def add(self, name: str, amount: float = 1.0, /, **labels: str) -> None:
        """Count `amount` on a counter. Unknown names are a programming error and raise KeyError."""
        family = self._families[name]
        assert isinstance(family, Counter), name
        (family.labels(**labels) if labels else family).inc(amount)

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        family = self._families[name]
        assert isinstance(family, Gauge), name
        (family.labels(**labels) if labels else family).set(value)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Record a value, in the metric's unit, in a histogram."""
        family = self._families[name]
        assert isinstance(family, Histogram), name
        (family.labels(**labels) if labels else family).observe(value)

    def replace(self, name: str, series: Mapping[tuple[str, ...], float]) -> None:
        """Make a gauge hold exactly these children: a label value that is gone stops being exported.

        A scrape at the same moment, in another thread, finds the old children or the new ones, never none.
        """
        family = self._families[name]
        assert isinstance(family, Gauge), name
        for labels, value in series.items():
            family.labels(*labels).set(value)
        for labels in self._replaced.get(name, frozenset()) - series.keys():
            family.remove(*labels)
        self._replaced[name] = frozenset(series)

    def counter(self, name: str, **labels: str) -> Counter:
        """Return one child of a counter, to be kept by a hot path (a look-up costs four times an increment)."""
        family = self._families[name]
        assert isinstance(family, Counter), name
        return family.labels(**labels) if labels else family

    def histogram(self, name: str, **labels: str) -> Histogram:
        """Return one child of a histogram, to be kept by a hot path."""
        family = self._families[name]
        assert isinstance(family, Histogram), name
        return family.labels(**labels) if labels else family

    def describe_build(self, version: str) -> None:
        """Say which version runs on which Python."""
        self.set("reeld_build_info", 1, version=version, python=platform.python_version())

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition and its content type, negotiated with the scraper's `Accept` header.

        Takes some 10 ms for two thousand series: call it in a worker thread.
        """
        started = time.perf_counter()
        encode, content_type = choose_encoder(accept)
        body = encode(self.registry)
        self.set("reeld_metrics_collection_duration_seconds", time.perf_counter() - started)
        return body, content_type

    def value(self, name: str, /, **labels: str) -> float:
        """Return the current value of a sample, 0 when there is none; for tests and the demo's summary."""
        return self.registry.get_sample_value(name, labels) or 0.0
