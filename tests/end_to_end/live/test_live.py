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
    "reeld-api/Certificate ends in": {0: "this reeld has no TLS"},
    "reeld-api/Certificate files": {0: "this reeld has no TLS"},
    "reeld-api/Clients": {0: "nobody follows the events of this reeld"},
    "reeld-api/Clients closed": {0: "nobody follows the events of this reeld"},
    "reeld-api/Turned away": {
        1: "nobody here makes so many requests",
        2: "nobody here opens so many connections",
    },
    "reeld-database/Connections": {1: "the bound of the pool is a setting"},
    "reeld-library/Searches due": {
        0: "what is searched on schedule is looked for every ten minutes"
    },
    "reeld-library/Longest wait for a search": {0: "as above"},
    "reeld-library/Searches on schedule": {0: "as above"},
    "reeld-pipeline/Decisions": {1: "no custom format of the story takes long"},
    "reeld-runtime/Versions": {0: "the version of a process is what it is"},
    "reeld-runtime/Worker threads": {1: "the limit is what it is"},
}
"""Queries, by dashboard, title and place, that show the same for as long as a process lives, and why."""

COMES_AND_GOES: Final = {
    "reeld-overview/Firing alerts": {0: "an alert is a series that is there while it fires"},
}
"""Queries whose series never change, but begin after the start or end before the end."""

_BRIEF: Final = "rows are counted every few seconds, and a movie may be through the stage by then"
MAY_STAND_STILL: Final = {
    "reeld-api/In progress": {1: "clients keep their connections"},
    "reeld-jobs/Open work": {
        1: "a release waits only if it is decided about while a service is away"
    },
    "reeld-overview/Movies on their way": dict.fromkeys((0, 1, 2, 4, 5, 6), _BRIEF),
}
"""Queries that move or do not as it happens, and why; another one of their panel moves always."""

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


def moved(series: list[dict[str, Any]]) -> bool:
    """Whether one of them shows something else than it did at first: to appear late is no movement."""
    return any(value != one["values"][0][1] for one in series for _, value in one["values"])


def come_and_go(series: list[dict[str, Any]], began: float, ended: float) -> bool:
    """Whether one of them is there for a part of the time only."""
    return any(
        float(one["values"][0][0]) > began + 1 or float(one["values"][-1][0]) < ended - 1
        for one in series
    )


@every_panel
def test_every_query_of_every_panel_shows_numbers(evidence: Any, panel: Panel) -> None:
    if panel.name in NOT_YET:
        pytest.skip(NOT_YET[panel.name])
    for query, series in zip(panel.queries, answers(evidence, panel), strict=True):
        assert series, f"no data: {query}"
        shown = {value for one in series for _, value in one["values"]}
        assert not shown & {"NaN", "+Inf", "-Inf"}, query


@every_panel
def test_every_query_of_every_panel_moves_but_those_that_cannot(
    evidence: Any, panel: Panel
) -> None:
    if panel.name in NOT_YET:
        pytest.skip(NOT_YET[panel.name])
    seen = dict(enumerate(answers(evidence, panel)))
    still = {number for number, series in seen.items() if not moved(series)}
    coming = set(COMES_AND_GOES.get(panel.name, ()))
    for number in coming:
        assert come_and_go(seen[number], evidence.began, evidence.ended), panel.queries[number]
    cannot = set(CANNOT_MOVE.get(panel.name, ())) | coming
    assert cannot <= still, "it moves after all"
    unexplained = still - cannot - set(MAY_STAND_STILL.get(panel.name, ()))
    assert not unexplained, [panel.queries[number] for number in unexplained]
    assert still < seen.keys() or still == cannot, "nothing of it moved"


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
    queries = {panel.name: set(range(len(panel.queries))) for panel in PANELS}
    assert NOT_YET.keys() <= queries.keys()
    for table in (CANNOT_MOVE, COMES_AND_GOES, MAY_STAND_STILL):
        assert all(set(numbers) <= queries[name] for name, numbers in table.items())
