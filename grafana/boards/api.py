"""API: who calls what, how fast is the answer, and what was changed by hand."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board, Colour, Drawn, Query, Row, Unit, Word
from reeld.grafana.links import see
from reeld.grafana.looks import GOOD_AT_ONE, good_from, warn_from, yes_no
from reeld.grafana.panels import bars, events, graph, heatmap, stat
from reeld.grafana.promql import (
    SHOWN,
    least,
    most,
    or_zero,
    pick,
    quantile,
    rate,
    ratio,
    times,
    total,
)

_DAY: Final = 86400.0
_EXPIRY: Final = "reeld_tls_certificate_expiry_timestamp_seconds"
_ERRORS: Final = 'status=~"5.."'

REQUESTS: Final = Row(
    "Requests",
    (
        graph(
            "Requests by route",
            Unit.REQUESTS_PER_SECOND,
            "Requests that reeld answered, by method and route.",
            see("ReeldAPIErrorBudgetBurn"),
            Query(rate("reeld_http_requests_total", "method,route"), "{{method}} {{route}}"),
            width=12,
            drawn=Drawn.STACKED,
        ),
        graph(
            "Requests by status",
            Unit.REQUESTS_PER_SECOND,
            "Requests by status: 4.. is the caller's mistake, 5.. is reeld's.",
            see("ReeldAPIErrorBudgetBurn"),
            Query(rate("reeld_http_requests_total", "status"), "{{status}}"),
            width=12,
        ),
        graph(
            "Share of server errors",
            Unit.SHARE,
            "Share of the requests that were answered with a server error; promised is less than 0.1 %.",
            see("ReeldAPIErrorBudgetBurn"),
            Query(
                ratio(
                    or_zero(rate("reeld_http_requests_total", "", _ERRORS)),
                    rate("reeld_http_requests_total"),
                ),
                "server errors",
            ),
            steps=warn_from(0.001, 0.0144),
        ),
        graph(
            "In progress",
            Unit.COUNT,
            "Requests being served, and connections that are open, by where they came in; a line that only climbs is one of"
            " them that does not end.",
            see("ReeldEventLoopLag", "runtime"),
            Query(total(pick("reeld_http_requests_in_progress")), "in progress"),
            Query(total(pick("reeld_http_connections"), "door"), "connections of {{door}}"),
        ),
        bars(
            "Server errors by route",
            Unit.COUNT,
            "Routes that answered with a server error in the time shown.",
            see("ReeldAPIErrorBudgetBurn"),
            Query(
                f"topk(10, {times('reeld_http_requests_total', 'route', _ERRORS, over=SHOWN)} > 0)",
                "{{route}}",
            ),
            steps=warn_from(1, 5),
            when_empty="none",
        ),
    ),
)

TIMES: Final = Row(
    "Answer times",
    (
        graph(
            "Duration, p95",
            Unit.SECONDS,
            "Time to answer that all but one in twenty requests stay below, by what they are about.",
            see("ReeldEventLoopLag", "runtime"),
            Query(
                quantile(0.95, "reeld_http_request_duration_seconds", "area"),
                "{{area}}",
                with_exemplars=True,
            ),
            width=12,
        ),
        heatmap(
            "Duration",
            "How long answers took, all routes together; the dots lead to traces.",
            see("ReeldEventLoopLag", "runtime"),
            rate("reeld_http_request_duration_seconds_bucket", "le"),
            width=12,
        ),
    ),
)

ACCESS: Final = Row(
    "Access and changes",
    (
        events(
            "Authentication",
            "Attempts to show who one is, by method and outcome; many refused ones are a wrong key or an attack.",
            see("ReeldAuthFailures"),
            Query(times("reeld_auth_attempts_total", "method,outcome"), "{{method}} {{outcome}}"),
        ),
        events(
            "Changes by hand",
            "Changes made through the control port, by action and outcome; the audit table says by whom.",
            see("ReeldFaultInjected", "actors"),
            Query(times("reeld_control_changes_total", "action,outcome"), "{{action}} {{outcome}}"),
        ),
        events(
            "Shared and stale answers",
            "Answers found once for several who asked the same at the same time; and, marked as stale, those served while"
            " the database was away.",
            see("ReeldDatabaseDown", "database"),
            Query(times("reeld_http_shared_answers_total"), "shared"),
            Query(times("reeld_http_stale_answers_total", "route"), "{{route}}"),
        ),
        events(
            "Turned away",
            "Requests that name another host, come from a page of another origin, or are too many; and connections, of which"
            " there were too many altogether or from one address.",
            see("ReeldAuthFailures"),
            Query(times("reeld_http_refused_requests_total", "cause"), "foreign {{cause}}"),
            Query(times("reeld_http_rate_limited_total", "by"), "too many, by {{by}}"),
            Query(
                times("reeld_http_connections_refused_total", "door,cause"),
                "connections of {{door}}, {{cause}}",
            ),
        ),
        graph(
            "Sessions",
            Unit.COUNT,
            "Sessions of people who are logged in; one that nobody began is ended with its password.",
            see("ReeldAuthFailures"),
            Query(most(pick("reeld_sessions")), "sessions"),
        ),
        stat(
            "Certificate ends in",
            Unit.SECONDS,
            "Time until the certificate of TLS expires; it is renewed in its file, without a restart.",
            see("ReeldHealthCheckFailing"),
            Query(
                f"({least(pick(_EXPIRY))} > 0) - time() or ({least(pick(_EXPIRY))} == 0) - 1",
            ),
            width=4,
            height=8,
            steps=good_from(14 * _DAY, 0),
            words=((-1, Word("no TLS", Colour.RESTING)),),
        ),
        stat(
            "Certificate files",
            Unit.COUNT,
            "Whether the certificate in the files is the one that is served; if not, the former one is.",
            see("ReeldHealthCheckFailing"),
            Query(least(pick("reeld_tls_last_reload_successful"))),
            width=4,
            height=8,
            steps=GOOD_AT_ONE,
            words=yes_no("served", "broken", Colour.WARNING),
        ),
    ),
)

LIVE: Final = Row(
    "Live events",
    (
        graph(
            "Clients",
            Unit.COUNT,
            "Clients that follow live events; 512 is the most.",
            see("ReeldEventLoopLag", "runtime"),
            Query(total(pick("reeld_event_clients")), "clients"),
            width=6,
            steps=warn_from(400, 512),
        ),
        graph(
            "Events by topic",
            Unit.PER_SECOND,
            "Live events that were told, by topic; each counts once however many clients follow it.",
            see("ReeldEventLoopLag", "runtime"),
            Query(rate("reeld_event_frames_total", "topic"), "{{topic}}"),
            width=6,
        ),
        graph(
            "Lag, p95",
            Unit.SECONDS,
            "Age of an event's row when it is handed to the clients, that all but one in twenty stay below.",
            see("ReeldEventLoopLag", "database"),
            Query(quantile(0.95, "reeld_event_lag_seconds"), "lag", with_exemplars=True),
            width=6,
        ),
        events(
            "Clients closed",
            "Clients that reeld has closed, by reason: slow and stuck ones did not read what they were sent.",
            see("ReeldEventLoopLag", "runtime"),
            Query(times("reeld_event_clients_dropped_total", "reason"), "{{reason}}"),
            width=6,
        ),
    ),
)

API: Final = Board(
    "api",
    "Who calls what, how fast is the answer, and what was changed by hand?",
    (REQUESTS, TIMES, ACCESS, LIVE),
)
