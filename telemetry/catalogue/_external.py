"""Outside systems: breakers, and the calls through them."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue import _buckets
from reeld.telemetry.catalogue._metric import (
    Metric,
    counter,
    gauge,
    given,
    histogram,
    known,
    living,
)

_BREAKER: Final = living("service", of="breaker")
_SERVICE: Final = given("service")
_OPERATION: Final = given("service", "operation")

EXTERNAL: Final[tuple[Metric, ...]] = (
    gauge(
        "reeld_breaker_state",
        "1 for the current state of each breaker",
        _BREAKER,
        given("state", of="breaker_state"),
    ),
    counter(
        "reeld_breaker_transitions_total",
        "Breaker transitions by target state",
        _BREAKER,
        given("to", of="breaker_state"),
    ),
    counter(
        "reeld_breaker_calls_total",
        "Calls through the breaker by outcome",
        _BREAKER,
        given("outcome", of="breaker_outcome"),
    ),
    gauge(
        "reeld_breaker_credentials_rejected",
        "1 while the breaker is forced open because credentials were rejected",
        _BREAKER,
    ),
    counter(
        "reeld_external_requests_total",
        "Calls to outside services by outcome",
        _OPERATION,
        given("outcome", of="call_outcome"),
    ),
    histogram(
        "reeld_external_request_duration_seconds",
        "Duration of calls to outside services",
        _OPERATION,
        buckets=_buckets.REQUEST,
        exemplars=True,
    ),
    counter(
        "reeld_external_retries_total", "Requests that were sent a second time at once", _SERVICE
    ),
    counter(
        "reeld_external_rate_limit_wait_seconds_total",
        "Time spent waiting on our own rate limiter",
        _SERVICE,
        unit="seconds",
    ),
    gauge(
        "reeld_external_last_success_timestamp_seconds",
        "Unix time of the last good call",
        _SERVICE,
        unit="seconds",
    ),
    gauge(
        "reeld_faults_injected",
        "1 while a rehearsed outage is injected into the service",
        known("service", "tmdb", "hdbits", "qbittorrent", "postgresql"),
    ),
    counter(
        "reeld_pictures_total",
        "Posters and backdrops asked for, by where they came from",
        known("source", "kept", "resized", "fetched", "broken"),
    ),
    gauge(
        "reeld_picture_cache_bytes",
        "Bytes of the pictures that are kept on disk, originals included",
        unit="bytes",
    ),
)
