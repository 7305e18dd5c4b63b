"""Does it keep its promises? The objectives are those that the alerts on error budgets watch."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import (
    good_from,
    warn_from,
)
from reeld.grafana.panels import graph, stat
from reeld.grafana.promql import (
    RATE,
    SHOWN,
    happened,
    or_zero,
    pick,
    rate,
    ratio,
    times,
)

_BAD_MESSAGES: Final = 'outcome=~"error|timeout|crashed"'
_API_ROUTES: Final = 'route=~"/api/.*"'
_SERVER_ERRORS: Final = 'status=~"5.."'
_fresh = (
    f"(time() - {happened('reeld_rss_last_success_timestamp_seconds')})"
    f" < bool 2 * {pick('reeld_rss_interval_seconds')}"
)
# A status that was never answered has no series yet.
_failed_requests = or_zero(
    times("reeld_http_requests_total", "", _API_ROUTES, _SERVER_ERRORS, over=SHOWN)
)
_all_requests = times("reeld_http_requests_total", "", _API_ROUTES, over=SHOWN)
_failed_messages = times("reeld_actor_messages_total", "", _BAD_MESSAGES, over=SHOWN)
_all_messages = times("reeld_actor_messages_total", over=SHOWN)

PROMISES: Final = Row(
    "Does it keep its promises?",
    (
        stat(
            "API availability",
            Unit.SHARE,
            "Share of API requests in the time shown that were not answered with a server error; promised: 99.9 %.",
            see("ReeldAPIErrorBudgetBurn", "api"),
            Query(f"1 - {ratio(_failed_requests, _all_requests)}"),
            width=4,
            height=8,
            steps=good_from(0.999, 0.99),
            when_empty="no requests",
        ),
        stat(
            "Messages handled",
            Unit.SHARE,
            "Share of messages in the time shown that ended without error, timeout or crash; promised: 99.9 %.",
            see("ReeldActorErrorBudgetBurn", "actors"),
            Query(f"1 - {ratio(_failed_messages, _all_messages)}"),
            width=4,
            height=8,
            steps=good_from(0.999, 0.99),
            when_empty="no messages",
        ),
        stat(
            "Feeds fresh",
            Unit.SHARE,
            "Share of the time shown in which every feed was read within two of its intervals; promised: 99 %.",
            see("ReeldRSSFreshnessBudgetBurn", "pipeline"),
            Query(f"avg_over_time(min({_fresh})[{SHOWN}:{RATE}])"),
            width=4,
            height=8,
            steps=good_from(0.99, 0.95),
            when_empty="no feeds",
        ),
        graph(
            "Error budget burn",
            Unit.COUNT,
            "How many times faster than allowed each promise's error budget is spent; 1 uses it up exactly.",
            see("ReeldAPIErrorBudgetBurn", "ReeldActorErrorBudgetBurn", "api", "actors"),
            Query(
                ratio(
                    or_zero(rate("reeld_http_requests_total", "", _API_ROUTES, _SERVER_ERRORS)),
                    rate("reeld_http_requests_total", "", _API_ROUTES),
                )
                + " / 0.001",
                "API",
            ),
            Query(
                ratio(
                    rate("reeld_actor_messages_total", "", _BAD_MESSAGES),
                    rate("reeld_actor_messages_total"),
                )
                + " / 0.001",
                "messages",
            ),
            Query(f"(1 - min({_fresh})) / 0.01", "feeds"),
            width=12,
            steps=warn_from(1, 14.4),
        ),
    ),
)
