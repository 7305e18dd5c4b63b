"""Database: is PostgreSQL there, is it fast, and are there enough connections."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board, Drawn, Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import BREAKER_CODES, BREAKER_WORDS, GOOD_AT_ONE, warn_from, yes_no
from reeld.grafana.panels import events, graph, heatmap, stat, states
from reeld.grafana.promql import (
    coded,
    least,
    pick,
    quantile,
    rate,
    times,
    total,
)

_breaker = coded("reeld_breaker_state", "state", "service", BREAKER_CODES, 'service="postgresql"')

AVAILABILITY: Final = Row(
    "Availability",
    (
        stat(
            "PostgreSQL",
            Unit.COUNT,
            "Whether PostgreSQL answered the last check; while it does not, work pauses and nothing is lost.",
            see("ReeldDatabaseDown"),
            Query(least(pick("reeld_db_up"))),
            width=4,
            height=6,
            steps=GOOD_AT_ONE,
            words=yes_no("up", "down"),
            when_empty="unknown",
        ),
        states(
            "Availability",
            "When PostgreSQL answered, for each reeld.",
            see("ReeldDatabaseDown"),
            Query(least(pick("reeld_db_up"), "instance"), "{{instance}}"),
            yes_no("up", "down"),
            width=10,
            height=6,
        ),
        states(
            "Breaker",
            "The state of PostgreSQL's breaker; while it is open, reads come from the cache and changes get 503.",
            see("ReeldBreakerOpen", "external"),
            Query(_breaker, "{{service}}"),
            BREAKER_WORDS,
            width=10,
            height=6,
        ),
    ),
)

POOL: Final = Row(
    "Pool",
    (
        graph(
            "Connections",
            Unit.COUNT,
            "Connections of the pool, used and idle, and how many there may be.",
            see("ReeldDatabasePoolExhausted"),
            Query(total(pick("reeld_db_pool_connections"), "state"), "{{state}}"),
            Query(total(pick("reeld_db_pool_connections_max")), "bound"),
            width=6,
        ),
        graph(
            "Waiting",
            Unit.COUNT,
            "Callers that wait for a connection; above 0 for long, the pool is too small or a query too slow.",
            see("ReeldDatabasePoolExhausted"),
            Query(total(pick("reeld_db_pool_requests_waiting")), "waiting"),
            steps=warn_from(1),
            width=6,
        ),
        graph(
            "Time spent waiting",
            Unit.SHARE,
            "Time that callers waited for a connection, per second of time: 100 % is one caller waiting always.",
            see("ReeldDatabasePoolExhausted"),
            Query(rate("reeld_db_pool_wait_seconds_total"), "waiting"),
            width=6,
        ),
        events(
            "Pool failures",
            "Connections that could not be made, were lost, or did not come free in time, by kind.",
            see("ReeldDatabasePoolExhausted", "ReeldDatabaseDown"),
            Query(times("reeld_db_pool_errors_total", "kind"), "{{kind}}"),
            width=6,
        ),
    ),
)

QUERIES: Final = Row(
    "Queries",
    (
        graph(
            "Calls",
            Unit.PER_SECOND,
            "Calls to the database by who called.",
            see("ReeldDatabaseSlowQueries"),
            Query(rate("reeld_db_query_duration_seconds_count", "repository"), "{{repository}}"),
            width=12,
            drawn=Drawn.STACKED,
        ),
        graph(
            "Duration, p95",
            Unit.SECONDS,
            "Time that all but one in twenty calls stay below, by who called.",
            see("ReeldDatabaseSlowQueries"),
            Query(
                quantile(0.95, "reeld_db_query_duration_seconds", "repository"),
                "{{repository}}",
                with_exemplars=True,
            ),
            width=12,
            steps=warn_from(1),
        ),
        heatmap(
            "Duration",
            "How long calls took, all callers together; the dots lead to traces.",
            see("ReeldDatabaseSlowQueries"),
            rate("reeld_db_query_duration_seconds_bucket", "le"),
            width=6,
        ),
        graph(
            "Share of the time",
            Unit.SHARE,
            "Time spent in the database per second of time, by who called: who keeps it busy.",
            see("ReeldDatabaseSlowQueries"),
            Query(rate("reeld_db_query_duration_seconds_sum", "repository"), "{{repository}}"),
            drawn=Drawn.STACKED,
            width=6,
        ),
        graph(
            "Transactions",
            Unit.PER_SECOND,
            "Transactions by outcome; a rollback is normal where a fence or a constraint said no.",
            see("ReeldDatabaseSlowQueries"),
            Query(rate("reeld_db_transactions_total", "outcome"), "{{outcome}}"),
            width=6,
        ),
        events(
            "Errors",
            "Failed calls by class of SQLSTATE: 08 connection, 40 conflict, 53 resources, 57 shutdown.",
            see("ReeldDatabaseDown", "ReeldDatabaseSlowQueries"),
            Query(times("reeld_db_errors_total", "class"), "class {{class}}"),
            width=6,
        ),
    ),
)

DATABASE: Final = Board(
    "database",
    "Is PostgreSQL there, is it fast, and are there enough connections?",
    (AVAILABILITY, POOL, QUERIES),
)
