"""The lines of counters, gauges and histograms, made anew only where a value has changed.

Of three thousand lines some hundred change between two scrapes. The library makes an object of every sample to find
out; here the values themselves are read and compared. They lie in attributes of the library's that are not public: what
does not look as expected is left to the library, and a test compares all with what it writes, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any, Final, TypeAlias

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from reeld.telemetry._lines import head_of, line_of, series_text

Seen: TypeAlias = tuple[list[float], list[Any]]
"""The values of a child in the order of its lines, and their exemplars."""


class KeptFamily:
    """One metric with all its children, in one format.

    Args:
        collector: A counter, a gauge or a histogram.
        is_open: Whether it is written as OpenMetrics.
    """

    def __init__(self, collector: Any, *, is_open: bool) -> None:
        self._collector = collector
        self._is_open = is_open
        (described,) = collector.describe()
        self._head = head_of(described, is_open=is_open)
        self._children: dict[tuple[str, ...], KeptChild] = {}

    @staticmethod
    def can_keep(collector: Collector) -> bool:
        """Tell whether a collector is one whose values can be read."""
        return type(collector) in _READERS

    def lines(self) -> Iterator[str]:
        """Return the head and the lines of each child."""
        yield self._head
        before, self._children = self._children, {}
        for values, child in _children_of(self._collector):
            kept = before.get(values)
            if kept is None or kept.child is not child:
                kept = KeptChild(child, dict(self._labels(values)), is_open=self._is_open)
            self._children[values] = kept
            yield kept.text()

    def _labels(self, values: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        return zip(self._collector._labelnames, values, strict=True)


class KeptChild:
    """One child of a metric.

    Args:
        child: What holds the values.
        labels: Its labels.
        is_open: Whether exemplars are shown.
    """

    __slots__ = ("_is_open", "_labels", "_read", "_seen", "_series", "_text", "child")

    def __init__(self, child: Any, labels: dict[str, str], *, is_open: bool) -> None:
        self.child = child
        self._labels = labels
        self._is_open = is_open
        self._read = _READERS[type(child)]
        self._series = [series_text(each) for each in self._samples()]
        self._seen: Seen = [], []
        self._text = ""

    def text(self) -> str:
        """Return its lines."""
        values, exemplars = seen = self._read(self.child)
        if len(values) != len(self._series) or "_child_samples" in self.child.__dict__:
            return self._as_the_library_has_it()
        if seen != self._seen:
            shown = exemplars if self._is_open else [None] * len(values)
            self._text = "".join(map(line_of, self._series, values, shown))
            self._seen = seen
        return self._text

    def _as_the_library_has_it(self) -> str:
        return "".join(
            line_of(series_text(each), each.value, each.exemplar if self._is_open else None)
            for each in self._samples()
        )

    def _samples(self) -> Iterator[Sample]:
        for suffix, labels, *rest in self.child._child_samples():
            yield Sample(self.child._name + suffix, {**self._labels, **labels}, *rest)


def _children_of(collector: Any) -> list[tuple[tuple[str, ...], Any]]:
    if not collector._labelnames:
        return [((), collector)]
    with collector._lock:
        return list(collector._metrics.items())


def _read_counter(child: Any) -> Seen:
    value = child._value
    return [value.get()], [value.get_exemplar()]


def _read_gauge(child: Any) -> Seen:
    return [child._value.get()], [None]


def _read_histogram(child: Any) -> Seen:
    buckets = child._buckets
    values = list(accumulate([each.get() for each in buckets], initial=0.0))[1:]
    exemplars = [each.get_exemplar() for each in buckets]
    # After the buckets come the count, which is the last of them, and the sum.
    return [*values, values[-1], child._sum.get()], [*exemplars, None, None]


_READERS: Final[dict[type, Callable[[Any], Seen]]] = {
    Counter: _read_counter,
    Gauge: _read_gauge,
    Histogram: _read_histogram,
}
