"""Every query of the committed dashboards, parsed, and held against the catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import promql_parser as promql

from reeld.grafana import DASHBOARDS
from reeld.telemetry import CATALOGUE, Kind

METRICS: Final = {metric.name: metric for metric in CATALOGUE}
FROM_PROMETHEUS: Final = {
    "up",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
}
"""What Prometheus itself writes down of every scrape."""
FROM_THE_CLIENT: Final = {
    "process_start_time_seconds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_max_fds",
}
"""What prometheus-client exports of every process."""
ALERTS: Final = "ALERTS"
"""What Prometheus writes of alerts that fire: many speak of all instances, and have no label for one."""
FROM_THE_TARGET: Final = {"job", "instance"}
OVER_TIME: Final = {"rate", "increase"}
FOR_GRAFANA: Final = {"$__rate_interval": "4m", "$__range": "6h", "$job": "a|b", "$instance": "c"}


@dataclass(frozen=True, slots=True)
class Query:
    """One query and where it stands."""

    uid: str
    title: str
    target: dict[str, Any]

    @property
    def text(self) -> str:
        return str(self.target["expr"])

    @property
    def is_of_now(self) -> bool:
        return bool(self.target.get("instant"))

    @property
    def is_mark(self) -> bool:
        return self.title.startswith("mark ")

    @property
    def named(self) -> set[str]:
        """The labels that the legend shows."""
        return set(re.findall(r"{{(\w+)}}", self.target.get("legendFormat", "")))

    def __str__(self) -> str:
        return f"{self.uid}: {self.title} {self.target['refId']}"


def queries() -> Iterator[Query]:
    for path in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield Query(board["uid"], panel["title"], target)
        for mark in board["annotations"]["list"]:
            yield Query(board["uid"], f"mark {mark['name']}", mark["target"])


@dataclass(slots=True)
class Parts:
    """What a query is made of.

    Attributes:
        found: Its selectors, each with the function that a range of it goes into.
        groups: The labels that it groups by.
        made: The labels that it makes itself.
    """

    found: list[tuple[promql.VectorSelector, str]] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)

    def selectors(self) -> Iterator[tuple[str, list[promql.Matcher]]]:
        for selector, _ in self.found:
            yield str(selector.name), selector.matchers.matchers


def parts_of(text: str) -> Parts:
    for name, value in FOR_GRAFANA.items():
        text = text.replace(name, value)
    parts = Parts()
    above: list[promql.Expr] = []

    def enter(expr: promql.Expr) -> None:
        match expr:
            case promql.VectorSelector():
                match above[-2:]:
                    case [promql.Call() as call, promql.MatrixSelector()]:
                        parts.found.append((expr, call.func.name))
                    case _:
                        parts.found.append((expr, ""))
            case promql.AggregateExpr() if expr.modifier is not None:
                parts.groups.update(expr.modifier.labels)
            case promql.Call() if expr.func.name == "label_replace":
                parts.made.add(expr.args[1].val)
        above.append(expr)

    def leave(_expr: promql.Expr) -> None:
        above.pop()

    promql.walk(promql.parse(text), enter, leave)
    return parts


def family_of(name: str) -> str:
    """The metric that a series belongs to: a histogram has three series."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    is_histogram = base in METRICS and METRICS[base].kind is Kind.HISTOGRAM
    return base if is_histogram else name


def labels_of(name: str) -> set[str]:
    family = family_of(name)
    if family in METRICS:
        bucket = {"le"} if name.endswith("_bucket") else set()
        return {*METRICS[family].labels, *bucket, *FROM_THE_TARGET}
    return FROM_THE_TARGET


def only_grows(name: str) -> bool:
    family = METRICS.get(family_of(name))
    return name.endswith("_total") or (family is not None and family.kind is Kind.HISTOGRAM)


EVERY: Final = [(query, parts_of(query.text)) for query in queries()]


def test_every_metric_of_a_query_is_in_the_catalogue() -> None:
    known = {*METRICS, *FROM_PROMETHEUS, *FROM_THE_CLIENT, ALERTS}
    unknown = {
        str(query): names - known
        for query, parts in EVERY
        if (names := {family_of(name) for name, _ in parts.selectors()}) - known
    }
    assert unknown == {}


def test_every_metric_of_the_catalogue_is_shown_on_a_dashboard() -> None:
    shown = {
        family_of(name)
        for query, parts in EVERY
        if not query.is_mark
        for name, _ in parts.selectors()
    }
    assert sorted(METRICS.keys() - shown) == []


def test_every_selector_keeps_to_the_chosen_job_and_instance() -> None:
    chosen = {name: (promql.MatchOp.Re, FOR_GRAFANA[f"${name}"]) for name in FROM_THE_TARGET}
    for query, parts in EVERY:
        for name, matchers in parts.selectors():
            asked = {each.name: (each.op, each.value) for each in matchers}
            wanted = ["job"] if name == ALERTS else ["job", "instance"]
            for label in wanted:
                assert asked.get(label) == chosen[label], query


def test_a_selector_asks_only_for_labels_that_its_metric_has() -> None:
    for query, parts in EVERY:
        for name, matchers in parts.selectors():
            if name != ALERTS:
                assert {each.name for each in matchers} <= labels_of(name), query


def test_a_query_groups_by_labels_that_are_there_and_names_its_series_by_them() -> None:
    for query, parts in EVERY:
        there = set().union(*(labels_of(name) for name, _ in parts.selectors()))
        assert parts.groups <= there | parts.made, query
        assert query.named <= (parts.groups or there), f"{query}: the legend would show nothing"


def test_what_only_grows_is_shown_as_a_rate_and_nothing_else_is() -> None:
    for query, parts in EVERY:
        for selector, function in parts.found:
            assert only_grows(selector.name) is (function in OVER_TIME), query


def test_a_rate_is_taken_over_the_interval_that_grafana_works_out() -> None:
    for query, _ in EVERY:
        # Only a single figure may speak of the whole time shown.
        allowed = {"$__rate_interval", "$__range"} if query.is_of_now else {"$__rate_interval"}
        unquoted = re.sub(r'"[^"]*"', "", query.text)
        ranges = [span.split(":") for span in re.findall(r"\[([^\]]+)\]", unquoted)]
        assert {span[0] for span in ranges} <= allowed, query
        assert {step for span in ranges for step in span[1:]} <= {"$__rate_interval"}, query


def test_buckets_keep_their_bounds_until_the_quantile() -> None:
    for query, parts in EVERY:
        if any(name.endswith("_bucket") for name, _ in parts.selectors()):
            assert "le" in parts.groups, query


def test_nothing_is_divided_by_what_may_be_nothing() -> None:
    for query, _ in EVERY:
        if "histogram_quantile" in query.text:
            assert query.text.endswith(" >= 0"), f"{query}: a quantile of nothing is NaN"
        for divisor in re.findall(r" / (.+)", query.text):
            above_zero = divisor.startswith("(") and "> 0)" in divisor
            assert above_zero or float(divisor) > 0, query


def test_rows_of_the_one_database_are_not_summed_over_those_who_count_them() -> None:
    of_rows = ("reeld_jobs", "reeld_workflows", "reeld_movies", "reeld_movies_wanted")
    counted = [
        (query, before)
        for query, _ in EVERY
        for name in of_rows
        for before in re.findall(rf"(\w+)(?: by \([^)]*\))? \({name}{{", query.text)
    ]
    assert counted
    assert [str(query) for query, before in counted if before != "max"] == []
