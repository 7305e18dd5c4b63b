"""What an indexer offers, written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import trio

from reeld.actors.worker import Effect
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.movie import Movie, Stage
from reeld.domain.release import NewRelease, Source
from reeld.domain.torznab import Indexer
from reeld.services.torznab import TorznabOffer
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.events import append
from reeld.storage.repositories import feeds, history, movies, releases, searches
from reeld.storage.vault import Vault

_SEALERS: Final = trio.CapacityLimiter(1)


@dataclass(frozen=True, slots=True)
class Offered:
    """Offers that can be fetched, with their sealed links by guid."""

    indexer: Indexer
    releases: Sequence[NewRelease]
    links: Mapping[str, bytes]

    async def store(
        self, conn: TrioConnection, *, only_new: bool, told: Mapping[str, object] | None = None
    ) -> None:
        """Store them, and announce them so that they are matched.

        Args:
            conn: The connection with the transaction.
            only_new: Whether those that were seen before need not be looked at again.
            told: What else the event says.
        """
        seen = await releases.upsert(conn, self.releases, sealed_links=self.links)
        ids = [each.id for each in seen if each.is_new or not only_new]
        if ids:
            payload = {"release_ids": ids, "source": str(Source.TORZNAB), **(told or {})}
            await append(conn, EventKind.RELEASES_FOUND, None, payload)


async def sealed(vault: Vault, indexer: Indexer, offers: Iterable[TorznabOffer]) -> Offered:
    """Return offers as they are stored; those that only have a magnet link, or are Usenet's, are left out."""
    takable = [each for each in offers if each.torrent is not None]

    def seal() -> dict[str, bytes]:
        return {
            each.key: vault.seal(each.torrent, **releases.place_of_link(indexer.part, each.key))
            for each in takable
            if each.torrent is not None
        }

    # Hundreds of seals would hold up the loop.
    links = await trio.to_thread.run_sync(seal, limiter=_SEALERS)
    return Offered(indexer, [_release(indexer, each) for each in takable], links)


def searched(movie: Movie, offered: Offered, found: int, *, look: bool) -> Effect:
    """Return the effect of a search.

    Args:
        movie: The movie.
        offered: What was found and can be fetched.
        found: How many there were in all.
        look: Whether a person will choose among them, so that nothing is decided.
    """
    indexer = offered.indexer
    note = f"{found} releases found on {indexer.name}."
    told = {"cause": "search", **({"look": True} if look else {})}

    async def effect(conn: TrioConnection) -> None:
        # Releases before the movie, as a decision does it: the two would wait for each other otherwise.
        await offered.store(conn, only_new=False, told=told)
        await movies.was_searched(conn, movie.id)
        await movies.advance(
            conn, movie.id, Stage.SEARCHED, note=note if found else f"{indexer.name} has none."
        )
        data = {"source": str(Source.TORZNAB), "indexer": indexer.name, "found": found}
        await history.append(conn, movie.id, HistoryKind.SEARCHED, data=data)
        await append(conn, EventKind.MOVIE_SEARCHED, movie.id, {"movie_id": movie.id, **data})
        if not look:
            await searches.answered(conn, movie.id, indexer.part)
        crash_point("grab.search.uncommitted")

    return effect


def polled(offered: Offered, watermark: Mapping[str, object], *, gap: bool) -> Effect:
    """Return the effect of reading what is new: the offers together with the watermark."""

    async def effect(conn: TrioConnection) -> None:
        await offered.store(conn, only_new=True)
        await feeds.was_read(conn, offered.indexer.part, watermark, gap=gap)

    return effect


def _release(indexer: Indexer, offer: TorznabOffer) -> NewRelease:
    return NewRelease(
        source=Source.TORZNAB,
        indexer=indexer.name,
        guid=offer.key,
        title=offer.title,
        size=offer.size,
        seeders=offer.seeders,
        leechers=offer.leechers,
        infohash=offer.infohash,
        imdb_id=offer.imdb_id,
        tmdb_id=offer.tmdb_id,
        published_at=offer.published_at,
        flags=offer.flags,
        indexer_ref=str(indexer.id),
    )
