"""RssActor: reads any number of feeds and fetches the .torrent files that they point to."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

import structlog

from reeld.actors.fetching import fetch_torrent
from reeld.actors.kernel import handles
from reeld.actors.kernel.breaker import Breaker, BreakerConfig
from reeld.actors.resources import Resources
from reeld.actors.service import mark_of, open_breaker
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.errors import DatabaseUnavailable, NotFound, ReeldError
from reeld.domain.history import EventKind
from reeld.domain.messages import PollFeed, SettingsChanged
from reeld.domain.release import NewRelease, Release, Source
from reeld.domain.settings import FeedSettings
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.services.feeds import FeedClient, FeedItem, FeedNotModified, FeedPage
from reeld.services.torrents import DeliveredTorrent
from reeld.storage import TrioConnection
from reeld.storage.events import append
from reeld.storage.repositories import feeds, releases
from reeld.storage.repositories.feeds import FeedState
from reeld.storage.work import Job, submit
from reeld.telemetry import ServiceObserver

log = structlog.get_logger("reeld.actors.rss")

FEED_CONFIG: Final = BreakerConfig(window=4, min_calls=2, open_seconds=30.0)
"""A feed is read every few minutes: two failures in a row are enough."""
REMEMBERED_KEYS: Final = 500
"""How many items of the last readings are remembered, to tell whether two readings overlap."""


class RssActor(WorkerActor):
    """Works on queue `rss`, several feeds at once, each with a breaker, a watermark and a client of its own."""

    name = "rss"
    queue = Queue.RSS
    slots = 4
    job_seconds = 180.0

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._observer = ServiceObserver(resources.metrics)
        self._clients: dict[str, tuple[FeedSettings, FeedClient]] = {}

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Restore the breaker of every feed, and begin to sweep."""
        for feed in self.resources.settings.current.feeds:
            await self._breaker(feed)
        await super().on_start()

    async def on_stop(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Close all connections."""
        while self._clients:
            _, (_, client) = self._clients.popitem()
            await client.aclose()

    @handles(SettingsChanged)
    async def settings_changed(self, message: SettingsChanged) -> None:
        """Take over changed feeds: those whose address changed begin anew, those that are gone are forgotten."""
        current = {feed.name: feed for feed in self.resources.settings.current.feeds}
        for name, (feed, _) in tuple(self._clients.items()):
            if current.get(name) != feed:
                await self._forget(name)
        for name in [
            each for each in self.address.breakers if each.removeprefix("rss:") not in current
        ]:
            del self.address.breakers[name]
        for feed in current.values():
            (await self._breaker(feed)).settings_changed(mark_of(feed.url))
        await super().settings_changed(message)

    @handles(PollFeed)
    async def poll_now(self, message: PollFeed) -> None:
        """Ask for a reading of one feed now."""
        request = WorkRequest(
            Queue.RSS, WorkKind.POLL_FEED, {"feed": message.feed}, unique_key=message.feed
        )
        async with self.resources.database.transaction() as conn:
            await submit(conn, request)

    @works(WorkKind.POLL_FEED)
    async def poll(self, job: Job) -> Effect | None:
        """Read a feed, and commit what is new together with the watermark."""
        name = str(job.args["feed"])
        try:
            client, breaker = await self._reader(name)
            state = await feeds.get(self.resources.database, name)
            async with breaker.call():
                answer = await client.fetch(
                    etag=state.etag if state else None,
                    last_modified=state.last_modified if state else None,
                )
        except NotFound:
            return None
        except ReeldError as error:
            await self._note_failure(name, error)
            raise
        self.resources.metrics.set(
            "reeld_rss_last_success_timestamp_seconds", time.time(), indexer=name
        )
        if isinstance(answer, FeedNotModified):
            return _unchanged(name)
        return self._read(name, answer, state)

    @works(WorkKind.FETCH_TORRENT)
    async def fetch(self, job: Job) -> Effect | None:
        """Fetch the .torrent of an acquisition from the link that its feed gave."""

        async def download(release: Release) -> DeliveredTorrent:
            client, breaker = await self._reader(release.indexer)
            sealed = await releases.sealed_link(self.resources.database, release.id)
            if sealed is None:
                raise NotFound(f"The feed {release.indexer} gave no link for {release.title}.")
            link = self.resources.vault.unseal(sealed, **_place(release.indexer, release.guid))
            async with breaker.call():
                return await client.download(link, announced=release.infohash)

        return await fetch_torrent(
            self.resources.database, int(job.args["acquisition_id"]), download
        )

    def _read(self, name: str, page: FeedPage, state: FeedState | None) -> Effect:
        offered = [item for item in page.items if item.title and item.torrent is not None]
        known = set(state.watermark.get("keys", ())) if state else set()
        fresh = [item for item in offered if item.key not in known]
        # Nothing of the last reading is left in the feed: what came and went in between was never seen.
        gap = bool(known) and bool(offered) and len(fresh) == len(offered)
        if gap:
            log.warning("feed_gap", feed=name)
            self.resources.metrics.add("reeld_rss_gaps_total", indexer=name)
        self.resources.metrics.add("reeld_releases_seen_total", len(fresh), source="rss")
        links = {
            item.key: self.resources.vault.seal(item.torrent, **_place(name, item.key))
            for item in fresh
            if item.torrent is not None
        }
        keys = [item.key for item in offered][:REMEMBERED_KEYS]

        async def effect(conn: TrioConnection) -> None:
            seen = await releases.upsert(
                conn, [_offer(name, item) for item in fresh], sealed_links=links
            )
            await feeds.was_read(
                conn,
                name,
                {"keys": keys},
                etag=page.etag,
                last_modified=page.last_modified,
                gap=gap,
            )
            new = [each.id for each in seen if each.is_new]
            if new:
                payload = {"release_ids": new, "source": "rss"}
                await append(conn, EventKind.RELEASES_FOUND, None, payload)

        return effect

    async def _note_failure(self, name: str, error: ReeldError) -> None:
        with suppress(DatabaseUnavailable):
            async with self.resources.database.transaction() as conn:
                await feeds.has_failed(conn, name, error.reason, error.sentence)

    async def _reader(self, name: str) -> tuple[FeedClient, Breaker]:
        feed = next((f for f in self.resources.settings.current.feeds if f.name == name), None)
        if feed is None:
            raise NotFound(
                f"There is no feed {name} in the settings any more.", reason="no_such_feed"
            )
        known = self._clients.get(name)
        if known is None or known[0] != feed:
            await self._forget(name)
            known = (feed, FeedClient(feed, observer=self._observer))
            self._clients[name] = known
        return known[1], await self._breaker(feed)

    async def _breaker(self, feed: FeedSettings) -> Breaker:
        return await open_breaker(self, f"rss:{feed.name}", mark_of(feed.url), FEED_CONFIG)

    async def _forget(self, name: str) -> None:
        known = self._clients.pop(name, None)
        if known is not None:
            await known[1].aclose()


def _place(feed: str, key: str) -> dict[str, str]:
    return {"table": "release", "column": "sealed_link", "row": f"{feed}\n{key}"}


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
        freeleech=item.freeleech,
    )


def _unchanged(feed: str) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        await feeds.was_unchanged(conn, feed)

    return effect
