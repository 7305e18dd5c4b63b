"""What HDBits offers, written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from reeld.actors.worker import Effect
from reeld.domain.errors import Unavailable
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.movie import Movie, Stage
from reeld.domain.release import NO_FLAGS, IndexerFlag, NewRelease, Source
from reeld.services.hdbits import Category, HdbitsTorrent
from reeld.storage import Database, TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.events import append
from reeld.storage.repositories import feeds, history, movies, releases, searches

INDEXER: Final = "hdbits"
NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_MOVIES: Final = frozenset({Category.MOVIE, Category.DOCUMENTARY})


def offers(torrents: Iterable[HdbitsTorrent]) -> list[NewRelease]:
    """Return what may be a movie among torrents."""
    return [
        NewRelease(
            source=Source.HDBITS,
            indexer=INDEXER,
            guid=str(each.id),
            title=each.title,
            size=each.size,
            seeders=each.seeders,
            leechers=each.leechers,
            infohash=each.infohash,
            imdb_id=each.imdb_id,
            published_at=each.added_at,
            flags=_flags(each),
            indexer_ref=str(each.id),
        )
        for each in torrents
        if each.category in _MOVIES
    ]


def _flags(torrent: HdbitsTorrent) -> IndexerFlag:
    said = NO_FLAGS
    if torrent.freeleech:
        said |= IndexerFlag.FREELEECH
    if torrent.internal:
        said |= IndexerFlag.INTERNAL
    return said


async def store(
    conn: TrioConnection,
    offered: list[NewRelease],
    *,
    only_new: bool,
    told: Mapping[str, object] = NOTHING,
) -> None:
    """Store offers, and announce them so that they are matched.

    Args:
        conn: The connection with the transaction.
        offered: The offers.
        only_new: Whether those that were seen before need not be looked at again.
        told: What else the event says: see `search_told`.
    """
    seen = await releases.upsert(conn, offered)
    ids = [each.id for each in seen if each.is_new or not only_new]
    if ids:
        payload = {"release_ids": ids, "source": INDEXER, **told}
        await append(conn, EventKind.RELEASES_FOUND, None, payload)


def search_told(*, look: bool) -> dict[str, object]:
    """Return what the event says of offers that were searched for.

    Args:
        look: Whether a person will choose among them, so that nothing is decided.
    """
    return {"cause": "search", **({"look": True} if look else {})}


async def store_page(
    database: Database,
    offered: list[NewRelease],
    *,
    only_new: bool,
    told: Mapping[str, object] = NOTHING,
) -> None:
    """Store one page of an answer that goes on, in a transaction of its own."""
    async with database.transaction() as conn:
        await store(conn, offered, only_new=only_new, told=told)


def searched(movie: Movie, offered: list[NewRelease], found: int, *, look: bool = False) -> Effect:
    """Return the effect of a search: the last page's offers, and how many there were in all."""
    note = f"{found} releases found on HDBits." if found else "HDBits has no release of it."

    async def effect(conn: TrioConnection) -> None:
        # Releases before the movie, as a decision does it: the two would wait for each other otherwise.
        await store(conn, offered, only_new=False, told=search_told(look=look))
        await movies.was_searched(conn, movie.id)
        await movies.advance(conn, movie.id, Stage.SEARCHED, note=note)
        data = {"source": INDEXER, "found": found}
        await history.append(conn, movie.id, HistoryKind.SEARCHED, data=data)
        await append(conn, EventKind.MOVIE_SEARCHED, movie.id, {"movie_id": movie.id, **data})
        if not look:
            await searches.answered(conn, movie.id, INDEXER)
        crash_point("grab.search.uncommitted")

    return effect


def not_searchable(movie: Movie, note: str) -> Effect:
    """Return the effect of a search that HDBits cannot do for this movie."""

    async def effect(conn: TrioConnection) -> None:
        await movies.was_searched(conn, movie.id)
        await movies.advance(conn, movie.id, Stage.SEARCHED, note=note)
        # The row is locked now: an IMDb number that came meanwhile is seen here, and one that comes later finds this
        # work done, so that it asks for a search of its own.
        there = await movies.get(conn, movie.id)
        if there is not None and there.imdb_id != movie.imdb_id:
            raise Unavailable(
                "The movie's IMDb number has just come; it is searched again at once.",
                reason="imdb_id_came",
                retry_after=1.0,
            )
        await searches.answered(conn, movie.id, INDEXER)

    return effect


def answers_nothing(movie: Movie) -> Effect:
    """Return the effect of a search while HDBits is not set up and others are asked: nobody waits for it."""

    async def effect(conn: TrioConnection) -> None:
        await searches.answered(conn, movie.id, INDEXER)

    return effect


def polled(offered: list[NewRelease], newest: int, *, gap: bool) -> Effect:
    """Return the effect of reading the recent uploads: the last page's offers together with the watermark."""

    async def effect(conn: TrioConnection) -> None:
        await store(conn, offered, only_new=True)
        await feeds.was_read(conn, INDEXER, {"newest_id": newest}, gap=gap)

    return effect
