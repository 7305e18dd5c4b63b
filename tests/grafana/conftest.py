"""A real Prometheus that holds an hour of a reeld that was scraped: every metric of the catalogue, made up."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from reeld.telemetry import CATALOGUE, Kind

_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parents[1] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
real_programs = sys.modules.setdefault(_NAME, importlib.util.module_from_spec(_spec))
if not hasattr(real_programs, "RealQbittorrent"):
    _spec.loader.exec_module(real_programs)

MINUTES: Final = 60
STEP: Final = 60
LABELS: Final = {
    "actor": ("tmdb", "importer"),
    "check": ("database:answers", "disk:library", "disk:data"),
    "class": ("08",),
    "client": ("qbittorrent",),
    "kind": ("missing",),
    "monitored": ("true", "false"),
    "outcome": ("ok", "error", "rate_limited"),
    "queue": ("tmdb", "importer"),
    "route": ("/api/movies",),
    "service": ("tmdb", "postgresql"),
    "stage": ("downloading", "imported"),
    "task": ("hourly", "never-yet"),
}
"""Values of labels; any other label has its own name for its value."""
STATES: Final = {
    "reeld_breaker_state": ("closed", "half_open", "open", "forced_open", "disabled"),
    "reeld_health_check_status": ("pass", "warn", "fail"),
    "reeld_jobs": ("available", "dead"),
    "reeld_downloads": ("downloading", "stalled"),
    "reeld_movies": ("wanted", "searched", "decided", "grabbed", "downloading", "importing"),
    "reeld_http_requests_total": ("200", "503"),
}
"""Values of the label `state` or `status`."""
TRUE: Final = {
    ("reeld_health_check_status", "database:answers"): "pass",
    ("reeld_health_check_status", "disk:library"): "fail",
    ("reeld_health_check_status", "disk:data"): "warn",
    ("reeld_breaker_state", "tmdb"): "open",
    ("reeld_breaker_state", "postgresql"): "closed",
}
"""Which of the states of 0 or 1 is the current one."""
NEVER: Final = {"reeld_backup_last_verified_timestamp_seconds"}
"""What never happened yet."""
JOB: Final = 'job="reeld",instance="127.0.0.1:7878"'


@dataclass(frozen=True, slots=True)
class Family:
    """What is needed of a metric to make up its samples."""

    name: str
    kind: Kind
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


FROM_THE_CLIENT: Final = (
    *(
        Family(name, Kind.GAUGE)
        for name in (
            "process_start_time_seconds",
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "up",
            "scrape_duration_seconds",
            "scrape_samples_post_metric_relabeling",
        )
    ),
    Family("process_cpu_seconds_total", Kind.COUNTER),
)
"""What is no metric of reeld's own."""


@dataclass(frozen=True, slots=True)
class RealPrometheus:
    """A Prometheus with a past. `end` is the time of its newest sample."""

    url: str
    end: int

    def ask(self, promql: str, *, now: bool = True, job: str = "reeld") -> list[dict[str, Any]]:
        """The series that answer a query of a panel, for the last instant or the last half hour."""
        for name, value in {
            "$__rate_interval": "4m",
            "$__range": "30m",
            "$job": job,
            "$instance": ".+",
        }.items():
            promql = promql.replace(name, value)
        fields = {"query": promql}
        if now:
            fields["time"] = str(self.end)
        else:
            fields |= {"start": str(self.end - 1800), "end": str(self.end), "step": "60"}
        path = "query" if now else "query_range"
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(fields)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            series: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return series


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrometheus]:
    program, tool = real_programs.require("prometheus"), real_programs.require("promtool")
    folder = tmp_path_factory.mktemp("prometheus")
    end = int(time.time()) // STEP * STEP
    (folder / "past.txt").write_text("".join(exposition(end)), encoding="utf-8")
    (folder / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    make = [tool, "tsdb", "create-blocks-from", "openmetrics", "past.txt", "data"]
    subprocess.run(make, cwd=folder, check=True, timeout=60, capture_output=True)
    port = real_programs.free_port()
    command = [
        program,
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command, cwd=folder)
    found = RealPrometheus(f"http://127.0.0.1:{port}", end)
    try:
        real_programs.wait_until(lambda: is_ready(found.url), 30, "Prometheus to answer")
        yield found
    finally:
        process.terminate()
        process.wait(timeout=30)


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def exposition(end: int) -> Iterator[str]:
    """An hour of samples in the OpenMetrics format, family by family, as its readers ask for."""
    times = range(end - MINUTES * STEP, end + 1, STEP)
    declared = (Family(each.name, each.kind, each.labels, each.buckets) for each in CATALOGUE)
    for metric in (*declared, *FROM_THE_CLIENT):
        yield from samples_of(metric, times)
    yield "# TYPE ALERTS gauge\n"
    for at in times:
        yield f'ALERTS{{{JOB},alertname="ReeldBreakerOpen",alertstate="firing"}} 1 {at}\n'
    yield "# EOF\n"


def samples_of(metric: Family, times: range) -> Iterator[str]:
    name = metric.name.removesuffix("_total")
    yield f"# TYPE {name} {metric.kind.value}\n"
    for values in product(*(values_of(metric.name, label) for label in metric.labels)):
        labels = dict(zip(metric.labels, values, strict=True))
        text = "".join(f'{label}="{value}",' for label, value in labels.items()) + JOB
        for at in times:
            yield from samples(metric, name, labels, text, at, (at - times[0]) // STEP)


def samples(
    metric: Family, name: str, labels: dict[str, str], text: str, at: int, passed: int
) -> Iterator[str]:
    match metric.kind:
        case Kind.COUNTER:
            yield f"{name}_total{{{text}}} {passed} {at}\n"
        case Kind.HISTOGRAM:
            for bound in (*metric.buckets, "+Inf"):
                yield f'{name}_bucket{{{text},le="{bound}"}} {passed} {at}\n'
            yield f"{name}_sum{{{text}}} {passed / 100} {at}\n"
            yield f"{name}_count{{{text}}} {passed} {at}\n"
        case Kind.GAUGE:
            yield f"{name}{{{text}}} {value_of(name, labels, at)} {at}\n"


def values_of(name: str, label: str) -> tuple[str, ...]:
    if label in {"state", "status"} and name in STATES:
        return STATES[name]
    return LABELS.get(label, (label,))


def value_of(name: str, labels: dict[str, str], at: int) -> float:
    whose, state = next(iter(labels.values()), ""), labels.get("state") or labels.get("status")
    if (name, whose) in TRUE:
        return float(TRUE[name, whose] == state)
    if (whose == "never-yet" and name.endswith("_timestamp_seconds")) or name in NEVER:
        return 0
    if name.endswith("_interval_seconds"):
        return 100
    return at - 120 if name.endswith(("_timestamp_seconds", "_time_seconds")) else 1
