"""What the kernel itself has to say to an asker or to a supervisor.

ReeldError
├── ActorCrashed            the handler met a fault in reeld: the incarnation ends, the next one goes on
└── Unavailable
    └── ActorStopped        the actor has stopped, or stopped before it could answer

IncarnationCrashed          why an incarnation ended: for supervisors only, no asker ever sees it
"""

from __future__ import annotations

from reeld.domain.errors import ReeldError, Unavailable


class ActorCrashed(ReeldError):
    """The actor met an unforeseen fault while it held this message; the fault is the `__cause__`."""

    default_reason = "actor_crashed"


class ActorStopped(Unavailable):
    """The actor has stopped for good, or its handler was cancelled before it could answer."""

    default_reason = "actor_stopped"


class IncarnationCrashed(Exception):
    """An incarnation ended by a fault.

    Args:
        name: The actor's name.
        cause: The fault: what the factory, `on_start`, a handler or a background task raised.
        started: Whether `on_start` had finished; False is a failed start attempt.
    """

    def __init__(self, name: str, cause: BaseException, *, started: bool) -> None:
        when = "crashed" if started else "failed to start"
        super().__init__(f"{name} {when}: {type(cause).__name__}")
        self.name = name
        self.cause = cause
        self.started = started
