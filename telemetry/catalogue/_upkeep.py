"""What looks after reeld itself: backups, the watchdog, traces, the metrics."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue._metric import Metric, counter, gauge, known

UPKEEP: Final[tuple[Metric, ...]] = (
    counter(
        "reeld_backup_runs_total",
        "Backup operations by outcome",
        known("operation", "create", "verify", "restore"),
        known("outcome", "ok", "failed"),
    ),
    gauge(
        "reeld_backup_last_success_timestamp_seconds",
        "Unix time of the last good backup",
        unit="seconds",
    ),
    gauge(
        "reeld_backup_last_verified_timestamp_seconds",
        "Unix time of the newest backup that was verified",
        unit="seconds",
    ),
    gauge("reeld_backup_size_bytes", "Size of the last backup", unit="bytes"),
    counter("reeld_watchdog_beats_total", "Beats sent to the service manager's watchdog"),
    counter(
        "reeld_trace_spans_dropped_total",
        "Spans dropped because the export queue was full or the collector did not take them",
    ),
    gauge(
        "reeld_metrics_collection_duration_seconds",
        "Time the last collection of all metrics took",
        unit="seconds",
    ),
)
