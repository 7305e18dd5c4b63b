"""Dashboards, rules and alerts, shown by a real Prometheus and a real Alertmanager that watch a real reeld in trouble."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pytest

from reeld.deploy.prometheus import ALERTS, Severity
from reeld.grafana import DASHBOARDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

story = sys.modules["reeld_tests_live_story"]

NOT_YET: Final[dict[str, str]] = {}
"""Panels by dashboard and title whose metrics come from a part that is not there yet."""

CANNOT_MOVE: Final = {
    "reeld-runtime/Versions": "the version of a process is what it is",
}
"""Panels that show the same for as long as a process lives, and why."""

VARIABLES: Final = {
    "$__rate_interval": "4s",
    "$__range": "2m",
    "$job": "reeld",
    "$instance": ".+",
}
"""What Grafana would fill in, with scrapes each second and the last two minutes in view."""


@dataclass(frozen=True, slots=True)
class Panel:
    name: str
    queries: tuple[str, ...]


def panels() -> Iterator[Panel]:
    for path in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            queries = tuple(filled(each["expr"]) for each in panel.get("targets", []))
            if queries:
                yield Panel(f"{board['uid']}/{panel['title']}", queries)


def filled(promql: str) -> str:
    for name, value in VARIABLES.items():
        promql = promql.replace(name, value)
    return promql


PANELS: Final = tuple(panels())
every_panel = pytest.mark.parametrize("panel", PANELS, ids=[each.name for each in PANELS])


@cache
def answers(evidence: Any, panel: Panel) -> list[list[dict[str, Any]]]:
    return [evidence.watch.over(each, evidence.began, evidence.ended) for each in panel.queries]


def moved(series: list[dict[str, Any]], began: float) -> bool:
    """Whether any of them shows a value that it did not show at the start."""
    return any(
        value != one["values"][0][1] or at_first(one) > began + 1
        for one in series
        for _, value in one["values"]
    )


def at_first(series: dict[str, Any]) -> float:
    return float(series["values"][0][0])


@every_panel
def test_every_query_of_every_panel_shows_numbers(evidence: Any, panel: Panel) -> None:
    if panel.name in NOT_YET:
        pytest.skip(NOT_YET[panel.name])
    for query, series in zip(panel.queries, answers(evidence, panel), strict=True):
        assert series, f"no data: {query}"
        shown = {value for one in series for _, value in one["values"]}
        assert not shown & {"NaN", "+Inf", "-Inf"}, query


@every_panel
def test_every_panel_moves_but_those_that_cannot(evidence: Any, panel: Panel) -> None:
    if panel.name in NOT_YET:
        pytest.skip(NOT_YET[panel.name])
    has_moved = any(moved(series, evidence.began) for series in answers(evidence, panel))
    assert has_moved is (panel.name not in CANNOT_MOVE)


def test_every_rule_is_healthy(evidence: Any) -> None:
    rules = evidence.watch.rules()
    assert rules
    assert {
        rule["name"] for rule in rules if rule["health"] != "ok" or rule.get("lastError")
    } == set()


def test_what_should_fire_fires_and_resolves_when_all_is_well(evidence: Any) -> None:
    for status in ("firing", "resolved"):
        missing = story.FIRES - evidence.watch.told(status)
        assert not missing, status


@pytest.mark.parametrize(
    ("severity", "receiver"),
    [(Severity.CRITICAL, "pager"), (Severity.WARNING, "ticket"), (Severity.INFO, "none")],
)
def test_each_alert_reaches_him_whom_it_concerns(
    evidence: Any, severity: Severity, receiver: str
) -> None:
    severities = {alert.name: set[Severity]() for alert in ALERTS}
    for alert in ALERTS:
        severities[alert.name].add(alert.severity)
    arrived = evidence.watch.told("firing", receiver)
    assert arrived
    assert all(severity in severities[name] for name in arrived)


def test_the_tables_name_only_panels_that_are_there() -> None:
    assert NOT_YET.keys() | CANNOT_MOVE.keys() <= {panel.name for panel in PANELS}
