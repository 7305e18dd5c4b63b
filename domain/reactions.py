"""Which durable work follows from which event."""

from __future__ import annotations

from reeld.domain.history import Event, EventKind
from reeld.domain.work import Queue, WorkKind, WorkRequest


def work_after(event: Event) -> tuple[WorkRequest, ...]:
    """Return the work that an event asks for; nothing for an event that asks for none.

    Enqueueing it twice is harmless: every request carries a unique key.

    Raises:
        KeyError: The event's payload lacks what its kind promises.
    """
    match event.kind:
        case EventKind.MOVIE_ADDED:
            movie = event.payload["movie_id"]
            return (
                _movie_work(Queue.TMDB, WorkKind.REFRESH_MOVIE, movie),
                _movie_work(Queue.HDBITS, WorkKind.SEARCH_MOVIE, movie),
                _movie_work(Queue.DECISION, WorkKind.MATCH_MOVIE, movie),
            )
        case EventKind.RELEASES_FOUND:
            ids = {"release_ids": event.payload["release_ids"]}
            key = f"event:{event.id}"
            return (WorkRequest(Queue.DECISION, WorkKind.MATCH_RELEASES, ids, unique_key=key),)
        case EventKind.DOWNLOAD_COMPLETED:
            acquisition = event.payload["acquisition_id"]
            args = {"acquisition_id": acquisition}
            key = f"acquisition:{acquisition}"
            return (WorkRequest(Queue.IMPORTER, WorkKind.IMPORT, args, unique_key=key),)
        case EventKind.DOWNLOAD_FAILED:
            movie = event.payload["movie_id"]
            return (_movie_work(Queue.DECISION, WorkKind.DECIDE_MOVIE, movie),)
        case _:
            return ()


def _movie_work(queue: Queue, kind: WorkKind, movie_id: object) -> WorkRequest:
    return WorkRequest(queue, kind, {"movie_id": movie_id}, unique_key=f"movie:{movie_id}")
