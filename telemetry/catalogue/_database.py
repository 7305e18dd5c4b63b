"""PostgreSQL and the connections to it."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue import _buckets
from reeld.telemetry.catalogue._metric import Metric, counter, gauge, given, histogram, known

DATABASE: Final[tuple[Metric, ...]] = (
    gauge("reeld_db_up", "1 when the last database check succeeded"),
    histogram(
        "reeld_db_query_duration_seconds",
        "Database call duration by who called",
        given("repository"),
        buckets=_buckets.DATABASE,
        exemplars=True,
    ),
    counter(
        "reeld_db_errors_total",
        "Database errors by SQLSTATE class",
        given("class", of="sqlstate_class"),
    ),
    counter(
        "reeld_db_transactions_total",
        "Transactions by outcome",
        given("outcome", of="transaction_outcome"),
    ),
    gauge("reeld_db_pool_connections", "Pool connections by state", known("state", "idle", "used")),
    gauge("reeld_db_pool_connections_max", "Pool size bound"),
    gauge("reeld_db_pool_requests_waiting", "Clients waiting for a connection"),
    counter(
        "reeld_db_pool_wait_seconds_total", "Time clients waited for a connection", unit="seconds"
    ),
    counter(
        "reeld_db_pool_errors_total",
        "Failures of the pool: no connection in time, none to be had, one lost",
        given("kind", of="pool_error"),
    ),
)
