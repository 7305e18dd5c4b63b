"""Which durable work follows from which event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.history import Event, EventKind
from reeld.domain.work import Queue, WorkKind, WorkRequest, searches_of

CARRIED: Final[Mapping[str, AcquisitionState]] = {
    WorkKind.FETCH_TORRENT: AcquisitionState.INTENT,
    WorkKind.ADD_TORRENT: AcquisitionState.FETCHED,
    WorkKind.IMPORT: AcquisitionState.COMPLETE,
}
"""The work without which an acquisition stays in a state for ever, and that state."""


_RESTS: Final = frozenset({FailureReason.DISCARDED, FailureReason.IGNORED})
"""After these the same release would be taken again: the movie rests until its next search."""


def work_after(event: Event) -> tuple[WorkRequest, ...]:
    """Return the work that an event asks for; nothing for an event that asks for none.

    Enqueueing it twice is harmless: every request carries a unique key.

    Raises:
        KeyError: The event's payload lacks what its kind promises.
    """
    match event.kind:
        case EventKind.MOVIE_ADDED:
            movie = event.payload["movie_id"]
            refresh = _movie_work(Queue.TMDB, WorkKind.REFRESH_MOVIE, movie)
            if not event.payload.get("search", True):
                return (refresh,)
            return (
                refresh,
                *searches_of(int(str(movie))),
                _movie_work(Queue.DECISION, WorkKind.MATCH_MOVIE, movie),
            )
        case EventKind.SEARCH_ENDED:
            return (_decision_after_search(event.payload["movie_id"]),)
        case EventKind.RELEASES_FOUND:
            args = {"release_ids": event.payload["release_ids"]}
            args |= {
                name: event.payload[name] for name in ("cause", "look") if name in event.payload
            }
            key = f"event:{event.id}"
            return (WorkRequest(Queue.DECISION, WorkKind.MATCH_RELEASES, args, unique_key=key),)
        case EventKind.DOWNLOAD_COMPLETED:
            acquisition = event.payload["acquisition_id"]
            args = {"acquisition_id": acquisition}
            key = f"acquisition:{acquisition}"
            return (WorkRequest(Queue.IMPORTER, WorkKind.IMPORT, args, unique_key=key),)
        case EventKind.DOWNLOAD_FAILED:
            movie = event.payload["movie_id"]
            if event.payload["reason"] in _RESTS or event.payload.get("again") is False:
                return ()
            return (_movie_work(Queue.DECISION, WorkKind.DECIDE_MOVIE, movie),)
        case EventKind.MOVIE_IMPORTED:
            return (_decision_about_what_waits(event.payload["movie_id"]),)
        case EventKind.WORK_DISCARDED if event.payload["kind"] in CARRIED:
            return (_abandonment(event),)
        case _:
            return ()


def _abandonment(event: Event) -> WorkRequest:
    args = event.payload["args"]
    assert isinstance(args, Mapping)
    acquisition = args["acquisition_id"]
    kind = event.payload["kind"]
    return WorkRequest(
        Queue.DECISION,
        WorkKind.ABANDON,
        {"acquisition_id": acquisition, "kind": kind},
        unique_key=f"acquisition:{acquisition}:{kind}",
    )


def _decision_after_search(movie_id: object) -> WorkRequest:
    args = {"movie_id": movie_id, "cause": "search"}
    key = f"movie:{movie_id}:search"
    return WorkRequest(Queue.DECISION, WorkKind.DECIDE_MOVIE, args, unique_key=key)


def _decision_about_what_waits(movie_id: object) -> WorkRequest:
    args = {"movie_id": movie_id, "waiting": True}
    # Under a key of its own: a decision about everything must not be taken for this one.
    key = f"movie:{movie_id}:waiting"
    return WorkRequest(Queue.DECISION, WorkKind.DECIDE_MOVIE, args, unique_key=key)


def _movie_work(queue: Queue, kind: WorkKind, movie_id: object) -> WorkRequest:
    return WorkRequest(queue, kind, {"movie_id": movie_id}, unique_key=f"movie:{movie_id}")
