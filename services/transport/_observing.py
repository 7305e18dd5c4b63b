"""The small hook through which metrics see what the clients do."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Protocol

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    ReeldError,
    Refused,
    ServiceDown,
    Unavailable,
)


@unique
class Outcome(StrEnum):
    """How an operation on an outside system ended."""

    OK = "ok"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    DOWN = "down"
    RATE_LIMITED = "rate_limited"
    CREDENTIALS_REJECTED = "credentials_rejected"
    PROTOCOL_VIOLATION = "protocol_violation"
    WAITING = "waiting"
    """Never sent: our own limiter or somebody inside reeld was not ready."""
    CANCELLED = "cancelled"
    CRASHED = "crashed"
    """An error that nobody foresaw."""


class Observer(Protocol):
    """Is told about every finished operation. Must be quick and must not raise."""

    def call_finished(self, service: str, operation: str, outcome: Outcome, seconds: float) -> None:
        """Take note of one operation and how long it took, waiting for our own limiter included."""
        ...

    def retried(self, service: str) -> None:
        """Take note that a request was sent a second time."""
        ...


class NullObserver:
    """Takes no note."""

    def call_finished(self, service: str, operation: str, outcome: Outcome, seconds: float) -> None:
        """Do nothing."""

    def retried(self, service: str) -> None:
        """Do nothing."""


_OUTCOMES: tuple[tuple[type[ReeldError], Outcome], ...] = (
    (NotFound, Outcome.NOT_FOUND),
    (Refused, Outcome.REFUSED),
    (RateLimited, Outcome.RATE_LIMITED),
    (CredentialsRejected, Outcome.CREDENTIALS_REJECTED),
    (ProtocolViolation, Outcome.PROTOCOL_VIOLATION),
    (ServiceDown, Outcome.DOWN),
    (Unavailable, Outcome.WAITING),
)


def outcome_of(error: ReeldError) -> Outcome:
    """Return the outcome that a foreseen error means."""
    return next((outcome for kind, outcome in _OUTCOMES if isinstance(error, kind)), Outcome.DOWN)
