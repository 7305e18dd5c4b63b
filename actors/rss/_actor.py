"""The actor of all feeds."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
import trio

from reeld.actors.fetching import fetch_torrent
from reeld.actors.kernel import handles
from reeld.actors.kernel.breaker import Breaker, BreakerConfig
from reeld.actors.leasing import ClientLease
from reeld.actors.limiting import StoredLimits
from reeld.actors.polling import note_failure
from reeld.actors.resources import Resources
from reeld.actors.rss._memory import PageMemory
from reeld.actors.rss._reading import Reading, mark_of_feed, state_at, unchanged
from reeld.actors.service import open_breaker
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.errors import NotFound, ReeldError, Refused, Unavailable
from reeld.domain.messages import PollFeed, SettingsChanged
from reeld.domain.release import Release
from reeld.domain.settings import FeedSettings
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.services.feeds import FeedClient, FeedNotModified
from reeld.services.limiter import Limiter, Pace
from reeld.services.torrents import DeliveredTorrent
from reeld.storage.repositories import feeds, releases
from reeld.storage.work import Job, submit
from reeld.telemetry import ServiceObserver

log = structlog.get_logger("reeld.actors.rss")

FEED_CONFIG: Final = BreakerConfig(window=3, min_calls=2, failure_rate=0.6, open_seconds=30.0)
"""A feed is read every few minutes: two failures among three readings are enough, and one is not."""

LIMITER_PATIENCE_SECONDS: Final = 15.0
"""Longer waits for our own pace are slept out by the work's row: in here they would look like a slow feed."""
UNSPACED_SECONDS: Final = 0.001
"""A pace has some spacing; so little is none."""

_SEALERS: Final = trio.CapacityLimiter(1)


class RssActor(WorkerActor):
    """Works on queue `rss`, several feeds at once, each with a breaker, a watermark and a client of its own."""

    name = "rss"
    queue = Queue.RSS
    slots = 4
    job_seconds = 180.0

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._observer = ServiceObserver(resources.metrics)
        self._limits = StoredLimits(resources.database.labelled("limits"))
        self._clients: dict[str, ClientLease[FeedSettings, FeedClient]] = {}
        self._memories: dict[str, PageMemory] = {}

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Restore the breaker of every feed, and begin to sweep."""
        await self._follow_settings()
        await super().on_start()

    async def on_stop(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Close all connections."""
        while self._clients:
            _, lease = self._clients.popitem()
            await lease.aclose()

    @handles(SettingsChanged)
    async def settings_changed(self, message: SettingsChanged) -> None:
        """Take over changed feeds: those whose address changed begin anew, those that are gone are forgotten."""
        await self._follow_settings()
        await super().settings_changed(message)

    @handles(PollFeed)
    async def poll_now(self, message: PollFeed) -> None:
        """Ask for a reading of one feed now."""
        self._feed(message.feed)
        request = WorkRequest(
            Queue.RSS, WorkKind.POLL_FEED, {"feed": message.feed}, unique_key=message.feed
        )
        async with self.resources.database.transaction() as conn:
            await submit(conn, request)

    @works(WorkKind.POLL_FEED)
    async def poll(self, job: Job) -> Effect | None:
        """Read a feed, and commit what is new together with the watermark."""
        try:
            feed = self._feed(str(job.args["feed"]))
        except NotFound:
            return None
        try:
            return await self._read(feed)
        except ReeldError as error:
            await note_failure(self.resources.database, feed.name, error)
            if isinstance(error, Refused):
                # The address itself is the fault, and the feed's row says so; the schedule asks again.
                return None
            raise

    @works(WorkKind.FETCH_TORRENT)
    async def fetch(self, job: Job) -> Effect | None:
        """Fetch the .torrent of an acquisition from the link that its feed gave."""

        async def download(release: Release) -> DeliveredTorrent:
            feed = self._feed(release.indexer)
            sealed = await releases.sealed_link(self.resources.database, release.id)
            if sealed is None:
                raise NotFound(f"The feed {feed.name} gave no link for {release.title}.")
            link = self.resources.vault.unseal(
                sealed, **releases.place_of_link(feed.name, release.guid)
            )
            async with self._call(feed) as client:
                return await client.download(link, announced=release.infohash)

        return await fetch_torrent(self.resources, job, download)

    async def _read(self, feed: FeedSettings) -> Effect:
        state = state_at(await feeds.get(self.resources.database, feed.name), feed)
        async with self._call(feed) as client:
            answer = await client.fetch(
                etag=state.etag if state else None,
                last_modified=state.last_modified if state else None,
            )
        metrics = self.resources.metrics
        metrics.set("reeld_rss_last_success_timestamp_seconds", time.time(), indexer=feed.name)
        if isinstance(answer, FeedNotModified):
            return unchanged(feed, state)
        memory = self._memories.setdefault(feed.name, PageMemory())
        reading = Reading.of(feed, answer, state, memory)
        metrics.add("reeld_releases_seen_total", reading.fresh, source="rss")
        for lag in reading.publish_lags(time.time()):
            metrics.observe("reeld_rss_publish_lag_seconds", lag, indexer=feed.name)
        if reading.gap:
            log.warning("feed_gap", feed=feed.name)
            metrics.add("reeld_rss_gaps_total", indexer=feed.name)
        # Five thousand seals would hold up the loop.
        links = await trio.to_thread.run_sync(reading.seal, self.resources.vault, limiter=_SEALERS)
        return reading.effect(links)

    def _feed(self, name: str) -> FeedSettings:
        found = (f for f in self.resources.settings.current.feeds if f.name == name)
        feed = next(found, None)
        if feed is None:
            raise NotFound(
                f"There is no feed {name} in the settings any more.", reason="no_such_feed"
            )
        return feed

    @asynccontextmanager
    async def _call(self, feed: FeedSettings) -> AsyncIterator[FeedClient]:
        if self._feed(feed.name) != feed:
            raise Unavailable(
                f"The settings of the feed {feed.name} have just changed; it is read with the new ones.",
                reason="settings_changed",
                retry_after=1.0,
            )
        clients = self._clients.get(feed.name)
        if clients is None:
            clients = ClientLease(self._make_client)
            self._clients[feed.name] = clients
        breaker = await self._breaker(feed)
        async with clients.lease(feed) as client, breaker.call():
            yield client

    def _make_client(self, feed: FeedSettings) -> FeedClient:
        # A name of its own for each feed: the site behind it counts our calls, not those to others.
        limiter = Limiter(
            f"rss:{feed.name}",
            Pace(1 / max(feed.spacing_seconds, UNSPACED_SECONDS), gap=feed.spacing_seconds),
            store=self._limits,
            max_wait=LIMITER_PATIENCE_SECONDS,
            on_wait=self._waited,
        )
        self.resources.limits.adopt(limiter)
        return FeedClient(feed, limiter=limiter, observer=self._observer)

    def _waited(self, _limiter: str, seconds: float) -> None:
        # To the metrics all feeds are one service.
        self._observer.waited("feed", seconds)

    async def _breaker(self, feed: FeedSettings) -> Breaker:
        return await open_breaker(self, f"rss:{feed.name}", mark_of_feed(feed), FEED_CONFIG)

    async def _follow_settings(self) -> None:
        current = {feed.name: feed for feed in self.resources.settings.current.feeds}
        for name in self._clients.keys() - current.keys():
            await self._clients.pop(name).aclose()
        for name in [n for n in self.address.breakers if n.removeprefix("rss:") not in current]:
            del self.address.breakers[name]
        for name in self._memories.keys() - current.keys():
            del self._memories[name]
        for feed in current.values():
            await self._breaker(feed)
