"""The small hooks through which metrics hear of the kernel: the kernel itself counts nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from opentelemetry.trace import SpanContext


class Outcome(StrEnum):
    """How a message ended."""

    OK = "ok"
    ERROR = "error"
    """A foreseen error answered the asker; the actor went on."""
    TIMEOUT = "timeout"
    """The handler ran into its deadline and was cancelled."""
    CRASHED = "crashed"
    """The handler met a fault and ended its incarnation."""
    CANCELLED = "cancelled"
    """The incarnation ended while the handler ran."""
    EXPIRED = "expired"
    """The asker's deadline had passed before the message's turn came."""


class Observer(Protocol):
    """What may be watched. Every hook is called on the hot path: keep it quick, let nothing escape.

    `message_coalesced`, `ask_circle` and `dead_letter` may come from any thread.
    """

    def message_handled(
        self,
        actor: str,
        message_type: str,
        outcome: str,
        wait_s: float,
        handle_s: float,
        span: SpanContext | None = None,
    ) -> None:
        """A message ended: it waited `wait_s` seconds and was handled for `handle_s` seconds, in `span` if in any."""

    def message_coalesced(self, actor: str) -> None:
        """A message was merged into one of the same work that waited already."""

    def ask_circle(self, actor: str) -> None:
        """An ask was refused because the actor asked waits for the asker."""

    def dead_letter(self, actor: str, reason: str) -> None:
        """A message was not delivered, or not handled."""

    def restarted(self, actor: str, cause: str) -> None:
        """A further incarnation of an actor begins; `cause` is the reason the last one ended."""

    def state_changed(self, actor: str, state: str) -> None:
        """An actor's life moved on."""

    def breaker_transition(self, name: str, to: str) -> None:
        """A breaker changed its state."""

    def breaker_call(self, name: str, outcome: str) -> None:
        """A call went through a breaker, or was refused."""

    def breaker_alarm(self, name: str, reason: str, sentence: str) -> None:
        """A person has to act before a service is called again."""

    def escalated(self, supervisor: str) -> None:
        """A supervisor could not help, and failed."""


class NullObserver:
    """Watches nothing."""

    def message_handled(
        self,
        actor: str,
        message_type: str,
        outcome: str,
        wait_s: float,
        handle_s: float,
        span: SpanContext | None = None,
    ) -> None:
        """Ignore it."""

    def message_coalesced(self, actor: str) -> None:
        """Ignore it."""

    def ask_circle(self, actor: str) -> None:
        """Ignore it."""

    def dead_letter(self, actor: str, reason: str) -> None:
        """Ignore it."""

    def restarted(self, actor: str, cause: str) -> None:
        """Ignore it."""

    def state_changed(self, actor: str, state: str) -> None:
        """Ignore it."""

    def breaker_transition(self, name: str, to: str) -> None:
        """Ignore it."""

    def breaker_call(self, name: str, outcome: str) -> None:
        """Ignore it."""

    def breaker_alarm(self, name: str, reason: str, sentence: str) -> None:
        """Ignore it."""

    def escalated(self, supervisor: str) -> None:
        """Ignore it."""
