"""What connects the small hooks of the rooms to the metrics. Rooms know only the shape of their hooks."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import Counter, Histogram

from reeld.telemetry.metrics import Metrics

RESTART_CAUSES: Final = ("crashed", "requested", "sibling", "exit")
"""Why an actor may be started again, as the metric tells it."""


class KernelObserver:
    """Hears of messages, dead letters, restarts and breakers.

    Children of metrics are kept: looking one up costs more than counting.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._messages: dict[tuple[str, str], Counter] = {}
        self._wait: dict[str, Histogram] = {}
        self._handle: dict[str, Histogram] = {}

    def message_handled(
        self,
        actor: str,
        message_type: str,  # noqa: ARG002 - a label of this would have too many values
        outcome: str,
        wait_s: float,
        handle_s: float,
    ) -> None:
        """Count a message and observe its times."""
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
        self._handle[actor].observe(handle_s)

    def dead_letter(self, actor: str, reason: str) -> None:
        """Count a message that was not delivered or not handled."""
        self._metrics.add("reeld_actor_dead_letters_total", actor=actor, reason=reason)

    def restarted(self, actor: str, cause: str) -> None:
        """Count a restart. The name of a fault is in the log; as a label it would have too many values."""
        cause = cause if cause in RESTART_CAUSES else "crashed"
        self._metrics.add("reeld_actor_restarts_total", actor=actor, cause=cause)

    def state_changed(self, actor: str, state: str) -> None:
        """Follow whether the actor runs or is parked."""
        self._metrics.set("reeld_actors_running", float(state == "running"), actor=actor)
        self._metrics.set("reeld_actor_parked", float(state == "parked"), actor=actor)

    def breaker_transition(self, name: str, to: str) -> None:
        """Count a transition; the state itself is read when somebody scrapes."""
        self._metrics.add("reeld_breaker_transitions_total", service=name, to=to)

    def breaker_call(self, name: str, outcome: str) -> None:
        """Count a call through a breaker."""
        self._metrics.add("reeld_breaker_calls_total", service=name, outcome=outcome)

    def breaker_alarm(self, name: str, reason: str, sentence: str) -> None:
        """Say nothing more: the state `forced_open` is the alarm, and the breaker has logged why."""

    def escalated(self, supervisor: str) -> None:
        """Count a failure that a supervisor passed on."""
        self._metrics.add("reeld_supervisor_escalations_total", supervisor=supervisor)


class DatabaseObserver:
    """Hears of statements, failures and whether the server can be reached."""

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
        duration.observe(seconds)

    def failed(self, sqlstate_class: str) -> None:
        """Count a failed call."""
        self._metrics.add("reeld_db_errors_total", **{"class": sqlstate_class})

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

    def waited(self, service: str, seconds: float) -> None:
        """Count time spent on our own rate limiter."""
        self._metrics.add("reeld_external_rate_limit_wait_seconds_total", seconds, service=service)
