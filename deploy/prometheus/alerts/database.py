"""Alerts on PostgreSQL as reeld sees it."""

from __future__ import annotations

from typing import Final

from reeld.deploy.prometheus.table import Alert, Severity

_DATABASE: Final = "reeld-database"

DATABASE: Final = (
    Alert(
        name="ReeldDatabaseDown",
        severity=Severity.CRITICAL,
        expr='reeld_db_up{job="reeld"} == 0',
        # Also while the daemon starts and has no answer yet; a start takes seconds, and nobody is told of those.
        lasts="2m",
        summary="PostgreSQL does not answer.",
        description="{{ $labels.instance }} cannot reach its database: nothing is lost, and nothing is done.",
        dashboard=_DATABASE,
    ),
    Alert(
        name="ReeldDatabasePoolExhausted",
        severity=Severity.WARNING,
        expr=(
            'reeld_db_pool_requests_waiting{job="reeld"} > 0\n'
            "and on (job, instance)\n"
            'reeld_db_pool_connections{job="reeld",state="idle"} == 0'
        ),
        lasts="10m",
        summary="All connections to the database are in use.",
        description="{{ $value }} callers wait for a connection on {{ $labels.instance }}.",
        dashboard=_DATABASE,
        needs_database=True,
    ),
    Alert(
        name="ReeldDatabaseSlowQueries",
        severity=Severity.WARNING,
        expr=(
            "histogram_quantile(0.95, sum by (job, repository, le) ("
            'rate(reeld_db_query_duration_seconds_bucket{job="reeld"}[10m]))) > 1'
        ),
        lasts="15m",
        summary="Calls to the database are slow.",
        description="One call in twenty of {{ $labels.repository }} takes {{ $value | humanizeDuration }} or longer.",
        dashboard=_DATABASE,
        needs_database=True,
    ),
)
