"""Rows of the work table as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class WorkState(StrEnum):
    """Where a piece of work stands. `done`, `dead` and `cancelled` are final."""

    AVAILABLE = "available"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    """Given up; a person may retry or discard it."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that this worker has claimed.

    Attributes:
        attempt: Counted from 1; it was counted, and committed, when the work was claimed.
        worker: The incarnation that claimed it. With `id` and `attempt` it fences everything that follows.
        progress: What an earlier attempt noted, to go on from there.
        run_at: When it became due, by the database's clock.
        deadline_at: When it is taken away even from a live worker.
        traceparent: The span that led to it.
        movie_id: The movie that it is about, if it is about one.
        origin: The span in which that movie came to be wanted.
    """

    id: int
    queue: str
    kind: str
    args: Mapping[str, Any]
    args_version: int
    attempt: int
    max_attempts: int
    worker: UUID
    priority: int
    progress: Mapping[str, Any]
    run_at: datetime
    claimed_at: datetime
    deadline_at: datetime
    traceparent: str | None
    movie_id: int | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class WorkError:
    """One failed attempt."""

    at: datetime
    attempt: int
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A row of the work table, for people.

    Attributes:
        snoozes: How often in a row it was put back to wait for somebody else.
        reason: Why it waits or ended; None when there is nothing to say.
        errors: The last ten failed attempts, newest first.
    """

    id: int
    queue: str
    kind: str
    args: Mapping[str, Any]
    state: WorkState
    priority: int
    run_at: datetime
    attempt: int
    max_attempts: int
    snoozes: int
    progress: Mapping[str, Any]
    reason: str | None
    sentence: str | None
    errors: tuple[WorkError, ...]
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Returned:
    """A row that was taken from a worker that did not end it.

    Attributes:
        reason: `stopped` (given back in order), `crashed_worker` (the incarnation or its process is gone) or
            `deadline_exceeded`.
        is_dead: Whether it was given up.
    """

    id: int
    queue: str
    kind: str
    reason: str
    is_dead: bool


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many rows of a queue are in a state.

    Attributes:
        oldest_seconds: How long the oldest has been due (available), has run (running), or lain there (final).
    """

    queue: str
    state: WorkState
    count: int
    oldest_seconds: float
