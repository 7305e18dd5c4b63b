"""Releases that are right, but not yet: what they wait for, until when, and the work that looks again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reeld.actors.decision._surroundings import Surroundings
from reeld.domain.decision import Decision, Reason, Verdict
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import TrioConnection
from reeld.storage.repositories import pending
from reeld.storage.repositories.pending import PendingReason
from reeld.storage.work import enqueue

CLIENT_SECONDS: Final = 60.0
"""The download client may be back before: then what waits for it is decided about at once."""
INDEXER_SECONDS: Final = 300.0
FALLBACK_SECONDS: Final = 24 * 3600.0
"""What is on its way ends long before, and is the end of this wait; this one is for a hint that was lost."""

_WAITED_FOR: Final = {
    Reason.DELAYED: PendingReason.DELAY,
    Reason.CLIENT_AWAY: PendingReason.CLIENT_UNAVAILABLE,
    Reason.INDEXER_AWAY: PendingReason.INDEXER_UNAVAILABLE,
    Reason.ALREADY_ACQUIRING: PendingReason.FALLBACK,
}
# What comes first is what a person is told.
_ORDER: Final = (
    PendingReason.FALLBACK,
    PendingReason.DELAY,
    PendingReason.CLIENT_UNAVAILABLE,
    PendingReason.INDEXER_UNAVAILABLE,
)
_SECONDS: Final = {
    PendingReason.CLIENT_UNAVAILABLE: CLIENT_SECONDS,
    PendingReason.INDEXER_UNAVAILABLE: INDEXER_SECONDS,
    PendingReason.FALLBACK: FALLBACK_SECONDS,
}


@dataclass(frozen=True, slots=True)
class Wait:
    """A release that waits.

    Attributes:
        sentence: What for, for people.
    """

    release_id: int
    reason: PendingReason
    due_at: datetime
    sentence: str


def waits_of(decision: Decision, around: Surroundings) -> list[Wait]:
    """Return which releases wait: those against which nothing speaks but what passes by itself."""
    waits = (_wait(verdict, around.now) for verdict in decision.verdicts)
    return [wait for wait in waits if wait is not None]


def _wait(verdict: Verdict, now: datetime) -> Wait | None:
    reasons = {each.reason for each in verdict.rejections}
    if not reasons or not reasons <= _WAITED_FOR.keys():
        return None
    waited_for = {reason: _WAITED_FOR[reason] for reason in reasons if reason is not None}
    first = min(waited_for.values(), key=_ORDER.index)
    ruling = next(each for each in verdict.rejections if each.reason and waited_for[each.reason] is first)
    due = (
        datetime.fromisoformat(ruling.values["due_at"])
        if first is PendingReason.DELAY
        else now + timedelta(seconds=_SECONDS[first])
    )
    return Wait(verdict.release_id, first, due, ruling.sentence)


async def store_waits(
    conn: TrioConnection, around: Surroundings, waits: Iterable[Wait]
) -> None:
    """Write what waits in place of what waited, and ask for a decision when the first of it is due."""
    movie_id, waits = around.movie.id, list(waits)
    await pending.clear(conn, movie_id, keep=[wait.release_id for wait in waits])
    for wait in waits:
        await pending.put(conn, wait.release_id, movie_id, wait.reason, wait.due_at)
    if waits:
        due = min(wait.due_at for wait in waits)
        await enqueue(
            conn,
            Queue.DECISION,
            WorkKind.DECIDE_MOVIE,
            {"movie_id": movie_id, "cause": str(around.cause), "waiting": True},
            unique_key=f"movie:{movie_id}:due:{due.timestamp():.0f}",
            run_at=due,
        )


def look_again(movie_id: int) -> WorkRequest:
    """Return the work that decides about what waits for a movie."""
    args = {"movie_id": movie_id, "waiting": True}
    key = f"movie:{movie_id}:waiting"
    return WorkRequest(Queue.DECISION, WorkKind.DECIDE_MOVIE, args, unique_key=key)
