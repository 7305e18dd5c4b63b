"""What live events are about, and those of them that tell how something is rather than what happened."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from reeld.domain.history import EventKind


class Topic(StrEnum):
    """What an event is about: a client follows topics."""

    MOVIE = "movie"
    RELEASE = "release"
    DOWNLOAD = "download"
    IMPORT = "import"
    ACTOR = "actor"
    BREAKER = "breaker"
    HEALTH = "health"
    WORK = "work"
    SETTINGS = "settings"


class StateKind(StrEnum):
    """How something is at the moment. No row tells it: whoever connects is told the present state, then each change."""

    DOWNLOAD_PROGRESS = "download.progress"
    """{downloads: [{acquisition_id, movie_id, state, progress, downloaded, size, speed, eta_seconds}]}: those that are
    under way and have moved; at most once a second. Progress is 0 to 1, sizes are bytes, the speed is bytes a second."""
    ACTOR_STATE = "actor.state"
    """{name, state, paused, restarts, incarnation, error}."""
    BREAKER_STATE = "breaker.state"
    """{name, actor, state, since, reason, sentence}: since is Unix time."""
    HEALTH_CHECK = "health.check"
    """{name, status, sentence, since}."""


class StreamKind(StrEnum):
    """What is told of the connection itself, whatever topics a client follows."""

    HELLO = "hello"
    """{since, topics}: what follows was asked for. Comes first, and after each message of the client's."""
    GAP = "gap"
    """{since, oldest}: events after `since` are not kept any more, or were never here; `oldest` is the first that is
    kept. Ask for everything anew."""
    CURRENT = "current"
    """{}: all that was missed and all present states have been told; from here on they are told as they happen."""
    ERROR = "error"
    """{reason, sentence}: the client's message was not understood, and nothing was changed."""


STREAM: Final = "stream"
"""The topic of what is told of the connection itself."""


def topic_of(kind: EventKind | StateKind) -> Topic:
    """Return what an event of a kind is about."""
    match kind:
        case (
            EventKind.MOVIE_ADDED
            | EventKind.MOVIE_MOVED
            | EventKind.MOVIE_REFRESHED
            | EventKind.MOVIE_CHANGED
            | EventKind.MOVIE_REMOVED
            | EventKind.MOVIE_SEARCHED
            | EventKind.SEARCH_ENDED
        ):
            return Topic.MOVIE
        case EventKind.RELEASES_FOUND | EventKind.RELEASE_DECIDED | EventKind.MOVIE_GRABBED:
            return Topic.RELEASE
        case (
            EventKind.ACQUISITION_MOVED
            | EventKind.DOWNLOAD_COMPLETED
            | EventKind.DOWNLOAD_FAILED
            | StateKind.DOWNLOAD_PROGRESS
        ):
            return Topic.DOWNLOAD
        case (
            EventKind.IMPORT_STEPPED
            | EventKind.MOVIE_IMPORTED
            | EventKind.FILE_RETIRED
            | EventKind.FILE_MOVED
        ):
            return Topic.IMPORT
        case StateKind.ACTOR_STATE:
            return Topic.ACTOR
        case EventKind.CREDENTIALS_REJECTED | StateKind.BREAKER_STATE:
            return Topic.BREAKER
        case (
            EventKind.BACKUP_CREATED
            | EventKind.BACKUP_VERIFIED
            | EventKind.BACKUP_RESTORED
            | StateKind.HEALTH_CHECK
        ):
            return Topic.HEALTH
        case EventKind.SETTINGS_CHANGED:
            return Topic.SETTINGS
        case EventKind.WORK_DEAD | EventKind.WORK_DISCARDED:
            return Topic.WORK
