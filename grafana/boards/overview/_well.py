"""Is it well?"""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Colour, Query, Row, Step, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import (
    CHECK_CODES,
    CHECK_WORDS,
    GOOD_AT_ONE,
    WARN_ABOVE_ZERO,
    none_is_good,
    yes_no,
)
from reeld.grafana.panels import stat, states
from reeld.grafana.promql import (
    coded,
    least,
    most,
    pick,
    total,
)

_component = (
    f"label_replace({coded('reeld_health_check_status', 'status', 'check', CHECK_CODES)},"
    ' "component", "$1", "check", "([^:]+).*")'
)

WELL: Final = Row(
    "Is it well?",
    (
        stat(
            "Answers Prometheus",
            Unit.COUNT,
            "Whether the last scrape of every reeld chosen above went well; if not, nothing else here is news.",
            see("ReeldDown", "runtime"),
            Query(least(pick("up"))),
            steps=GOOD_AT_ONE,
            words=yes_no("yes", "no"),
            when_empty="not scraped",
        ),
        stat(
            "Ready",
            Unit.COUNT,
            "Whether reeld itself says that it can do its work.",
            see("ReeldNotReady", "runtime"),
            Query(least(pick("reeld_ready"))),
            steps=GOOD_AT_ONE,
            words=yes_no("yes", "no"),
            when_empty="down",
        ),
        stat(
            "Database",
            Unit.COUNT,
            "Whether PostgreSQL answered the last check; while it does not, work pauses and nothing is lost.",
            see("ReeldDatabaseDown", "database"),
            Query(least(pick("reeld_db_up"))),
            steps=GOOD_AT_ONE,
            words=yes_no("up", "down"),
            when_empty="unknown",
        ),
        stat(
            "Leader",
            Unit.COUNT,
            "How many processes run the actor tree: one is right, none does nothing, two are a fault.",
            see("ReeldNoLeader", "ReeldMultipleLeaders", "runtime"),
            Query(total(pick("reeld_leader"))),
            steps=(Step(None, Colour.BAD), Step(1, Colour.GOOD), Step(2, Colour.BAD)),
            words=yes_no("one", "none"),
            when_empty="unknown",
        ),
        stat(
            "Parked actors",
            Unit.COUNT,
            "Actors that crashed too often and rest; what they do waits until they are tried again.",
            see("ReeldActorParked", "actors"),
            Query(total(pick("reeld_actor_parked"))),
            steps=WARN_ABOVE_ZERO,
            words=none_is_good(),
        ),
        stat(
            "Open breakers",
            Unit.COUNT,
            "Services that reeld does not call now because they fail or refuse; it asks again by itself.",
            see("ReeldBreakerOpen", "external"),
            Query(total(pick("reeld_breaker_state", 'state=~"open|forced_open"'))),
            steps=WARN_ABOVE_ZERO,
            words=none_is_good(),
        ),
        stat(
            "Rehearsed outages",
            Unit.COUNT,
            "Services into which a person injected faults: what fails there is meant to.",
            see("ReeldFaultInjected", "external"),
            Query(total(pick("reeld_faults_injected"))),
            steps=(Step(None, Colour.GOOD), Step(1, Colour.REHEARSED)),
            words=none_is_good(),
        ),
        stat(
            "Up for",
            Unit.SECONDS,
            "Time since the youngest process was started; a short one that you did not cause is a crash.",
            see("ReeldCrashLooping", "runtime"),
            Query(f"time() - {most(pick('process_start_time_seconds'))}"),
            steps=(Step(None, Colour.WARNING), Step(600, Colour.GOOD)),
            when_empty="down",
        ),
        states(
            "Health checks",
            "The worst check of each component over time; the single checks are on the runtime dashboard.",
            see("ReeldHealthCheckFailing", "runtime"),
            Query(most(_component, "component"), "{{component}}"),
            CHECK_WORDS,
            height=6,
        ),
    ),
)
