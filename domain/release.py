"""A release: what an indexer or a feed offers for download."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag, StrEnum
from typing import Final, assert_never


class Source(StrEnum):
    """Where a release was seen."""

    HDBITS = "hdbits"
    RSS = "rss"
    TORZNAB = "torznab"
    PUSHED = "pushed"
    """A person or a program handed the torrent in: reeld has it, or its magnet link, already."""


class IndexerFlag(IntFlag):
    """What an indexer says of a release, with Radarr's bits, so that its clients and formats understand them."""

    FREELEECH = 1
    HALFLEECH = 2
    DOUBLE_UPLOAD = 4
    PTP_GOLDEN = 8
    PTP_APPROVED = 16
    INTERNAL = 32
    SCENE = 128
    FREELEECH_75 = 256
    FREELEECH_25 = 512
    NUKED = 2048


NO_FLAGS: Final = IndexerFlag(0)


@dataclass(frozen=True, slots=True)
class NewRelease:
    """An offer, just seen.

    Attributes:
        source: What kind of indexer it is: it names the actor that fetches the .torrent.
        indexer: The indexer's own name: `hdbits`, or the name of the feed or of the Torznab indexer.
        guid: The indexer's identity of the offer; (indexer, guid) is unique.
        title: The release name as announced.
        size: Bytes; None when the indexer does not say.
        seeders: None when the indexer does not say.
        infohash: 40 (v1) or 64 (v2) lower-case hex digits; None until known.
        imdb_id: `tt` and at least seven digits.
        published_at: When the indexer published it, by its own clock.
        indexer_ref: What the source's actor needs to fetch the .torrent; holds no secret.
    """

    source: Source
    indexer: str
    guid: str
    title: str
    size: int | None = None
    seeders: int | None = None
    leechers: int | None = None
    infohash: str | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    published_at: datetime | None = None
    flags: IndexerFlag = NO_FLAGS
    indexer_ref: str = ""

    @property
    def fetched_by(self) -> str:
        """The actor, and so the queue, that fetches the .torrent."""
        match self.source:
            case Source.HDBITS | Source.RSS:
                return str(self.source)
            case Source.PUSHED:
                return "qbit"
            case Source.TORZNAB:
                return f"{self.source}:{self.indexer_ref}"
            case _:
                assert_never(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(NewRelease):
    """An offer that has a row.

    Attributes:
        id: reeld's own number.
        movie_id: The movie it was matched to; None when it was not matched (yet).
        first_seen_at: When reeld saw it first.
        traceparent: The span in which reeld saw it first.
    """

    id: int
    movie_id: int | None = None
    first_seen_at: datetime | None = None
    traceparent: str | None = None
