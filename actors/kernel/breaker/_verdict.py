"""What the end of a call says about the health of the service."""

from __future__ import annotations

import errno
import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import trio

from reeld.domain.errors import (
    CredentialsRejected,
    DeadlineExceeded,
    NotFound,
    Refused,
    ServiceError,
)


class CallOutcome(StrEnum):
    """How a call counts. The values are labels of the metric `reeld_breaker_calls_total`."""

    OK = "ok"
    FAILED = "failed"
    CREDENTIALS = "credentials_rejected"
    NEUTRAL = "neutral"
    """Says nothing about the service: cancelled, or a fault of ours."""
    LATE = "late"
    """Came back after the state had changed: it says nothing about the present."""
    NOT_PERMITTED = "not_permitted"
    """The breaker refused the call."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one call counts.

    Attributes:
        outcome: What it says about the service.
        reason: The machine-readable reason of a failure.
        sentence: The failure, for a person.
        retry_after: Seconds that the service asked us to wait.
    """

    outcome: CallOutcome
    reason: str = ""
    sentence: str = ""
    retry_after: float | None = None


OK = Verdict(CallOutcome.OK)
NEUTRAL = Verdict(CallOutcome.NEUTRAL)

# Ordered by how much they say: of several errors in one group, the first of these decides.
_WEIGHT = (CallOutcome.CREDENTIALS, CallOutcome.FAILED, CallOutcome.OK, CallOutcome.NEUTRAL)


def service_verdict(error: BaseException) -> Verdict:
    """Judge what left a call to an outside service.

    That something does not exist, or that a request was wrong, was said by a service that works. An error that is
    neither the service's nor the connection's (a bug, the database, a cancellation) says nothing about it.
    """
    return _heaviest(_service_leaf(leaf) for leaf in _leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _heaviest(verdicts: Iterator[Verdict]) -> Verdict:
    return min(verdicts, key=lambda verdict: _WEIGHT.index(verdict.outcome))


def _service_leaf(error: BaseException) -> Verdict:
    match error:
        case CredentialsRejected():
            return Verdict(CallOutcome.CREDENTIALS, error.reason, error.sentence)
        case ServiceError():
            return Verdict(
                CallOutcome.FAILED, error.reason, error.sentence, _seconds(error.retry_after)
            )
        case DeadlineExceeded():
            return Verdict(CallOutcome.FAILED, error.reason, error.sentence)
        case trio.TooSlowError():
            return Verdict(CallOutcome.FAILED, "deadline_exceeded", "It did not answer in time.")
        case OSError():
            return _failed_system_call(error)
        case NotFound() | Refused():
            return OK
        case _:
            return NEUTRAL


def _failed_system_call(error: OSError) -> Verdict:
    # The text of the exception may hold a path or a URL; the name and the system's words do not.
    code = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return Verdict(CallOutcome.FAILED, code.lower(), error.strerror or type(error).__name__)


def _seconds(asked: float | None) -> float | None:
    # Outside bytes: a Retry-After may parse to anything.
    return max(asked, 0.0) if asked is not None and math.isfinite(asked) else None
