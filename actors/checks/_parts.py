"""Actors, mailboxes and breakers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from reeld.actors.kernel import ActorSnapshot, ActorState, Breaker, BreakerState
from reeld.telemetry import Check, Status

FULL_MAILBOX_RATIO: Final = 0.8


def check_actor(actor: ActorSnapshot) -> Check:
    """Judge an actor by its state."""
    name, state = f"actor:{actor.name}", str(actor.state)
    match actor.state:
        case ActorState.PARKED | ActorState.STOPPED:
            sentence = (
                f"{actor.name} crashed too often and rests ({actor.last_error})."
                " Restart it, or wait until it is tried again."
            )
            return Check(name, Status.FAIL, sentence=sentence, observed=state, since=actor.since)
        case ActorState.BACKOFF:
            sentence = f"{actor.name} crashed and is about to restart ({actor.last_error})."
            return Check(name, Status.WARN, sentence=sentence, observed=state, since=actor.since)
        case _ if actor.paused:
            sentence = (
                f"A person holds the messages of {actor.name} back: resume it when you are done."
            )
            return Check(name, Status.WARN, sentence=sentence, observed="paused")
        case _:
            return Check(name, Status.PASS, observed=state, since=actor.since)


def check_mailboxes(actors: Iterable[ActorSnapshot]) -> Check:
    """Judge whether actors get their messages done, by the fullest mailbox; the metrics show each."""
    fullest = max((each for each in actors if each.mailbox_capacity), key=_fill, default=None)
    depth = 0 if fullest is None else fullest.mailbox_depth
    if fullest is None or _fill(fullest) < FULL_MAILBOX_RATIO:
        return Check("mailbox:fullest", Status.PASS, observed=depth, unit="messages")
    sentence = f"{fullest.name} has more to do than it gets done."
    return Check("mailbox:fullest", Status.WARN, sentence=sentence, observed=depth, unit="messages")


def _fill(actor: ActorSnapshot) -> float:
    return actor.mailbox_depth / actor.mailbox_capacity


def check_breaker(breaker: Breaker) -> Check:
    """Judge a breaker by its state: open is degraded, forced open wants a person."""
    snapshot = breaker.snapshot()
    name, state = f"breaker:{snapshot.name}", str(snapshot.state)
    since = datetime.fromtimestamp(snapshot.since, UTC)
    match snapshot.state:
        case BreakerState.FORCED_OPEN:
            status = Status.FAIL
        case BreakerState.OPEN | BreakerState.HALF_OPEN:
            status = Status.WARN
        case _:
            return Check(name, Status.PASS, observed=state, since=since)
    return Check(name, status, sentence=snapshot.sentence, observed=state, since=since)
