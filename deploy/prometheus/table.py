"""The rows of the table: alerts, recorded series, objectives.

Durations are written as Prometheus writes them (`5m`). In an expression, `{30m}` stands for the seconds of that
duration; everything else is plain PromQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Who is told, and how fast."""

    CRITICAL = "critical"
    """Act now: it goes to the pager."""
    WARNING = "warning"
    """Act in the next days: it becomes a ticket."""
    INFO = "info"
    """Nobody is told; it is there for whoever looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alerting rule.

    Attributes:
        name: CamelCase, begins with `Reeld`; the rules of one burn rate share it.
        lasts: How long the expression must hold before the alert fires; empty for at once.
        summary: One sentence that is always the same, so that notifications can be grouped by it.
        description: What this very alert is about: its labels and its value.
        dashboard: The uid of the dashboard that shows it.
        labels: Labels beside the severity and those of the expression.
        needs_database: Whether it follows from a database that is away, and is silent while that is reported.
    """

    name: str
    severity: Severity
    expr: str
    lasts: str = ""
    summary: str
    description: str
    dashboard: str = "reeld-overview"
    labels: tuple[tuple[str, str], ...] = ()
    needs_database: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One recording rule; its name is `level:metric:operations`."""

    name: str
    expr: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other, all for the same moment."""

    name: str
    rules: tuple[Alert | Record, ...]
    every: str = "30s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A service level objective, as the alerts watch it.

    Attributes:
        slo: The value of the label `slo`.
        target: The share of good events, or of good time.
        ratio: The share of bad ones over the window `%s`.
        bad: What happened badly, counted over `%s`; None where time is counted, not events. A burn of few events is no
            reason to wake anybody: one failed request in a quiet hour is 100 %.
        enough: More bad events than this must have happened.
    """

    slo: str
    alert: str
    target: float
    ratio: str
    bad: str | None = None
    enough: int = 0
    summary: str
    dashboard: str
