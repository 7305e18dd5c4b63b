"""The process: what runs, whether it is well, its settings, its loop."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue import _buckets
from reeld.telemetry.catalogue._metric import (
    Metric,
    counter,
    free,
    gauge,
    given,
    histogram,
    known,
    living,
)

DAEMON: Final[tuple[Metric, ...]] = (
    gauge(
        "reeld_build_info",
        "Version, revision and Python of the running daemon",
        free("version"),
        free("revision"),
        free("python"),
    ),
    gauge("reeld_ready", "1 when the readiness document says pass or warn"),
    gauge(
        "reeld_health_check_status",
        "1 for the current status of each health check",
        living("check"),
        given("status", of="health_status"),
    ),
    gauge("reeld_leader", "1 when this process runs the actor tree"),
    counter("reeld_leader_transitions_total", "Times this process gained or lost the lead"),
    gauge(
        "reeld_config_last_reload_successful",
        "1 when the settings could be read the last time that they were",
    ),
    gauge(
        "reeld_config_last_reload_success_timestamp_seconds",
        "Unix time at which the settings were last read without an error",
        unit="seconds",
    ),
    counter(
        "reeld_log_messages_total",
        "Log records by level",
        known("level", "debug", "info", "warning", "error", "critical", "other"),
    ),
    gauge("reeld_trio_tasks", "Living trio tasks"),
    histogram(
        "reeld_trio_loop_lag_seconds",
        "How late a periodic timer ran (event loop lag)",
        buckets=_buckets.LAG,
    ),
    gauge(
        "reeld_trio_worker_threads_in_use", "Threads of the default limiter that work for the loop"
    ),
    gauge("reeld_trio_worker_threads_limit", "Most threads of the default limiter at once"),
)
