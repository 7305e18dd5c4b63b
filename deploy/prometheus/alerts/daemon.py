"""Alerts on the daemon as a whole: is it there, does it lead, does it serve."""

from __future__ import annotations

from typing import Final

from reeld.deploy.prometheus.table import Alert, Severity

DAEMON: Final = (
    Alert(
        name="ReeldDown",
        severity=Severity.CRITICAL,
        expr='up{job="reeld"} == 0\nor\nabsent(up{job="reeld"})',
        lasts="5m",
        summary="reeld is down.",
        description=(
            "Prometheus cannot scrape reeld"
            "{{ with $labels.instance }} at {{ . }}{{ else }}: it knows no such target{{ end }}."
        ),
    ),
    Alert(
        name="ReeldNotReady",
        severity=Severity.WARNING,
        expr='reeld_ready{job="reeld"} == 0\nand on (job, instance)\nreeld_leader{job="reeld"} == 1',
        lasts="10m",
        summary="reeld is up but not ready.",
        description="{{ $labels.instance }} leads, and answers /ready with 503.",
        dashboard="reeld-runtime",
        needs_database=True,
    ),
    Alert(
        name="ReeldCrashLooping",
        severity=Severity.CRITICAL,
        expr='changes(process_start_time_seconds{job="reeld"}[30m]) > 3',
        summary="The daemon ends again and again.",
        description="{{ $labels.instance }} was started {{ $value | humanize }} times in 30 minutes.",
        dashboard="reeld-runtime",
    ),
    Alert(
        name="ReeldNoLeader",
        severity=Severity.CRITICAL,
        expr='sum by (job) (reeld_leader{job="reeld"}) == 0',
        lasts="5m",
        summary="No reeld process runs the actor tree.",
        description="Every process of {{ $labels.job }} stands by: nothing is searched, fetched or imported.",
        dashboard="reeld-runtime",
        needs_database=True,
    ),
    Alert(
        name="ReeldMultipleLeaders",
        severity=Severity.CRITICAL,
        expr='sum by (job) (reeld_leader{job="reeld"}) > 1',
        lasts="1m",
        summary="Two reeld processes believe that they lead.",
        description="{{ $value }} processes say so; the epoch of the leader row decides whose writes are taken.",
        dashboard="reeld-runtime",
    ),
    Alert(
        name="ReeldConfigReloadFailed",
        severity=Severity.WARNING,
        expr='reeld_config_last_reload_successful{job="reeld"} == 0',
        lasts="5m",
        summary="The changed settings could not be read.",
        description="{{ $labels.instance }} goes on with the settings from before the change.",
        dashboard="reeld-runtime",
    ),
    Alert(
        name="ReeldHealthCheckFailing",
        severity=Severity.WARNING,
        expr='max by (job, instance, check) (reeld_health_check_status{job="reeld",status="fail"}) == 1',
        lasts="15m",
        summary="A health check fails.",
        description="{{ $labels.check }} fails on {{ $labels.instance }}.",
        needs_database=True,
    ),
    Alert(
        name="ReeldErrorLogs",
        severity=Severity.INFO,
        expr='sum by (job) (increase(reeld_log_messages_total{job="reeld",level=~"error|critical"}[15m])) > 20',
        lasts="15m",
        summary="There are many errors in the log.",
        description="{{ $value | humanize }} errors were logged in 15 minutes.",
        needs_database=True,
    ),
    Alert(
        name="ReeldTraceSpansDropped",
        severity=Severity.INFO,
        expr='increase(reeld_trace_spans_dropped_total{job="reeld"}[15m]) > 0',
        lasts="15m",
        summary="Trace spans are dropped.",
        description="{{ $labels.instance }} dropped {{ $value | humanize }} spans in 15 minutes.",
        dashboard="reeld-runtime",
    ),
    Alert(
        name="ReeldEventLoopLag",
        severity=Severity.WARNING,
        expr=(
            "histogram_quantile(0.99, sum by (job, instance, le) ("
            'rate(reeld_trio_loop_lag_seconds_bucket{job="reeld"}[5m]))) > 0.25'
        ),
        lasts="10m",
        summary="The event loop is held up.",
        description="One timer in a hundred is {{ $value | humanizeDuration }} late on {{ $labels.instance }}.",
        dashboard="reeld-runtime",
    ),
    Alert(
        name="ReeldAuthFailures",
        severity=Severity.WARNING,
        expr='sum by (job, method) (increase(reeld_auth_attempts_total{job="reeld",outcome!="ok"}[10m])) > 20',
        summary="Many attempts to get in fail.",
        description="{{ $value | humanize }} attempts by {{ $labels.method }} failed in 10 minutes.",
        dashboard="reeld-api",
    ),
)
