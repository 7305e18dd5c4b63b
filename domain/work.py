"""Durable work: the queues, the kinds of work, and the request for a piece of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Queue(StrEnum):
    """A queue is named after the actor that works on it.

    Each indexer has an actor of its own; their queues, `torznab:<id>`, count as one.
    """

    TMDB = "tmdb"
    HDBITS = "hdbits"
    RSS = "rss"
    INDEXERS = "indexers"
    TORZNAB = "torznab"
    DECISION = "decision"
    QBIT = "qbit"
    IMPORTER = "importer"
    BACKUP = "backup"


class WorkKind(StrEnum):
    """What is to be done. The comment names the arguments."""

    REFRESH_MOVIE = "refresh-movie"
    """tmdb: {movie_id}."""
    SEARCH_MOVIE = "search-movie"
    """hdbits: {movie_id}, {cause} when the schedule asks, {look} when a person will choose among what is found."""
    END_SEARCH = "end-search"
    """indexers: {search_id, movie_id}, when the decision waits no longer for those that have not answered."""
    REFRESH_STALE = "refresh-stale"
    """tmdb: {}. Asks for a refresh of the movies whose facts are oldest."""
    SEARCH_MISSING = "search-missing"
    """decision: {}. Asks for searches of the movies that are due and most wanted."""
    POLL_RECENT = "poll-recent"
    """hdbits: {}."""
    POLL_FEED = "poll-feed"
    """rss: {feed}."""
    FETCH_TORRENT = "fetch-torrent"
    """hdbits, rss, torznab or qbit: {acquisition_id}. qbit has what was handed in."""
    MATCH_RELEASES = "match-releases"
    """decision: {release_ids}, and {cause, look} of what found them."""
    MATCH_MOVIE = "match-movie"
    """decision: {movie_id}. Looks among what feeds had before the movie was wanted."""
    DECIDE_MOVIE = "decide-movie"
    """decision: {movie_id}, and {cause}; with {waiting} only if a release of the movie waits."""
    ABANDON = "abandon"
    """decision: {acquisition_id, kind}. Gives up an acquisition whose work of this kind a person discarded."""
    LET_GO = "let-go"
    """decision: {acquisition_id, in_client, blocklist, again}. Goes on without a download, as `Parting` says."""
    ADD_TORRENT = "add-torrent"
    """qbit: {acquisition_id}."""
    MARK_IMPORTED = "mark-imported"
    """qbit: {acquisition_id}."""
    DROP_TORRENT = "drop-torrent"
    """qbit: {acquisition_id, infohash, ours}. Its movie, or the download, is not wanted any more."""
    IMPORT = "import"
    """importer: {acquisition_id}."""
    MOVE_FILES = "move-files"
    """importer: {movie_id}. Brings its files into its root folder."""
    RENAME_FILES = "rename-files"
    """importer: {movie_id, files}. Gives files the names that the template gives; all of the movie's without {files}."""
    REMOVE_FILE = "remove-file"
    """importer: {removal_id}. Takes a file to the recycle folder."""
    MAKE_BACKUP = "make-backup"
    """backup: {}."""
    VERIFY_BACKUP = "verify-backup"
    """backup: {backup}. Restores one on trial."""


class Priority(IntEnum):
    """Smaller goes first."""

    PERSON_WAITS = 1
    NORMAL = 2
    BACKGROUND = 3


@dataclass(frozen=True, slots=True)
class WorkRequest:
    """A piece of work to be enqueued.

    Attributes:
        queue: A `Queue`, or that of one indexer.
        args: Values that JSON can hold.
        unique_key: Work of one queue and kind with an equal key exists only once until it is final.
    """

    queue: str
    kind: WorkKind
    args: Mapping[str, object] = field(default_factory=dict)
    unique_key: str | None = None
    priority: Priority = Priority.NORMAL


def searches_of(
    movie_id: int,
    *,
    args: Mapping[str, object] | None = None,
    key: str | None = None,
    priority: Priority = Priority.NORMAL,
) -> tuple[WorkRequest, WorkRequest]:
    """Return what a search of a movie asks for: HDBits, and the actor that has all other indexers asked at once.

    Args:
        movie_id: The movie.
        args: What else the search says.
        key: Its unique key; that of any search of the movie when left out.
        priority: How urgent it is.
    """
    said = {"movie_id": movie_id, **(args or {})}
    unique = key or f"movie:{movie_id}"
    hdbits = WorkRequest(Queue.HDBITS, WorkKind.SEARCH_MOVIE, said, unique, priority)
    return hdbits, WorkRequest(Queue.INDEXERS, WorkKind.SEARCH_MOVIE, said, unique, priority)


def readings_of(
    feeds: Iterable[str], parts: Iterable[str], *, hdbits: bool
) -> tuple[WorkRequest, ...]:
    """Return what reading all that is new asks for.

    Args:
        feeds: The names of the feeds.
        parts: The queues of the other indexers that have their newest releases read.
        hdbits: Whether HDBits is among them.
    """
    newest = [Queue.HDBITS, *parts] if hdbits else list(parts)
    return (
        *(WorkRequest(each, WorkKind.POLL_RECENT, {}, "recent") for each in newest),
        *(WorkRequest(Queue.RSS, WorkKind.POLL_FEED, {"feed": each}, each) for each in feeds),
    )
