"""Actors, mailboxes and breakers."""

from __future__ import annotations

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


def check_mailbox(actor: ActorSnapshot) -> Check:
    """Judge whether an actor gets its messages done."""
    name, depth = f"mailbox:{actor.name}", actor.mailbox_depth
    if not actor.mailbox_capacity or depth < FULL_MAILBOX_RATIO * actor.mailbox_capacity:
        return Check(name, Status.PASS, observed=depth, unit="messages")
    sentence = f"{actor.name} has more to do than it gets done."
    return Check(name, Status.WARN, sentence=sentence, observed=depth, unit="messages")


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
