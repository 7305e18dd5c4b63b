"""For the tests of what Prometheus and Alertmanager are told: their own programs, and a reader of expressions."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    MatrixSelector,
    ParenExpr,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

from reeld.deploy.prometheus import RECORDS
from reeld.telemetry import CATALOGUE, Kind

_spec = importlib.util.spec_from_file_location(
    "reeld_tests_real_programs", Path(__file__).parents[1] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
_real = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _real
_spec.loader.exec_module(_real)

RunTool = Callable[..., str]


def _runs(program: str) -> RunTool:
    path = _real.require(program)

    def run(*arguments: str) -> str:
        command = [path, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def promtool() -> RunTool:
    """Runs promtool, which must succeed, and returns what it printed."""
    return _runs("promtool")


@pytest.fixture(scope="session")
def amtool() -> RunTool:
    """Runs amtool, which must succeed, and returns what it printed."""
    return _runs("amtool")


@pytest.fixture(scope="session")
def alertmanager_command() -> list[str]:
    """The command that runs Alertmanager; its arguments follow."""
    command: list[str] = _real.command_of("prometheus-alertmanager")
    return command


@pytest.fixture(scope="session")
def path_of() -> dict[str, str]:
    """The paths of the two servers."""
    return {name: _real.require(name) for name in ("prometheus", "prometheus-alertmanager")}


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds a TCP port on loopback that nobody listens on."""
    find: Callable[[], int] = _real.free_port
    return find


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], bool], float, str], None]:
    """Asks again and again until something holds: `wait_until(ready, seconds, what)`."""
    wait: Callable[[Callable[[], bool], float, str], None] = _real.wait_until
    return wait


# What expressions may name -----------------------------------------------------------------------------------------------

PENDING_METRICS: dict[str, tuple[str, ...]] = {
    "reeld_ask_circles_total": ("actor",),
    "reeld_backup_last_success_timestamp_seconds": (),
    "reeld_backup_last_verified_timestamp_seconds": (),
    "reeld_backup_runs_total": ("operation", "outcome"),
    "reeld_breaker_credentials_rejected": ("service",),
    "reeld_faults_injected": ("service",),
    "reeld_health_check_status": ("check", "status"),
    "reeld_job_oldest_due_timestamp_seconds": ("queue",),
    "reeld_rss_interval_seconds": ("indexer",),
    "reeld_schedule_interval_seconds": ("task",),
    "reeld_schedule_last_success_timestamp_seconds": ("task",),
    "reeld_trace_spans_dropped_total": (),
    "reeld_workflow_transitions_total": ("stage", "outcome"),
}
"""Metrics that are not in the catalogue yet; delete this when they are."""

_OF_EVERY_TARGET: dict[str, tuple[str, ...]] = {
    "up": (),
    "process_cpu_seconds_total": (),
    "process_resident_memory_bytes": (),
    "process_start_time_seconds": (),
}
_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_OF_THE_TARGET = {"job", "instance"}


@pytest.fixture(scope="session")
def labels_of_metrics() -> dict[str, tuple[str, ...]]:
    """The labels of every series that a rule may ask for, by its name: of the catalogue, of every target, and recorded."""
    found = {**PENDING_METRICS, **_OF_EVERY_TARGET}
    for metric in CATALOGUE:
        if metric.kind is not Kind.HISTOGRAM:
            found[metric.name] = metric.labels
            continue
        found[f"{metric.name}_bucket"] = (*metric.labels, "le")
        found[f"{metric.name}_sum"] = found[f"{metric.name}_count"] = metric.labels
    for record in RECORDS:
        level = record.name.partition(":")[0].split("_")
        found[record.name] = (*level, *dict(record.labels))
    return found


@dataclass(frozen=True)
class Asked:
    """What an expression asks for."""

    selectors: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]
    """Names, each with its matchers (label, operator, value)."""
    grouped: frozenset[str]
    """The labels that it aggregates or matches by."""


def asked_by(expression: str) -> Asked:
    """Read an expression."""
    selectors: list[tuple[str, tuple[tuple[str, str, str], ...]]] = []
    grouped: set[str] = set()

    def walk(node: Any) -> None:
        match node:
            case VectorSelector():
                matchers = tuple(
                    (m.name, _OPERATORS[str(m.op).rpartition(".")[2]], m.value)
                    for m in node.matchers.matchers
                )
                selectors.append((node.name, matchers))
            case MatrixSelector():
                walk(node.vector_selector)
            case AggregateExpr():
                grouped.update(node.modifier.labels if node.modifier else ())
                walk(node.expr)
            case BinaryExpr():
                if node.modifier is not None and node.modifier.matching is not None:
                    grouped.update(node.modifier.matching.labels)
                walk(node.lhs)
                walk(node.rhs)
            case Call():
                for argument in node.args:
                    walk(argument)
            case ParenExpr() | UnaryExpr() | SubqueryExpr():
                walk(node.expr)

    walk(promql_parser.parse(expression))
    return Asked(tuple(selectors), frozenset(grouped))


@pytest.fixture(scope="session")
def read_expression() -> Callable[[str], Asked]:
    """Reads an expression: which series it asks for, and by which labels it groups them."""
    return asked_by


@pytest.fixture(scope="session")
def complaints_about(labels_of_metrics: dict[str, tuple[str, ...]]) -> Callable[[str], list[str]]:
    """Names what an expression asks for and nobody has."""

    def complain(expression: str) -> list[str]:
        asked = asked_by(expression)
        unknown = [name for name, _ in asked.selectors if name not in labels_of_metrics]
        having = {
            name: {*labels_of_metrics.get(name, ()), *_OF_THE_TARGET} for name, _ in asked.selectors
        }
        odd = [
            f"{name}{{{label}}}"
            for name, matchers in asked.selectors
            for label, _, _ in matchers
            if label not in having[name]
        ]
        return unknown + odd + sorted(asked.grouped - set().union(*having.values()))

    return complain
