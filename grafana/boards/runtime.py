"""Runtime: which version runs, is the process sound, and does what watches it work."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board, Colour, Column, Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import CHECK_CODES, CHECK_WORDS, GOOD_AT_ONE, warn_from, yes_no
from reeld.grafana.panels import events, graph, heatmap, stat, states, table
from reeld.grafana.promql import coded, least, most, pick, quantile, rate, ratio, times, total

STATE: Final = Row(
    "State",
    (
        stat(
            "Ready",
            Unit.COUNT,
            "Whether each reeld says that it can do its work.",
            see("ReeldNotReady"),
            Query(least(pick("reeld_ready"), "instance"), "{{instance}}"),
            width=4,
            height=4,
            steps=GOOD_AT_ONE,
            words=yes_no("yes", "no"),
            when_empty="down",
        ),
        stat(
            "Up for",
            Unit.SECONDS,
            "Time since each process was started.",
            see("ReeldCrashLooping", "ReeldDown"),
            Query(
                f"time() - {most(pick('process_start_time_seconds'), 'instance')}", "{{instance}}"
            ),
            width=4,
            height=4,
            when_empty="down",
        ),
        stat(
            "Settings",
            Unit.COUNT,
            "Whether the settings could be read the last time; if not, the old ones stay in force.",
            see("ReeldConfigReloadFailed"),
            Query(least(pick("reeld_config_last_reload_successful"), "instance"), "{{instance}}"),
            width=4,
            height=4,
            steps=GOOD_AT_ONE,
            words=yes_no("fine", "error", Colour.WARNING),
        ),
        stat(
            "Settings read",
            Unit.SECONDS,
            "Time since the settings were last read well.",
            see("ReeldConfigReloadFailed"),
            Query(
                "time() - "
                + most(pick("reeld_config_last_reload_success_timestamp_seconds"), "instance"),
                "{{instance}}",
            ),
            width=4,
            height=4,
        ),
        table(
            "Versions",
            Unit.STATE,
            "Version, revision and Python of every reeld that is scraped.",
            see("ReeldCrashLooping"),
            Query(pick("reeld_build_info")),
            Column("instance", "Instance"),
            Column("version", "Version"),
            Column("revision", "Revision"),
            Column("python", "Python"),
            height=4,
        ),
        states(
            "Health checks",
            "Every single check over time; `/health/detailed` tells its sentence and what to do.",
            see("ReeldHealthCheckFailing"),
            Query(coded("reeld_health_check_status", "status", "check", CHECK_CODES), "{{check}}"),
            CHECK_WORDS,
            height=16,
        ),
        states(
            "Leader",
            "Which process ran the actor tree; two at the same time are a fault.",
            see("ReeldNoLeader", "ReeldMultipleLeaders"),
            Query(most(pick("reeld_leader"), "instance"), "{{instance}}"),
            yes_no("leads", "stands by", Colour.RESTING),
            width=12,
        ),
        events(
            "Leader changes",
            "Times that a process gained or lost leadership.",
            see("ReeldNoLeader", "ReeldMultipleLeaders"),
            Query(times("reeld_leader_transitions_total", "instance"), "{{instance}}"),
            width=12,
        ),
    ),
)

PROCESS: Final = Row(
    "Process",
    (
        graph(
            "CPU",
            Unit.SHARE,
            "Share of one processor that the daemon uses; its loop has only one.",
            see("ReeldEventLoopLag"),
            Query(rate("process_cpu_seconds_total", "instance"), "{{instance}}"),
            width=8,
        ),
        graph(
            "Memory",
            Unit.BYTES,
            "Memory that the daemon holds; a line that only climbs is a leak.",
            see("ReeldCrashLooping"),
            Query(most(pick("process_resident_memory_bytes"), "instance"), "{{instance}}"),
            width=8,
        ),
        graph(
            "File descriptors",
            Unit.SHARE,
            "Share of the allowed file descriptors that are open.",
            see("ReeldCrashLooping"),
            Query(
                most(ratio(pick("process_open_fds"), pick("process_max_fds")), "instance"),
                "{{instance}}",
            ),
            width=8,
            steps=warn_from(0.8),
        ),
    ),
)

LOOP: Final = Row(
    "Event loop",
    (
        graph(
            "Loop lag, p99",
            Unit.SECONDS,
            "How late a timer runs: whatever blocks the loop shows here, and delays everything.",
            see("ReeldEventLoopLag"),
            Query(quantile(0.99, "reeld_trio_loop_lag_seconds", "instance"), "{{instance}}", True),
            steps=warn_from(0.25),
        ),
        heatmap(
            "Loop lag",
            "How late timers ran.",
            see("ReeldEventLoopLag"),
            rate("reeld_trio_loop_lag_seconds_bucket", "le"),
        ),
        graph(
            "Tasks",
            Unit.COUNT,
            "Living trio tasks; a number that only climbs is tasks that do not end.",
            see("ReeldEventLoopLag"),
            Query(most(pick("reeld_trio_tasks"), "instance"), "{{instance}}"),
        ),
        graph(
            "Worker threads",
            Unit.COUNT,
            "Threads in use for work that would block the loop, and how many there may be.",
            see("ReeldEventLoopLag"),
            Query(total(pick("reeld_trio_worker_threads_in_use")), "in use"),
            Query(total(pick("reeld_trio_worker_threads_limit")), "bound"),
            width=12,
        ),
        graph(
            "Watchdog beats",
            Unit.PER_SECOND,
            "Beats sent to systemd's watchdog; they end when the loop or the root supervisor hangs, and systemd restarts reeld.",
            see("ReeldEventLoopLag", "ReeldDown"),
            Query(rate("reeld_watchdog_beats_total", "instance"), "{{instance}}"),
            width=12,
        ),
    ),
)

TELEMETRY: Final = Row(
    "Telemetry",
    (
        graph(
            "Log records",
            Unit.PER_SECOND,
            "Log records by level.",
            see("ReeldErrorLogs"),
            Query(rate("reeld_log_messages_total", "level"), "{{level}}"),
        ),
        graph(
            "Time of a scrape",
            Unit.SECONDS,
            "Time that Prometheus needed for a scrape, and that reeld needed to collect its gauges.",
            see("ReeldDown"),
            Query(most(pick("scrape_duration_seconds"), "instance"), "scrape {{instance}}"),
            Query(
                most(pick("reeld_metrics_collection_duration_seconds"), "instance"),
                "collection {{instance}}",
            ),
        ),
        graph(
            "Series",
            Unit.COUNT,
            "Series of a scrape; they stay about the same however large the library grows.",
            see("ReeldDown"),
            Query(most(pick("scrape_samples_post_metric_relabeling"), "instance"), "{{instance}}"),
        ),
        events(
            "Spans dropped",
            "Spans of traces that were thrown away because the collector is away or too slow.",
            see("ReeldTraceSpansDropped"),
            Query(times("reeld_trace_spans_dropped_total", "instance"), "{{instance}}"),
            width=12,
        ),
        graph(
            "Age of the counts",
            Unit.SECONDS,
            "Age of the counts of jobs, workflows and movies, which come from a query now and then.",
            see("ReeldDatabaseDown", "jobs"),
            Query(most(pick("reeld_rows_age_seconds"), "instance"), "{{instance}}"),
            width=12,
            steps=warn_from(120),
        ),
    ),
)

RUNTIME: Final = Board(
    "runtime",
    "Which version runs, is the process sound, and does what watches it work?",
    (STATE, PROCESS, LOOP, TELEMETRY),
)
