"""What a dashboard is made of, as plain values: nothing of Grafana's own schema, which `rendering` knows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

TITLES: Final = {
    "overview": "Overview",
    "actors": "Actors",
    "external": "External services",
    "pipeline": "Pipeline",
    "jobs": "Jobs and workflows",
    "database": "Database",
    "api": "API",
    "library": "Library and storage",
    "runtime": "Runtime",
}
"""Every dashboard by the last part of its uid, in the order in which one reads them."""


class View(StrEnum):
    """How a panel shows its data; the values are Grafana's names of the plugins."""

    GRAPH = "timeseries"
    STAT = "stat"
    BARS = "bargauge"
    TABLE = "table"
    HEATMAP = "heatmap"
    STATES = "state-timeline"


class Unit(StrEnum):
    """What a panel's numbers are; the values are Grafana's."""

    COUNT = "short"
    STATE = "string"
    SECONDS = "s"
    BYTES = "bytes"
    SHARE = "percentunit"
    """A ratio from 0 to 1, shown in per cent."""
    BYTES_PER_SECOND = "Bps"
    PER_SECOND = "ops"
    MESSAGES_PER_SECOND = "mps"
    REQUESTS_PER_SECOND = "reqps"


class Colour(StrEnum):
    """Colours of Grafana's palette that keep their meaning on every board."""

    GOOD = "green"
    PASSING = "yellow"
    """On its way to good or bad: it will be one of them soon."""
    WARNING = "orange"
    BAD = "red"
    REHEARSED = "purple"
    RESTING = "blue"


class Drawn(Enum):
    """How a graph draws its values."""

    LINES = "lines"
    STACKED = "stacked"
    EVENTS = "events"
    """Bars that say how many there were in the step: for what is rare and counted."""


@dataclass(frozen=True, slots=True)
class Step:
    """A threshold: from `value` on (None: from the beginning) things have this colour."""

    value: float | None
    colour: Colour


@dataclass(frozen=True, slots=True)
class Word:
    """What a value is called, and in which colour."""

    text: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class Query:
    """A question to Prometheus.

    Attributes:
        promql: The query, with Grafana's variables in it.
        legend: What a series is called, such as `{{actor}}`.
        with_exemplars: Whether the traces behind single observations are shown as dots.
    """

    promql: str
    legend: str = ""
    with_exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read on: a runbook or a deeper dashboard."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        label: The label of the series, or `Value`.
        words: Values that have a colour.
        url: Where a cell leads; `${__value.text}` is what stands in it.
    """

    label: str
    shown: str
    words: tuple[tuple[str, Colour], ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel.

    Attributes:
        sentence: What it shows and what to make of it.
        width: In columns, of which a dashboard has 24.
        height: In rows of some 38 pixels.
        steps: Thresholds; empty: colours tell the series apart.
        words: What single values are called.
        when_empty: What is shown when there is no series.
        columns: Of a table, from the left to the right.
    """

    title: str
    sentence: str
    view: View
    unit: Unit
    queries: tuple[Query, ...]
    links: tuple[Link, ...]
    width: int
    height: int
    drawn: Drawn = Drawn.LINES
    steps: tuple[Step, ...] = ()
    words: tuple[tuple[int, Word], ...] = ()
    when_empty: str = "no data"
    lowest: float | None = None
    highest: float | None = None
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard.

    Attributes:
        name: The last part of its uid, `reeld-<name>`; one of `TITLES`.
        question: The question that it answers.
    """

    name: str
    question: str
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """Return what people call it."""
        return TITLES[self.name]

    @property
    def uid(self) -> str:
        """Return the name under which Grafana and every link know the dashboard."""
        return f"reeld-{self.name}"

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Return all panels, from the top to the bottom."""
        return tuple(panel for row in self.rows for panel in row.panels)
