"""The actor of HDBits."""

from __future__ import annotations

import time
from typing import Final

import structlog

from reeld.actors.answering import cannot_answer
from reeld.actors.fetching import fetch_torrent
from reeld.actors.hdbits._storing import (
    INDEXER,
    answers_nothing,
    not_searchable,
    offers,
    polled,
    search_told,
    searched,
    store_page,
)
from reeld.actors.kernel import handles
from reeld.actors.limiting import StoredLimits
from reeld.actors.polling import note_failure
from reeld.actors.resources import Resources
from reeld.actors.service import ServiceActor, mark_of
from reeld.actors.worker import Effect, works
from reeld.domain.errors import NotFound, ReeldError, Refused
from reeld.domain.messages import PollRecent
from reeld.domain.movie import Movie
from reeld.domain.release import Release
from reeld.domain.settings import HdbitsSettings
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.services.hdbits import HdbitsClient, HdbitsTorrent
from reeld.services.limiter import Limiter, Pace
from reeld.services.torrents import DeliveredTorrent
from reeld.storage.repositories import feeds, indexers, movies
from reeld.storage.work import Job, submit

log = structlog.get_logger("reeld.actors.hdbits")

SEARCH_PAGES: Final = 3
"""Of one movie: three hundred releases are more than any has."""
RECENT_PAGES: Final = 10
"""How far back one poll reads at most; what lies further back is a gap, and is said to be one."""
LIMITER_PATIENCE_SECONDS: Final = 15.0
"""Longer waits for our own pace are slept out by the work's row: in here they would look like a slow HDBits."""
SCHEDULE: Final = "hdbits:schedule"
SCHEDULE_PATIENCE_SECONDS: Final = 1.0
"""A search on schedule waits in its row, and lets others by."""
_NO_IMDB_ID: Final = (
    "It has no IMDb number, so HDBits cannot be searched for it; feeds are still watched."
)


