"""The series of one metric: which exist from the start, which come and go, and which values are none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, product
from typing import Final, TypeAlias

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from reeld.telemetry.catalogue import Free, Given, Kind, Known, Label, Living, Metric

log = structlog.get_logger("reeld.telemetry")

Values: TypeAlias = tuple[str, ...]
Family: TypeAlias = Counter | Gauge | Histogram

OTHER: Final = "other"
"""What a value becomes that its label does not have: whatever happens, the number of series is bounded."""


class Domains:
    """The values that rooms own, and those that are there at present."""

    def __init__(self, values: Mapping[str, Iterable[str | Values]] | None = None) -> None:
        self._values: dict[str, tuple[Values, ...]] = {}
        for name, each in (values or {}).items():
            self.put(name, each)

    def put(self, name: str, values: Iterable[str | Values]) -> None:
        """Say which values there are under a name; those of a joint domain are tuples."""
        self._values[name] = tuple(
            each if isinstance(each, tuple) else (str(each),) for each in values
        )

    def of(self, label: Label) -> tuple[Values, ...] | None:
        """Return the values of which a series exists; None when nobody has said yet."""
        match label.domain:
            case Known(values):
                return tuple((value,) for value in values)
            case Given(name):
                return self._values.get(name)
            case Living(name):
                return self._values.get(name, ())
            case Free():
                return None

    def allowed(self, label: Label) -> Iterator[frozenset[str] | None]:
        """Return for each name of a label the values that are right; None where any is."""
        values = self.of(label)
        match label.domain:
            case Known(also=also) | Given(also=also) if values is not None:
                for column, _ in enumerate(label.names):
                    # The first name is the one that `also` speaks of.
                    more = also if column == 0 else ()
                    yield frozenset(each[column] for each in values) | frozenset((*more, OTHER))
            case _:
                yield from (None for _ in label.names)


class Series:
    """One metric with its series, each kept, because a look-up costs four times what counting does.

    Args:
        metric: What the catalogue says.
        registry: Where it is collected.
        domains: The values of labels.
    """

    def __init__(self, metric: Metric, registry: CollectorRegistry, domains: Domains) -> None:
        self.metric = metric
        self._domains = domains
        self._family = _build(metric, registry)
        self._children: dict[Values, Family] = {} if metric.labels else {(): self._family}
        self._allowed: tuple[frozenset[str] | None, ...] = ()
        self._has_told = False
        self.prepare()

    @property
    def lives_with(self) -> frozenset[str]:
        """The names of the domains with which its series come and go."""
        return frozenset(
            label.domain.name for label in self.metric.about if isinstance(label.domain, Living)
        )

    @property
    def asks_for(self) -> frozenset[str]:
        """The names of the domains that rooms give."""
        return frozenset(
            label.domain.name for label in self.metric.about if isinstance(label.domain, Given)
        )

    def prepare(self) -> None:
        """Let every series exist whose values are known by now."""
        parts = self.metric.about
        self._allowed = tuple(chain.from_iterable(self._domains.allowed(part) for part in parts))
        self._begin()

    def child(self, labels: Mapping[str, str]) -> Family:
        """Return the series of some label values; one that its label does not have counts as `other`.

        Raises:
            KeyError, ValueError: The metric has other labels: a programming error.
        """
        names = self.metric.labels
        if len(labels) != len(names):
            raise ValueError(f"{self.metric.name} has the labels {', '.join(names) or 'of none'}")
        return self._find(tuple([labels[name] for name in names]))

    def replace(self, series: Mapping[Values, float]) -> None:
        """Make a gauge say exactly this: what is not named is 0 where it always exists, and else is gone."""
        kept = {self._bounded(values): value for values, value in series.items()}
        for values, value in kept.items():
            self._set(values, value)
        always = frozenset() if self.lives_with else frozenset(self._declared())
        for values in [each for each in self._children if each not in kept]:
            if values in always:
                self._set(values, 0.0)
            else:
                self._drop(values)

    def follow(self) -> None:
        """Let the series of values that have appeared begin, and of those that are gone end."""
        self._begin()
        column = 0
        for label in self.metric.about:
            if isinstance(label.domain, Living):
                there = {value for (value,) in self._domains.of(label) or ()}
                for values in [each for each in self._children if each[column] not in there]:
                    self._drop(values)
            column += len(label.names)

    def _begin(self) -> None:
        for values in self._declared():
            self._make(values)

    def _declared(self) -> Iterator[Values]:
        parts = [self._domains.of(label) for label in self.metric.about]
        if self.metric.absent or not parts:
            return
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            for combination in product(*known):
                yield tuple(chain.from_iterable(combination))

    def _find(self, values: Values) -> Family:
        found = self._children.get(values)
        if found is not None:
            return found
        bounded = self._bounded(values)
        if bounded != values and not self._has_told:
            self._has_told = True
            log.info("label_value_unknown", metric=self.metric.name, counted_as=bounded)
        return self._make(bounded)

    def _bounded(self, values: Values) -> Values:
        return tuple(
            [
                str(value) if allowed is None or value in allowed else OTHER
                for value, allowed in zip(values, self._allowed, strict=True)
            ]
        )

    def _make(self, values: Values) -> Family:
        found = self._children.get(values)
        if found is None:
            found = self._children[values] = self._family.labels(*values)
        return found

    def _set(self, values: Values, value: float) -> None:
        child = self._make(values)
        assert isinstance(child, Gauge), self.metric.name
        child.set(value)

    def _drop(self, values: Values) -> None:
        del self._children[values]
        self._family.remove(*values)


def _build(metric: Metric, registry: CollectorRegistry) -> Family:
    match metric.kind:
        case Kind.COUNTER:
            return Counter(metric.name, metric.help, metric.labels, registry=registry)
        case Kind.GAUGE:
            return Gauge(metric.name, metric.help, metric.labels, registry=registry)
        case Kind.HISTOGRAM:
            return Histogram(
                metric.name,
                metric.help,
                metric.labels,
                registry=registry,
                buckets=metric.buckets,
            )
