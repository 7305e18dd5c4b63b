"""The table: what its rows must be like, and that the code does what they say."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from reeld.cli.labels import KNOWN_LABELS
from reeld.telemetry import CATALOGUE, Kind, Metric, Metrics
from reeld.telemetry.catalogue import Given, Known

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("actors", "cli", "http", "services", "storage", "supervisors", "telemetry")

LATER: Final = {
    # Parts that count here themselves: backups, the watchdog, rehearsed outages, changes, traces, stale answers.
    "reeld_backup_runs_total",
    "reeld_backup_last_success_timestamp_seconds",
    "reeld_backup_last_verified_timestamp_seconds",
    "reeld_backup_size_bytes",
    "reeld_watchdog_beats_total",
    "reeld_trace_spans_dropped_total",
    "reeld_http_stale_answers_total",
}
NAMED_BY_OTHERS: Final = {"area", "method+route", "route"}
"""Domains that the application, or the part that counts, names."""


def constants_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_name_in_the_catalogue_is_declared_once() -> None:
    names = [metric.name for metric in CATALOGUE]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_names_follow_the_conventions_of_prometheus(metric: Metric) -> None:
    assert metric.name.startswith("reeld_")
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.help
    assert not metric.help.endswith(".")
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert list(metric.buckets) == sorted(set(metric.buckets))
    if metric.unit:
        assert metric.name.removesuffix("_total").endswith(f"_{metric.unit}")
    else:
        assert "_seconds" not in metric.name
        assert "_bytes" not in metric.name


def test_every_metric_is_counted_or_set_somewhere_outside_the_table() -> None:
    table = ROOT / "telemetry" / "catalogue"
    modules = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    used = {
        constant
        for path in modules
        if not path.is_relative_to(table)
        for constant in constants_in(path)
    }
    unused = {metric.name for metric in CATALOGUE} - used
    assert unused <= LATER


def test_nothing_is_counted_that_the_table_does_not_have() -> None:
    names = {metric.name for metric in CATALOGUE}
    called = {"add", "set", "observe", "replace", "counter", "histogram"}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(attr=attr), args=[ast.Constant(value=str(name)), *_]
                    ) if attr in called and name.startswith("reeld_"):
                        assert name in names, path


def test_every_domain_that_a_room_owns_is_given() -> None:
    asked = {
        label.domain.name
        for metric in CATALOGUE
        for label in metric.about
        if isinstance(label.domain, Given)
    }
    assert asked == set(KNOWN_LABELS) | NAMED_BY_OTHERS


def test_no_label_has_more_values_than_anybody_could_look_at() -> None:
    for metric in CATALOGUE:
        for label in metric.about:
            match label.domain:
                case Known(values):
                    assert 0 < len(values) <= 10
                case Given(name) if name in KNOWN_LABELS:
                    assert 0 < len(set(KNOWN_LABELS[name])) <= 60, name


def test_the_whole_of_it_stays_small_enough_to_be_scraped_every_few_seconds() -> None:
    body, _ = Metrics(KNOWN_LABELS).render("text/plain")
    assert len(body) < 220_000


def test_the_page_in_the_docs_is_what_the_table_says() -> None:
    program = ROOT / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("reeld_docs_generate", program)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == module.metrics_page()
    assert all(f"`{metric.name}`" in module.metrics_page() for metric in CATALOGUE)


def test_prometheus_own_lint_finds_no_fault_with_the_names(
    faults_of: Callable[[bytes], str],
) -> None:
    body, _ = Metrics(KNOWN_LABELS).render("text/plain")
    assert faults_of(body) == ""
    assert "reeld_wrong_total" in faults_of(
        b"# HELP reeld_wrong_total x\n# TYPE reeld_wrong_total gauge\nreeld_wrong_total 1\n"
    )
