"""What connects the small hooks of the rooms to the metrics. Rooms know only the shape of their hooks."""

from __future__ import annotations

import time
from typing import Final, Protocol

from opentelemetry.trace import SpanContext
from prometheus_client import Counter, Histogram

from reeld.telemetry.exemplars import current_exemplar, exemplar_of
from reeld.telemetry.metrics import Metrics

CLIENT: Final = "qbittorrent"
"""The one download client that there is."""

RESTART_CAUSES: Final = ("crashed", "requested", "sibling", "exit")
"""Why an actor may be started again, as the metric tells it."""


def kind_of(actor: str) -> str:
    """Return the kind of an actor: its name, but for what tells it from others of its kind (`torznab:5`)."""
    return actor.partition(":")[0]


class StageLeft(Protocol):
    """What the database says of an acquisition that left a stage."""

    @property
    def stage(self) -> str:
        """The stage."""

    @property
    def outcome(self) -> str:
        """How it was left."""

    @property
    def seconds(self) -> float:
        """How long it lasted."""

    @property
    def downloaded_in(self) -> float | None:
        """Seconds that the download took that is complete now."""


class KernelObserver:
    """Hears of messages, dead letters, restarts and breakers.

    Children of metrics are kept: looking one up costs more than counting.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._messages: dict[tuple[str, str], Counter] = {}
        self._wait: dict[str, Histogram] = {}
        self._handle: dict[str, Histogram] = {}
        self._states: dict[str, dict[str, str]] = {}

    def message_handled(
        self,
        actor: str,
        message_type: str,  # noqa: ARG002 - a label of this would have too many values
        outcome: str,
        wait_s: float,
        handle_s: float,
        span: SpanContext | None = None,
    ) -> None:
        """Count a message and observe its times, with the trace of its handling if there is one."""
        actor = kind_of(actor)
        key = (actor, outcome)
        counter = self._messages.get(key)
        if counter is None:
            counter = self._messages[key] = self._metrics.counter(
                "reeld_actor_messages_total", actor=actor, outcome=outcome
            )
            self._wait[actor] = self._metrics.histogram(
                "reeld_actor_message_wait_seconds", actor=actor
            )
            self._handle[actor] = self._metrics.histogram(
                "reeld_actor_message_processing_seconds", actor=actor
            )
        counter.inc()
        self._wait[actor].observe(wait_s)
        self._handle[actor].observe(handle_s, None if span is None else exemplar_of(span))

    def message_coalesced(self, actor: str) -> None:
        """Count a message that was merged into one that waited already."""
        self._metrics.add("reeld_actor_messages_coalesced_total", actor=kind_of(actor))

    def ask_circle(self, actor: str) -> None:
        """Count an ask that was refused because it would close a circle."""
        self._metrics.add("reeld_ask_circles_total", actor=kind_of(actor))

    def dead_letter(self, actor: str, reason: str) -> None:
        """Count a message that was not delivered or not handled."""
        self._metrics.add("reeld_actor_dead_letters_total", actor=kind_of(actor), reason=reason)

    def restarted(self, actor: str, cause: str) -> None:
        """Count a restart. The name of a fault is in the log; as a label it would have too many values."""
        cause = cause if cause in RESTART_CAUSES else "crashed"
        self._metrics.add("reeld_actor_restarts_total", actor=kind_of(actor), cause=cause)

    def state_changed(self, actor: str, state: str) -> None:
        """Follow whether the actor runs or is parked; those of a kind that has several are counted."""
        kind = kind_of(actor)
        self._states.setdefault(kind, {})[actor] = state
        states = tuple(self._states[kind].values())
        self._metrics.set("reeld_actors_running", float(states.count("running")), actor=kind)
        self._metrics.set("reeld_actor_parked", float("parked" in states), actor=kind)
        if state == "stopped":
            del self._states[kind][actor]

    def breaker_transition(self, name: str, to: str) -> None:
        """Count a transition; the state itself is read when somebody scrapes."""
        self._metrics.add("reeld_breaker_transitions_total", service=name, to=to)

    def breaker_call(self, name: str, outcome: str) -> None:
        """Count a call through a breaker."""
        self._metrics.add("reeld_breaker_calls_total", service=name, outcome=outcome)

    def breaker_alarm(self, name: str, reason: str, sentence: str) -> None:
        """Say nothing more: what is read when somebody scrapes is the alarm, and the breaker has logged why."""

    def escalated(self, supervisor: str) -> None:
        """Count a failure that a supervisor passed on."""
        self._metrics.add("reeld_supervisor_escalations_total", supervisor=supervisor)


class DatabaseObserver:
    """Hears of statements, transactions, failures and whether the server can be reached."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._durations: dict[str, Histogram] = {}

    def statement_ended(self, repository: str, seconds: float) -> None:
        """Observe how long a call took."""
        duration = self._durations.get(repository)
        if duration is None:
            duration = self._durations[repository] = self._metrics.histogram(
                "reeld_db_query_duration_seconds", repository=repository
            )
        duration.observe(seconds, current_exemplar())

    def transaction_ended(self, outcome: str) -> None:
        """Count a transaction."""
        self._metrics.add("reeld_db_transactions_total", outcome=outcome)

    def stage_left(self, left: StageLeft) -> None:
        """Count that an acquisition left a stage, and observe how long it was in it."""
        stage = left.stage
        self._metrics.add("reeld_workflow_transitions_total", stage=stage, outcome=left.outcome)
        self._metrics.observe("reeld_workflow_stage_duration_seconds", left.seconds, stage=stage)
        if left.downloaded_in is not None:
            self._metrics.observe(
                "reeld_download_duration_seconds", left.downloaded_in, client=CLIENT
            )

    def failed(self, sqlstate_class: str) -> None:
        """Count a failed call."""
        self._metrics.add("reeld_db_errors_total", **{"class": sqlstate_class})

    def pool_failed(self, kind: str) -> None:
        """Count a failure of the pool."""
        self._metrics.add("reeld_db_pool_errors_total", kind=kind)

    def availability_changed(self, available: bool) -> None:
        """Show whether the server can be reached."""
        self._metrics.set("reeld_db_up", float(available))


class ServiceObserver:
    """Hears of calls to outside systems."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def call_finished(self, service: str, operation: str, outcome: str, seconds: float) -> None:
        """Count a call, observe how long it took, and remember when the last good one was."""
        self._metrics.add(
            "reeld_external_requests_total", service=service, operation=operation, outcome=outcome
        )
        self._metrics.observe(
            "reeld_external_request_duration_seconds", seconds, service=service, operation=operation
        )
        if outcome == "ok":
            self._metrics.set(
                "reeld_external_last_success_timestamp_seconds", time.time(), service=service
            )

    def retried(self, service: str) -> None:
        """Count a request that was sent a second time."""
        self._metrics.add("reeld_external_retries_total", service=service)

    def waited(self, service: str, seconds: float) -> None:
        """Count time spent on our own rate limiter."""
        self._metrics.add("reeld_external_rate_limit_wait_seconds_total", seconds, service=service)
