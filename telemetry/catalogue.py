"""Every metric of reeld, declared once: the code, `/metrics` and the tests are derived from this table.

Names follow Prometheus' conventions: base units, `_total` on counters only, bounded label values only (an actor is its
kind, a route its template, a reason a member of an enum).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the catalogue. `buckets` are upper bounds in the metric's unit."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


MAILBOX_BUCKETS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
HANDLER_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DATABASE_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""The advice of the OpenTelemetry semantic conventions for `db.client.operation.duration`."""
WORK_BUCKETS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)

_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

CATALOGUE: tuple[Metric, ...] = (
    Metric(
        "reeld_build_info", _G, "Version and Python of the running daemon", ("version", "python")
    ),
    Metric("reeld_ready", _G, "1 when the readiness document says pass or warn"),
    Metric("reeld_leader", _G, "1 when this process runs the actor tree"),
    Metric(
        "reeld_config_last_reload_successful",
        _G,
        "1 when the settings could be read the last time that they were",
    ),
    Metric("reeld_log_messages_total", _C, "Log records by level", ("level",)),
    Metric("reeld_watchdog_beats_total", _C, "Beats sent to the service manager's watchdog"),
    Metric("reeld_trio_tasks", _G, "Living trio tasks"),
    Metric(
        "reeld_trio_loop_lag_seconds",
        _H,
        "How late a periodic timer ran (event loop lag)",
        buckets=MAILBOX_BUCKETS,
    ),
    Metric("reeld_actors_running", _G, "Live actor instances by kind", ("actor",)),
    Metric(
        "reeld_actor_parked",
        _G,
        "1 while the actor rests with its restart budget used up",
        ("actor",),
    ),
    Metric("reeld_actor_mailbox_depth", _G, "Messages waiting", ("actor",)),
    Metric("reeld_actor_mailbox_capacity", _G, "Mailbox bound of the kind", ("actor",)),
    Metric("reeld_actor_messages_total", _C, "Messages finished by outcome", ("actor", "outcome")),
    Metric(
        "reeld_actor_message_wait_seconds",
        _H,
        "Time from send to start of processing",
        ("actor",),
        MAILBOX_BUCKETS,
    ),
    Metric(
        "reeld_actor_message_processing_seconds",
        _H,
        "Time a handler ran",
        ("actor",),
        HANDLER_BUCKETS,
    ),
    Metric(
        "reeld_actor_dead_letters_total",
        _C,
        "Messages not delivered or not handled",
        ("actor", "reason"),
    ),
    Metric("reeld_actor_restarts_total", _C, "Restarts by a supervisor", ("actor", "cause")),
    Metric(
        "reeld_actor_restart_budget",
        _G,
        "Restarts left before the actor is parked or its supervisor gives up",
        ("actor",),
    ),
    Metric(
        "reeld_supervisor_escalations_total",
        _C,
        "Failures a supervisor passed to its parent",
        ("supervisor",),
    ),
    Metric(
        "reeld_breaker_state", _G, "1 for the current state of each breaker", ("service", "state")
    ),
    Metric(
        "reeld_breaker_transitions_total",
        _C,
        "Breaker transitions by target state",
        ("service", "to"),
    ),
    Metric("reeld_breaker_calls_total", _C, "Calls through the breaker", ("service", "outcome")),
    Metric(
        "reeld_external_requests_total",
        _C,
        "Calls to outside services by outcome",
        ("service", "operation", "outcome"),
    ),
    Metric(
        "reeld_external_request_duration_seconds",
        _H,
        "Duration of calls to outside services",
        ("service", "operation"),
        HANDLER_BUCKETS,
    ),
    Metric(
        "reeld_external_rate_limit_wait_seconds_total",
        _C,
        "Time spent waiting on our own rate limiter",
        ("service",),
    ),
    Metric(
        "reeld_external_last_success_timestamp_seconds",
        _G,
        "Unix time of the last good call",
        ("service",),
    ),
    Metric("reeld_db_up", _G, "1 when the last database check succeeded"),
    Metric(
        "reeld_db_query_duration_seconds",
        _H,
        "Database call duration by who called",
        ("repository",),
        DATABASE_BUCKETS,
    ),
    Metric("reeld_db_errors_total", _C, "Database errors by SQLSTATE class", ("class",)),
    Metric("reeld_db_pool_connections", _G, "Pool connections by state", ("state",)),
    Metric("reeld_db_pool_connections_max", _G, "Pool size bound"),
    Metric("reeld_db_pool_requests_waiting", _G, "Clients waiting for a connection"),
    Metric("reeld_db_pool_wait_seconds_total", _C, "Time clients waited for a connection"),
    Metric(
        "reeld_http_requests_total",
        _C,
        "HTTP requests by route template and status",
        ("method", "route", "status"),
    ),
    Metric(
        "reeld_http_request_duration_seconds",
        _H,
        "HTTP server request duration",
        ("method", "route"),
        HANDLER_BUCKETS,
    ),
    Metric("reeld_http_requests_in_progress", _G, "Requests being served"),
    Metric("reeld_auth_attempts_total", _C, "Authentication attempts", ("method", "outcome")),
    Metric("reeld_jobs", _G, "Rows of durable work by queue and state", ("queue", "state")),
    Metric("reeld_job_executions_total", _C, "Job runs by outcome", ("queue", "outcome")),
    Metric("reeld_job_duration_seconds", _H, "Job run time", ("queue",), WORK_BUCKETS),
    Metric(
        "reeld_unhinted_rows_total",
        _C,
        "Rows of work that a sweep found and no hint had announced",
        ("actor",),
    ),
    Metric("reeld_workflows", _G, "Acquisitions by stage", ("stage",)),
    Metric("reeld_releases_seen_total", _C, "Releases offered by sources", ("source",)),
    Metric("reeld_release_decisions_total", _C, "Decisions on releases", ("source", "decision")),
    Metric("reeld_release_rejections_total", _C, "Rejection reasons", ("reason",)),
    Metric("reeld_grabs_total", _C, "Releases sent to the download client", ("source", "outcome")),
    Metric(
        "reeld_rss_last_success_timestamp_seconds",
        _G,
        "Unix time of the last good feed poll",
        ("indexer",),
    ),
    Metric("reeld_rss_gaps_total", _C, "Polls that missed items", ("indexer",)),
    Metric("reeld_downloads", _G, "Downloads reeld tracks by state", ("client", "state")),
    Metric("reeld_download_remaining_bytes", _G, "Bytes left to download", ("client",)),
    Metric(
        "reeld_downloads_finished_total",
        _C,
        "Downloads that left the client",
        ("client", "outcome"),
    ),
    Metric("reeld_imports_total", _C, "Import attempts by outcome", ("outcome",)),
    Metric("reeld_import_failures_total", _C, "Import failures by reason", ("reason",)),
    Metric("reeld_import_files_total", _C, "Files imported by method", ("method",)),
    Metric("reeld_import_bytes_total", _C, "Bytes imported by method", ("method",)),
    Metric(
        "reeld_import_duration_seconds",
        _H,
        "File transfer time by method",
        ("method",),
        WORK_BUCKETS,
    ),
    Metric("reeld_import_fallbacks_total", _C, "Hardlinks that fell back to copying", ("reason",)),
    Metric("reeld_movies", _G, "Movies by stage", ("status", "monitored")),
    Metric("reeld_library_free_bytes", _G, "Free bytes under a root folder", ("root",)),
    Metric(
        "reeld_library_total_bytes", _G, "Size of the file system under a root folder", ("root",)
    ),
    Metric(
        "reeld_metrics_collection_duration_seconds",
        _G,
        "Time the last collection of scrape-time gauges took",
    ),
)
