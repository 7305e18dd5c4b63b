"""Actors and those who look after them."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue import _buckets
from reeld.telemetry.catalogue._metric import Metric, counter, gauge, given, histogram

_ACTOR: Final = given("actor")
_CHILD: Final = given("actor", of="child")
"""Beside the actors, what else a supervisor looks after: the web server."""

ACTORS: Final[tuple[Metric, ...]] = (
    gauge("reeld_actors_running", "Live actor instances by kind", _ACTOR),
    gauge("reeld_actor_parked", "1 while the actor rests with its restart budget used up", _ACTOR),
    gauge(
        "reeld_actor_restart_budget",
        "Restarts left before the actor is parked or its supervisor gives up",
        _CHILD,
    ),
    gauge("reeld_actor_mailbox_depth", "Messages waiting", _ACTOR),
    gauge("reeld_actor_mailbox_capacity", "Mailbox bound of the kind", _ACTOR),
    counter(
        "reeld_actor_messages_total",
        "Messages finished by outcome",
        _ACTOR,
        given("outcome", of="message_outcome"),
    ),
    counter(
        "reeld_actor_messages_coalesced_total",
        "Messages merged into one of the same kind that waited already",
        _ACTOR,
    ),
    histogram(
        "reeld_actor_message_wait_seconds",
        "Time from send to start of processing",
        _ACTOR,
        buckets=_buckets.LAG,
    ),
    histogram(
        "reeld_actor_message_processing_seconds",
        "Time a handler ran",
        _ACTOR,
        buckets=_buckets.HANDLER,
        exemplars=True,
    ),
    counter(
        "reeld_actor_dead_letters_total",
        "Messages not delivered or not handled",
        _ACTOR,
        given("reason", of="dead_reason"),
    ),
    counter(
        "reeld_actor_restarts_total",
        "Restarts by a supervisor",
        _CHILD,
        given("cause", of="restart_cause"),
    ),
    counter(
        "reeld_ask_circles_total",
        "Asks refused because they would close a circle, by the actor asked",
        _ACTOR,
    ),
    counter(
        "reeld_supervisor_escalations_total",
        "Failures a supervisor passed to its parent",
        given("supervisor"),
    ),
)