class HdbitsActor(ServiceActor[HdbitsSettings, HdbitsClient]):
    """Works on queue `hdbits`, one row at a time: two seconds lie between two calls anyway."""

    name = "hdbits"
    queue = Queue.HDBITS
    job_seconds = 300.0

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._database = resources.database
        self._limits = StoredLimits(resources.database.labelled("limits"))
        self._schedule: Limiter | None = None

    def read_settings(self) -> HdbitsSettings | None:
        """Return HDBits' settings in force."""
        return self.resources.settings.current.hdbits

    def mark(self, settings: HdbitsSettings) -> str:
        """Return a mark of address and credentials."""
        return mark_of(settings.url, settings.username, settings.passkey)

    def make_client(self, settings: HdbitsSettings) -> HdbitsClient:
        """Make a client whose pace survives restarts."""
        pace = Pace.per_hour(settings.calls_per_hour, gap=settings.spacing_seconds)
        limiter = Limiter(
            INDEXER,
            pace,
            store=self._limits,
            max_wait=LIMITER_PATIENCE_SECONDS,
            on_wait=self.observer.waited,
        )
        self.resources.limits.adopt(limiter)
        self._schedule = self._make_schedule(settings)
        return HdbitsClient(settings, limiter, observer=self.observer)

    def _make_schedule(self, settings: HdbitsSettings) -> Limiter:
        """Make what keeps searches on schedule to their share of the calls, however many pages they read."""
        share = Pace.spread(max(settings.scheduled_per_hour, 1))
        limiter = Limiter(SCHEDULE, share, store=self._limits, max_wait=SCHEDULE_PATIENCE_SECONDS)
        return self.resources.limits.adopt(limiter)

    @handles(PollRecent)
    async def poll_now(self, _message: PollRecent) -> None:
        """Ask for a poll of the recent uploads now."""
        request = WorkRequest(Queue.HDBITS, WorkKind.POLL_RECENT, {}, "recent")
        async with self._database.transaction() as conn:
            await submit(conn, request)

    @works(WorkKind.SEARCH_MOVIE)
    async def search_movie(self, job: Job) -> Effect | None:
        """Search releases of a movie by its IMDb number."""
        movie = await movies.get(self._database, int(job.args["movie_id"]))
        if movie is None:
            return None
        if self.read_settings() is None and await indexers.every(self._database):
            return answers_nothing(movie)
        if movie.imdb_id is None:
            return not_searchable(movie, _NO_IMDB_ID)
        try:
            return await self._search(job, movie, movie.imdb_id)
        except NotFound:
            return searched(movie, [], 0)
        except Refused as error:
            # Asking again is of no use before the movie's facts change; it is done once a day anyway.
            return not_searchable(movie, error.sentence)
        except ReeldError:
            if not job.args.get("look"):
                await cannot_answer(self._database, movie.id, INDEXER, job)
            raise

    @works(WorkKind.POLL_RECENT)
    async def poll_recent(self, job: Job) -> Effect | None:
        """Read the recent uploads back to where the last poll began, so that none between is missed."""
        try:
            return await self._poll(job)
        except ReeldError as error:
            await note_failure(self._database, INDEXER, error)
            raise

    @works(WorkKind.FETCH_TORRENT)
    async def fetch(self, job: Job) -> Effect | None:
        """Fetch the .torrent of an acquisition and hold it against the announced infohash."""

        async def download(release: Release) -> DeliveredTorrent:
            async with self.call() as client:
                return await client.download(
                    int(release.indexer_ref), announced=release.infohash or ""
                )

        return await fetch_torrent(self.resources, job, download)

    # Both go on at the page where an earlier attempt stopped: our own pace may allow no more than one an attempt.

    async def _search(self, job: Job, movie: Movie, imdb_id: str) -> Effect:
        number = int(job.progress.get("page", 0))
        found = int(job.progress.get("found", 0))
        is_scheduled = "cause" in job.args
        look = bool(job.args.get("look"))
        while True:
            async with self.call() as client:
                if is_scheduled and not await movies.is_asked_for(self._database, movie.id):
                    await self._scheduled_turn()
                page = await client.search(imdb_id, page=number)
            number, found = number + 1, found + len(page.torrents)
            if not page.full or number >= SEARCH_PAGES:
                break
            told = search_told(look=look)
            await store_page(self._database, offers(page.torrents), only_new=False, told=told)
            await self.resources.work.progress(job, {"page": number, "found": found})
        log.info("movie_searched", movie_id=movie.id, found=found)
        self.resources.metrics.add("reeld_releases_seen_total", found, source=INDEXER)
        return searched(movie, offers(page.torrents), found, look=look)

    async def _scheduled_turn(self) -> None:
        assert self._schedule is not None, "it is made with the client"
        await self._schedule.turn()

    async def _poll(self, job: Job) -> Effect:
        state = await feeds.get(self._database, INDEXER)
        seen = int(state.watermark.get("newest_id", 0)) if state else 0
        most = RECENT_PAGES if seen else 1
        number = int(job.progress.get("page", 0))
        newest = max(int(job.progress.get("newest", 0)), seen)
        while True:
            async with self.call() as client:
                page = await client.recent(page=number)
            fresh = [each for each in page.torrents if each.id > seen]
            self._note_fresh(fresh if seen else [], len(fresh))
            number, newest = number + 1, max([newest, *(each.id for each in fresh)])
            reached = not page.full or len(fresh) < len(page.torrents)
            if reached or number >= most:
                break
            await store_page(self._database, offers(fresh), only_new=True)
            await self.resources.work.progress(job, {"page": number, "newest": newest})
        return polled(offers(fresh), newest, gap=self._note_poll(gap=bool(seen) and not reached))

    def _note_fresh(self, news: list[HdbitsTorrent], found: int) -> None:
        metrics = self.resources.metrics
        metrics.add("reeld_releases_seen_total", found, source=INDEXER)
        now = time.time()
        for each in news:
            if each.added_at is not None:
                lag = max(now - each.added_at.timestamp(), 0.0)
                metrics.observe("reeld_rss_publish_lag_seconds", lag, indexer=INDEXER)

    def _note_poll(self, *, gap: bool) -> bool:
        metrics = self.resources.metrics
        if gap:
            log.warning("recent_gap", pages=RECENT_PAGES)
            metrics.add("reeld_rss_gaps_total", indexer=INDEXER)
        metrics.set("reeld_rss_last_success_timestamp_seconds", time.time(), indexer=INDEXER)
        return gap
