"""The web server."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue import _buckets
from reeld.telemetry.catalogue._metric import Metric, counter, gauge, given, histogram, known

_ROUTE: Final = given(
    "method", "route", also=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other")
)
_STATUS: Final = known(
    "status",
    "200",
    "500",
    also=tuple(str(number) for number in range(100, 600) if number not in (200, 500)),
)
"""The statuses that a rate of errors is made of are there from the start."""

HTTP: Final[tuple[Metric, ...]] = (
    counter(
        "reeld_http_requests_total",
        "HTTP requests by what they are about and status",
        _ROUTE,
        _STATUS,
    ),
    histogram(
        "reeld_http_request_duration_seconds",
        "HTTP server request duration, by what the routes are about",
        given("area"),
        buckets=_buckets.ANSWER,
        exemplars=True,
    ),
    gauge("reeld_http_requests_in_progress", "Requests being served"),
    counter(
        "reeld_http_stale_answers_total",
        "Answers served from the cache while the database was away",
        given("route"),
    ),
    counter(
        "reeld_http_shared_answers_total",
        "Answers that were found for somebody else who asked the same at the same time",
    ),
    counter(
        "reeld_auth_attempts_total",
        "Authentication attempts",
        known("method", "api_key", "metrics_token", "session", "password"),
        known("outcome", "ok", "refused", "forbidden", "throttled"),
    ),
    gauge("reeld_sessions", "Sessions of people that hold"),
    counter(
        "reeld_http_refused_requests_total",
        "Requests refused for the host that they name, or the page that they come from",
        known("cause", "host", "origin"),
    ),
    counter(
        "reeld_http_rate_limited_total",
        "Requests refused because a caller, or the network of strangers, made too many",
        known("by", "caller", "network"),
    ),
    gauge(
        "reeld_http_connections",
        "Connections that are open",
        known("door", "people", "operations"),
    ),
    counter(
        "reeld_http_connections_refused_total",
        "Connections turned away because there were too many, altogether or from one address, and those that asked for nothing and were dropped for a new one (waiting)",
        known("door", "people", "operations"),
        known("cause", "full", "address", "waiting"),
    ),
    gauge(
        "reeld_tls_certificate_expiry_timestamp_seconds",
        "When the certificate that is served ends; 0 without TLS",
        unit="seconds",
    ),
    gauge(
        "reeld_tls_last_reload_successful",
        "1 when the certificate in the files is the one that is served, and without TLS",
    ),
    gauge("reeld_event_clients", "Clients that follow live events"),
    counter(
        "reeld_event_frames_total",
        "Live events that were told, each once however many follow it",
        given("topic", of="event_topic"),
    ),
    counter(
        "reeld_event_clients_dropped_total",
        "Clients of live events that reeld has closed",
        given("reason", of="event_ending"),
    ),
    histogram(
        "reeld_event_lag_seconds",
        "Age of an event's row when it is handed to the clients",
        buckets=_buckets.LAG,
    ),
    counter(
        "reeld_control_changes_total",
        "Changes that people and programs made",
        given("action", of="control_action"),
        given("outcome", of="control_outcome"),
    ),
)
