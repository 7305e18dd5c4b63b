"""What the actors of indexers and feeds are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reeld.domain.messages._base import Message, Overflow
from reeld.domain.secret import Secret
from reeld.domain.torznab import NewIndexer


@dataclass(frozen=True, slots=True)
class PollRecent(Message[None]):
    """Read HDBits' recent uploads now."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class PollFeed(Message[None]):
    """Read one feed now."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE
    feed: str


@dataclass(frozen=True, slots=True)
class TestIndexer(Message["IndexerTested"]):
    """Try an indexer, with its key.

    Raises nothing of the indexer's own: what goes wrong with it is the answer.
    """

    deadline_seconds: ClassVar[float | None] = 70.0
    indexer: NewIndexer


@dataclass(frozen=True, slots=True)
class FetchLink(Message[bytes]):
    """Fetch a .torrent, or the magnet link in its place, from an address that a person gave.

    Answers with the bytes of a .torrent that was checked, or with a magnet link. `Refused` for an address that may not be
    reached and for a torrent that is hostile, `NotFound`, `ServiceDown`, `ProtocolViolation` for anything else.

    Attributes:
        url: It may hold a key.
    """

    deadline_seconds: ClassVar[float | None] = 25.0
    url: Secret


@dataclass(frozen=True, slots=True)
class IndexerTested:
    """What came of trying an indexer.

    Attributes:
        reason: What is wrong, machine-readable.
        sentence: What is wrong and what to do, for people.
        server: How it calls itself.
        limit: How many offers a page of it holds.
        searches_by: What movies can be searched by there, such as `imdbid`.
        categories: Numbers and names of what it has.
        offers: How many of its latest offers were read.
        warnings: What works less well than it could, for people.
    """

    ok: bool
    reason: str = ""
    sentence: str = ""
    server: str = ""
    limit: int = 0
    searches_by: tuple[str, ...] = ()
    categories: tuple[tuple[int, str], ...] = ()
    offers: int = 0
    warnings: tuple[str, ...] = ()
