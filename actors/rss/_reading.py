"""What one reading of a feed brings: offers, sealed links, the watermark, and whether anything was missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reeld.actors.rss._memory import PageMemory
from reeld.actors.service import mark_of
from reeld.actors.worker import Effect
from reeld.domain.history import EventKind
from reeld.domain.release import NO_FLAGS, IndexerFlag, NewRelease, Source
from reeld.domain.settings import FeedSettings
from reeld.services.feeds import FeedItem, FeedPage
from reeld.storage import TrioConnection
from reeld.storage.events import append
from reeld.storage.repositories import feeds, releases
from reeld.storage.repositories.feeds import FeedState
from reeld.storage.schedule import hold_off, task_of_feed
from reeld.storage.vault import Vault

LONGEST_LAG_SECONDS: Final = 30 * 86400.0
REMEMBERED_KEYS: Final = 500
"""How many items of the last readings are remembered, to tell whether two readings overlap."""


LONGEST_TTL_SECONDS: Final = 6 * 3600.0
"""A feed that wishes to be left alone for longer is read all the same: nobody waits a week for a movie."""


def mark_of_feed(feed: FeedSettings) -> str:
    """Return a mark of a feed's address: what was learned from another address does not count."""
    return mark_of(feed.url)


def state_at(state: FeedState | None, feed: FeedSettings) -> FeedState | None:
    """Return where the reading stands, unless it was another address that was read under this name."""
    if state is None or state.watermark.get("address", mark_of_feed(feed)) != mark_of_feed(feed):
        return None
    return state


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a feed, to be committed.

    Attributes:
        fresh: How many offers the last reading did not have.
        gap: Nothing of the last reading is left in the feed: what came and went in between was never seen.
        news: The offers that appeared since the last reading; none at the first, which finds what is old.
        changed: The offers that are not stored as they are.
        mark: What the feed's row is to bear, so that the next reading knows what is stored.
    """

    feed: FeedSettings
    page: FeedPage
    offered: tuple[FeedItem, ...]
    fresh: int
    gap: bool
    news: tuple[FeedItem, ...] = ()
    changed: tuple[FeedItem, ...] = ()
    mark: str = ""

    @classmethod
    def of(
        cls,
        feed: FeedSettings,
        page: FeedPage,
        state: FeedState | None,
        memory: PageMemory | None = None,
    ) -> Reading:
        """Compare what the feed holds with what it held at the last reading.

        Args:
            feed: The feed.
            page: What it holds.
            state: Where the reading stands; None at the first.
            memory: Knows what of it is stored already; everything is stored without.
        """
        memory = memory or PageMemory()
        offered = tuple(item for item in page.items if item.title and item.torrent is not None)
        known = set(state.watermark.get("keys", ())) if state is not None else set()
        fresh = tuple(item for item in offered if item.key not in known)
        gap = bool(known) and bool(offered) and len(fresh) == len(offered)
        changed = memory.changed(offered, state.watermark.get("mark") if state else None)
        news = fresh if known else ()
        mark = memory.note(offered)
        return cls(feed, page, offered, len(fresh), gap, news, tuple(changed), mark)

    def publish_lags(self, now: float) -> list[float]:
        """Return the seconds from publication to first sight of what is new.

        Args:
            now: Unix time. A feed's clock may be ahead of ours: that is no lag. Nor may a date of long ago, which a
                feed can make up, drown all others in the sum.
        """
        times = [item.published_at for item in self.news if item.published_at is not None]
        return [min(max(now - each.timestamp(), 0.0), LONGEST_LAG_SECONDS) for each in times]

    def seal(self, vault: Vault) -> dict[str, bytes]:
        """Return the offers' links by key, sealed. Takes a thread's time for a long feed."""
        return {
            item.key: vault.seal(item.torrent, **releases.place_of_link(self.feed.name, item.key))
            for item in self.changed
            if item.torrent is not None
        }

    def effect(self, links: Mapping[str, bytes]) -> Effect:
        """Return the effect: offers, sealed links and watermark in one transaction.

        Offers that are known are stored again when anything of them changed: their seeders do, and their links when the
        feed's key does.
        """
        name = self.feed.name
        offers = [_offer(name, item) for item in self.changed]

        async def store(conn: TrioConnection) -> None:
            seen = await releases.upsert(conn, offers, sealed_links=links)
            await feeds.was_read(
                conn,
                name,
                self._watermark(),
                etag=self.page.etag,
                last_modified=self.page.last_modified,
                gap=self.gap,
            )
            await hold_off(conn, task_of_feed(name), self._rest)
            new = [each.id for each in seen if each.is_new]
            if new:
                payload = {"release_ids": new, "source": "rss"}
                await append(conn, EventKind.RELEASES_FOUND, None, payload)

        return store

    @property
    def _rest(self) -> float:
        return min(self.page.ttl_seconds or 0.0, LONGEST_TTL_SECONDS)

    def _watermark(self) -> Mapping[str, object]:
        keys = [item.key for item in self.offered][:REMEMBERED_KEYS]
        address = mark_of_feed(self.feed)
        return {
            "keys": keys,
            "items": len(self.page.items),
            "address": address,
            "ttl": self._rest,
            "mark": self.mark,
        }


def unchanged(feed: FeedSettings, state: FeedState | None) -> Effect:
    """Return the effect of an answer that says that nothing changed."""

    async def effect(conn: TrioConnection) -> None:
        await feeds.was_unchanged(conn, feed.name)
        await hold_off(conn, task_of_feed(feed.name), state.rest_seconds if state else 0.0)

    return effect


def _offer(feed: str, item: FeedItem) -> NewRelease:
    return NewRelease(
        source=Source.RSS,
        indexer=feed,
        guid=item.key,
        title=item.title,
        size=item.size,
        seeders=item.seeders,
        leechers=item.leechers,
        infohash=item.infohash,
        imdb_id=item.imdb_id,
        published_at=item.published_at,
        flags=IndexerFlag.FREELEECH if item.freeleech else NO_FLAGS,
    )
