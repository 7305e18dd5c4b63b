"""Releases that are right, but not yet: what they wait for, until when, and the work that looks again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reeld.actors.decision._surroundings import Surroundings
from reeld.domain.decision import Decision, Reason, Ruling, Verdict
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


_FORGET_LOOKS: Final = """
DELETE FROM work
WHERE queue = %s AND kind = %s AND state = 'available' AND unique_key LIKE %s AND unique_key <> %s
"""


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
    waited_for = [_waited_for(each) for each in verdict.rejections]
    reasons = [reason for reason in waited_for if reason is not None]
    if not reasons or len(reasons) < len(waited_for):
        return None
    first = min(reasons, key=_ORDER.index)
    ruling = verdict.rejections[waited_for.index(first)]
    if first is PendingReason.DELAY:
        due = datetime.fromisoformat(ruling.values["due_at"])
    else:
        due = now + timedelta(seconds=_SECONDS[first])
    return Wait(verdict.release_id, first, due, ruling.sentence)


def _waited_for(ruling: Ruling) -> PendingReason | None:
    """Return what has to come to pass for a rejection to end; None where nobody waits for that."""
    match ruling.reason:
        case Reason.DELAYED:
            return PendingReason.DELAY
        case Reason.CLIENT_AWAY:
            return PendingReason.CLIENT_UNAVAILABLE
        case Reason.INDEXER_AWAY:
            return PendingReason.INDEXER_UNAVAILABLE
        case Reason.ALREADY_ACQUIRING if ruling.values.get("because") is None:
            return PendingReason.FALLBACK  # it is better than what is on its way
        case _:
            return None


async def store_waits(conn: TrioConnection, around: Surroundings, waits: Iterable[Wait]) -> None:
    """Write what waits in place of what waited, and ask for a decision when the first of it is due."""
    movie_id, waits = around.movie.id, list(waits)
    await pending.clear(conn, movie_id, keep=[wait.release_id for wait in waits])
    for wait in waits:
        await pending.put(conn, wait.release_id, movie_id, wait.reason, wait.due_at)
    # What is on its way tells when it has ended: nobody has to look for that.
    due = min((w.due_at for w in waits if w.reason is not PendingReason.FALLBACK), default=None)
    key = None if due is None else f"movie:{movie_id}:due:{due.timestamp():.0f}"
    await forget_looks(conn, movie_id, but=key)
    if due is not None:
        await enqueue(
            conn,
            Queue.DECISION,
            WorkKind.DECIDE_MOVIE,
            {"movie_id": movie_id, "cause": str(around.cause), "waiting": True},
            unique_key=key,
            run_at=due,
        )


async def end_waits(conn: TrioConnection, movie_id: int) -> None:
    """End every wait of a movie, since a release of it is taken."""
    if await pending.clear(conn, movie_id):
        await forget_looks(conn, movie_id)


async def forget_looks(conn: TrioConnection, movie_id: int, *, but: str | None = None) -> None:
    """Take back the looks that were asked for at the end of waits, apart from one; one that runs is let run."""
    params = (Queue.DECISION, WorkKind.DECIDE_MOVIE, f"movie:{movie_id}:due:%", but or "")
    await conn.execute(_FORGET_LOOKS, params)


def look_again(movie_id: int) -> WorkRequest:
    """Return the work that decides about what waits for a movie."""
    args = {"movie_id": movie_id, "waiting": True}
    key = f"movie:{movie_id}:waiting"
    return WorkRequest(Queue.DECISION, WorkKind.DECIDE_MOVIE, args, unique_key=key)
