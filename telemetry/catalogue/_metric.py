"""What a row of the catalogue says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Known:
    """Values that the table itself knows.

    Attributes:
        values: Each has its series from the start.
        also: These are right as well; their series begin when they are first seen.
    """

    values: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """Values that a room owns, and the composition root gives: this room imports nothing of reeld.

    Attributes:
        name: What they are given under.
        also: As for `Known`; in a joint domain it speaks of the first label.
    """

    name: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Living:
    """Values that come and go with a setting: feeds, root folders, breakers.

    Their series begin when the value appears and end when it goes.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Free:
    """The one value of a series that describes something, such as a version."""


Domain = Known | Given | Living | Free


@dataclass(frozen=True, slots=True)
class Label:
    """One label and its values; or several whose values belong together, such as a service and its operations.

    Attributes:
        names: One name, or those of a joint domain, whose values are tuples.
    """

    names: tuple[str, ...]
    domain: Domain


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the catalogue.

    Attributes:
        about: The labels and their domains, in the order in which Prometheus sees them.
        unit: What is measured, in words of the name; empty for a plain number.
        buckets: Upper bounds in the metric's unit.
        exemplars: Whether OpenMetrics shows a trace with its buckets.
        absent: Whether a series is there only while there is something to say, instead of 0.
    """

    name: str
    kind: Kind
    help: str
    about: tuple[Label, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()
    exemplars: bool = False
    absent: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels."""
        return tuple(name for label in self.about for name in label.names)


def counter(name: str, meaning: str, *about: Label, unit: str = "") -> Metric:
    """Declare a counter."""
    return Metric(name, Kind.COUNTER, meaning, about, unit)


def gauge(name: str, meaning: str, *about: Label, unit: str = "", absent: bool = False) -> Metric:
    """Declare a gauge."""
    return Metric(name, Kind.GAUGE, meaning, about, unit, absent=absent)


def histogram(
    name: str,
    meaning: str,
    *about: Label,
    buckets: tuple[float, ...],
    exemplars: bool = False,
) -> Metric:
    """Declare a histogram of seconds."""
    return Metric(name, Kind.HISTOGRAM, meaning, about, "seconds", buckets, exemplars)


def known(name: str, *values: str, also: tuple[str, ...] = ()) -> Label:
    """Declare a label whose values the table knows."""
    return Label((name,), Known(values, also))


def given(*names: str, of: str = "", also: tuple[str, ...] = ()) -> Label:
    """Declare labels whose values a room owns; `of` is what they are given under, the names themselves by default."""
    return Label(names, Given(of or "+".join(names), also))


def living(name: str, of: str = "") -> Label:
    """Declare a label whose values come and go; `of` says with what."""
    return Label((name,), Living(of or name))


def free(name: str) -> Label:
    """Declare a label with one value that describes."""
    return Label((name,), Free())
