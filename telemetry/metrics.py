"""The registry behind `/metrics`, built from the catalogue."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from reeld.telemetry._series import Domains, Series
from reeld.telemetry.catalogue import CATALOGUE, Metric
from reeld.telemetry.exemplars import current_exemplar
from reeld.telemetry.exposition import Exposition

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The metrics of one daemon.

    Every series whose values are known exists from the start with the value 0, because a rate over a series that is
    not there says nothing. A value that is none of its label's counts as `other`.

    Args:
        known: The values that rooms own, by the name of their domain. Of a domain that is not named here every value
            is taken, and none exists from the start; `know` may name it later.
        catalogue: The table to build.
    """

    def __init__(
        self,
        known: Mapping[str, Iterable[str | tuple[str, ...]]] | None = None,
        catalogue: tuple[Metric, ...] = CATALOGUE,
    ) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._exposition = Exposition(self.registry)
        self._domains = Domains(known)
        self._series = {
            metric.name: Series(metric, self.registry, self._domains) for metric in catalogue
        }

    def know(self, domain: str, values: Iterable[str | tuple[str, ...]]) -> None:
        """Say which values a domain has that was not known when the metrics were made, such as the routes."""
        self._domains.put(domain, values)
        for series in self._series.values():
            if domain in series.asks_for:
                series.prepare()

    def follow(self, domain: str, values: Iterable[str]) -> None:
        """Say which of the values that come and go are there: series of new ones begin, of others end.

        A value that is used before it was named here has its series as well, until the next call without it.
        """
        self._domains.put(domain, sorted(values))
        for series in self._series.values():
            if domain in series.lives_with:
                series.follow()

    def add(self, name: str, amount: float = 1.0, /, **labels: str) -> None:
        """Count `amount` on a counter. Unknown names are a programming error and raise KeyError."""
        self.counter(name, **labels).inc(amount)

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        child = self._series[name].child(labels)
        assert isinstance(child, Gauge), name
        child.set(value)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Record a value, in the metric's unit, in a histogram; with the current trace where the table says so."""
        series = self._series[name]
        child = series.child(labels)
        assert isinstance(child, Histogram), name
        child.observe(value, current_exemplar() if series.metric.exemplars else None)

    def replace(self, name: str, series: Mapping[Any, float]) -> None:
        """Make a gauge say exactly this, by label values in their order: a series that is not named is 0 where it always exists, and else is gone.

        A scrape at the same moment, in another thread, finds old values or new ones, never none.
        """
        self._series[name].replace(series)

    def counter(self, name: str, **labels: str) -> Counter:
        """Return one series of a counter, to be kept by a hot path."""
        child = self._series[name].child(labels)
        assert isinstance(child, Counter), name
        return child

    def histogram(self, name: str, **labels: str) -> Histogram:
        """Return one series of a histogram, to be kept by a hot path."""
        child = self._series[name].child(labels)
        assert isinstance(child, Histogram), name
        return child

    def describe_build(self, version: str, revision: str = "unknown") -> None:
        """Say which version and revision runs on which Python."""
        python = platform.python_version()
        self.set("reeld_build_info", 1, version=version, revision=revision, python=python)

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition and its content type, negotiated with the scraper's `Accept` header.

        Takes some 10 ms for two thousand series: call it in a worker thread.
        """
        started = time.perf_counter()
        body, content_type = self._exposition.render(accept)
        self.set("reeld_metrics_collection_duration_seconds", time.perf_counter() - started)
        return body, content_type

    def read(self, name: str, /, **labels: str) -> float:
        """Return what a gauge says."""
        child = self._series[name].child(labels)
        assert isinstance(child, Gauge), name
        (family,) = child.collect()
        return family.samples[0].value

    def value(self, name: str, /, **labels: str) -> float:
        """Return the current value of a sample, 0 when there is none; for tests and the demo's summary.

        It collects everything, in some 10 ms.
        """
        return self.registry.get_sample_value(name, labels) or 0.0
