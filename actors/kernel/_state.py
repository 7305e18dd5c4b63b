"""Where an actor is in its life, and the picture of it that may leave the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ActorState(StrEnum):
    """Where an actor is in its life."""

    STARTING = "starting"
    """No incarnation has finished its `on_start` yet; messages wait."""
    RUNNING = "running"
    BACKOFF = "backoff"
    """Between two incarnations; messages wait."""
    PARKED = "parked"
    """It used up its restart budget; messages are refused."""
    STOPPING = "stopping"
    """Finishing what it has begun; messages wait for whoever comes next."""
    STOPPED = "stopped"
    """It will not come back; messages are refused."""


@dataclass(frozen=True, slots=True)
class ActorSnapshot:
    """An actor at one moment.

    Attributes:
        name: The address's name.
        state: Where it is in its life.
        since: When it came into that state (UTC).
        paused: Whether ordinary messages are held back by a person.
        incarnation: The running incarnation's id; None between two.
        incarnation_number: How many incarnations there have been, this one included.
        restarts: How many of them followed one that ended.
        last_error: The fault that ended the last incarnation, by type and text; None before the first.
        last_error_at: When that was (UTC).
        mailbox_depth: Messages waiting, control messages included.
        mailbox_capacity: How many ordinary messages may wait.
        oldest_wait: Seconds the longest-waiting ordinary message has waited; 0 when none does.
        in_flight: Messages being handled.
        working: Pieces of work under way beside them.
    """

    name: str
    state: ActorState
    since: datetime
    paused: bool
    incarnation: UUID | None
    incarnation_number: int
    restarts: int
    last_error: str | None
    last_error_at: datetime | None
    mailbox_depth: int
    mailbox_capacity: int
    oldest_wait: float
    in_flight: int
    working: int = 0
