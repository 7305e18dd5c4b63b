"""The errors that parts of reeld exchange.

Every error carries a machine-readable `reason` and a sentence that says what happened and what to do about it.

    ReeldError                      a failure that was foreseen: it answers the asker, the actor goes on
    ├── Refused                     the request itself is wrong: asking again cannot help
    │   └── InvalidField            one field of a document is wrong, and the error names it
    ├── Conflict                    it was changed by somebody else since the asker read it
    ├── NotFound                    what was asked for does not exist (for a breaker, a success)
    ├── Unavailable                 somebody else must recover first: wait, no attempt is used up
    │   ├── BreakerOpen             the circuit breaker of a service refuses calls
    │   ├── ActorParked             the actor used up its restart budget and rests
    │   ├── MailboxFull             the actor has more to do than it may queue
    │   └── DatabaseUnavailable     PostgreSQL cannot be reached
    ├── AskCircle                   an ask would wait for itself
    ├── DeadlineExceeded            the answer did not come in time
    └── ServiceError                an outside system misbehaved
        ├── ServiceDown             no connection, no answer in time, or a 5xx
        ├── RateLimited             the system asked us to slow down
        ├── CredentialsRejected     the system recognised our credentials as wrong
        └── ProtocolViolation       the answer is not what the protocol promises (HTML where JSON was due)
"""

from __future__ import annotations

from typing import ClassVar


class ReeldError(Exception):
    """A foreseen failure.

    Args:
        sentence: What happened and what to do, for a person. Holds no secret.
        reason: A machine-readable reason in snake case; the class's `default_reason` when left out.
    """

    default_reason: ClassVar[str] = "failed"

    outage_seconds: float | None = None
    """Set by the breaker that the error passed, when it refuses calls from now on: for so many seconds. Then it is the
    service that fails, whatever was asked of it."""

    def __init__(self, sentence: str, *, reason: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.reason = reason or self.default_reason


class Refused(ReeldError):
    """The request itself is wrong: it is never retried."""

    default_reason = "refused"


class InvalidField(Refused):
    """One field of a document is missing or wrong.

    Args:
        field: Its path in the document, such as `specifications[2].implementation`.
        complaint: What is wrong and what to do.
    """

    default_reason = "invalid_field"

    def __init__(self, field: str, complaint: str, *, reason: str | None = None) -> None:
        super().__init__(f"{field}: {complaint}", reason=reason)
        self.field = field
        self.complaint = complaint


class Conflict(ReeldError):
    """Somebody else changed it since the asker read it: read it again, and decide anew."""

    default_reason = "changed_meanwhile"


class NotFound(ReeldError):
    """What was asked for does not exist."""

    default_reason = "not_found"


class Unavailable(ReeldError):
    """Somebody else must recover first.

    Args:
        sentence: What happened and what to do, for a person.
        reason: A machine-readable reason.
        retry_after: Seconds after which asking again makes sense; None when nobody knows.
    """

    default_reason = "unavailable"

    def __init__(
        self, sentence: str, *, reason: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence, reason=reason)
        self.retry_after = retry_after


class BreakerOpen(Unavailable):
    """The circuit breaker of a service refuses calls for now."""

    default_reason = "breaker_open"


class ActorParked(Unavailable):
    """The actor used up its restart budget and rests until a slow timer or a person starts it."""

    default_reason = "actor_parked"


class MailboxFull(Unavailable):
    """The actor has more to do than its mailbox may hold."""

    default_reason = "mailbox_full"


class DatabaseUnavailable(Unavailable):
    """PostgreSQL cannot be reached, or did not answer in time."""

    default_reason = "database_unavailable"


class AskCircle(ReeldError):
    """An ask would close a circle of actors that wait for each other.

    Args:
        path: The names of the actors on the circle, from the first asker to the one asked now.
    """

    default_reason = "ask_circle"

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(f"This ask would wait for itself: {' -> '.join(path)}. Use tell instead.")
        self.path = path


class DeadlineExceeded(ReeldError):
    """The answer did not come before the deadline."""

    default_reason = "deadline_exceeded"


class ServiceError(ReeldError):
    """An outside system misbehaved.

    Args:
        sentence: What happened and what to do, for a person. Holds no secret.
        service: Which system: `tmdb`, `hdbits`, `qbittorrent`, `feed`, ...
        reason: A machine-readable reason.
        retry_after: Seconds the system asked us to wait; None when it did not say.
    """

    default_reason = "service_error"

    def __init__(
        self,
        sentence: str,
        *,
        service: str,
        reason: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence, reason=reason)
        self.service = service
        self.retry_after = retry_after


class ServiceDown(ServiceError):
    """No connection, no answer in time, or a 5xx answer."""

    default_reason = "service_down"


class RateLimited(ServiceError):
    """The system asked us to slow down."""

    default_reason = "rate_limited"


class CredentialsRejected(ServiceError):
    """The system recognised our credentials as wrong: a person has to correct them."""

    default_reason = "credentials_rejected"


class ProtocolViolation(ServiceError):
    """The answer is not what the protocol promises."""

    default_reason = "protocol_violation"
