"""External services: which one is down, is it they or we, and when is it asked again."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board, Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import (
    BREAKER_CODES,
    BREAKER_WORDS,
    FAULT_WORDS,
    GOOD_AT_ZERO,
    none_is_good,
    warn_from,
)
from reeld.grafana.panels import bars, events, graph, heatmap, stat, states
from reeld.grafana.promql import (
    SHOWN,
    age,
    coded,
    most,
    pick,
    quantile,
    rate,
    ratio,
    times,
)

BREAKERS: Final = Row(
    "Breakers",
    (
        states(
            "Breaker state",
            "The state of every breaker over time: services, feeds, root folders and PostgreSQL.",
            see("ReeldBreakerOpen", "ReeldCredentialsRejected"),
            Query(coded("reeld_breaker_state", "state", "service", BREAKER_CODES), "{{service}}"),
            BREAKER_WORDS,
            height=9,
        ),
        stat(
            "Rejected credentials",
            Unit.COUNT,
            "Services that refuse the name, key or password in the settings, until a person corrects it.",
            see("ReeldCredentialsRejected"),
            Query(most(pick("reeld_breaker_credentials_rejected"), "service"), "{{service}}"),
            width=8,
            height=8,
            steps=GOOD_AT_ZERO,
            words=none_is_good("accepted"),
        ),
        events(
            "Transitions",
            "Changes of breakers by the state that they went to; one that flaps points at a service on the edge.",
            see("ReeldBreakerOpen"),
            Query(times("reeld_breaker_transitions_total", "service,to"), "{{service}} {{to}}"),
        ),
        graph(
            "Calls through breakers",
            Unit.REQUESTS_PER_SECOND,
            "Calls by what the breaker made of them; `not_permitted` ones were spared to a service that fails.",
            see("ReeldBreakerOpen"),
            Query(rate("reeld_breaker_calls_total", "outcome"), "{{outcome}}"),
        ),
        states(
            "Rehearsed outages",
            "When a person injected faults into a service: failures in that time are meant.",
            see("ReeldFaultInjected"),
            Query(most(pick("reeld_faults_injected"), "service"), "{{service}}"),
            FAULT_WORDS,
            height=5,
        ),
    ),
)

CALLS: Final = Row(
    "Calls",
    (
        graph(
            "Calls",
            Unit.REQUESTS_PER_SECOND,
            "Calls to each service by operation.",
            see("ReeldExternalErrors"),
            Query(
                rate("reeld_external_requests_total", "service,operation"),
                "{{service}} {{operation}}",
            ),
            width=12,
        ),
        graph(
            "Outcomes",
            Unit.REQUESTS_PER_SECOND,
            "Calls to each service that did not end with ok, by outcome.",
            see("ReeldExternalErrors", "ReeldExternalRateLimited"),
            Query(
                rate("reeld_external_requests_total", "service,outcome", 'outcome!="ok"'),
                "{{service}} {{outcome}}",
            ),
            width=12,
        ),
        graph(
            "Failed share",
            Unit.SHARE,
            "Share of the calls to each service that did not end with ok or not found.",
            see("ReeldExternalErrors"),
            Query(
                ratio(
                    rate("reeld_external_requests_total", "service", 'outcome!~"ok|not_found"'),
                    rate("reeld_external_requests_total", "service"),
                ),
                "{{service}}",
            ),
            steps=warn_from(0.25),
            highest=1,
        ),
        graph(
            "Duration, p95",
            Unit.SECONDS,
            "Time that all but one in twenty calls stay below, waiting for our own limiter included.",
            see("ReeldExternalErrors"),
            Query(
                quantile(0.95, "reeld_external_request_duration_seconds", "service"),
                "{{service}}",
                with_exemplars=True,
            ),
        ),
        heatmap(
            "Duration",
            "How long calls took, all services together; the dots lead to traces.",
            see("ReeldExternalErrors"),
            rate("reeld_external_request_duration_seconds_bucket", "le"),
        ),
    ),
)

MANNERS: Final = Row(
    "Manners",
    (
        bars(
            "Since the last good call",
            Unit.SECONDS,
            "How long ago each service last answered well; a quiet one may just not have been needed.",
            see("ReeldExternalErrors"),
            Query(age("reeld_external_last_success_timestamp_seconds", "service"), "{{service}}"),
            when_empty="never",
        ),
        events(
            "Retries",
            "Calls that were tried again at once because they failed in a way that passes.",
            see("ReeldExternalErrors"),
            Query(times("reeld_external_retries_total", "service"), "{{service}}"),
        ),
        graph(
            "Waiting for our own limiter",
            Unit.SHARE,
            "Time that callers spent waiting so that reeld keeps to a service's limits, per second of time.",
            see("ReeldExternalRateLimited"),
            Query(rate("reeld_external_rate_limit_wait_seconds_total", "service"), "{{service}}"),
        ),
        stat(
            "Told to slow down",
            Unit.COUNT,
            "Answers in the time shown by which a service asked for silence; reeld keeps it.",
            see("ReeldExternalRateLimited"),
            Query(
                times(
                    "reeld_external_requests_total",
                    "service",
                    'outcome="rate_limited"',
                    over=SHOWN,
                ),
                "{{service}}",
            ),
            width=24,
            steps=warn_from(0.5, 10),
            words=none_is_good(),
        ),
    ),
)

PICTURES: Final = Row(
    "Pictures",
    (
        graph(
            "Pictures",
            Unit.REQUESTS_PER_SECOND,
            "Posters and backdrops by where they came from: kept as asked for, made of an original that is kept, or"
            " fetched from TMDB; a broken one is not shown.",
            see("library"),
            Query(rate("reeld_pictures_total", "source"), "{{source}}"),
            width=12,
        ),
        graph(
            "Pictures on disk",
            Unit.BYTES,
            "Room that kept pictures take; the least recently used ones leave at tmdb.image_cache_bytes.",
            see("library"),
            Query(most(pick("reeld_picture_cache_bytes")), "kept"),
            width=12,
        ),
    ),
)

EXTERNAL: Final = Board(
    "external",
    "Which service is down, is it theirs or ours, and does reeld keep to its manners?",
    (BREAKERS, CALLS, MANNERS, PICTURES),
)
