"""HdbitsActor: searches HDBits, follows its recent uploads and fetches .torrent files, politely."""

from __future__ import annotations

from typing import Final

import structlog

from reeld.actors.fetching import fetch_torrent
from reeld.actors.kernel import handles
from reeld.actors.limiting import StoredLimits
from reeld.actors.resources import Resources
from reeld.actors.service import ServiceActor, mark_of
from reeld.actors.worker import Effect, works
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.messages import PollRecent
from reeld.domain.movie import Movie, Stage
from reeld.domain.release import NewRelease, Release, Source
from reeld.domain.settings import HdbitsSettings
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.services.hdbits import Category, HdbitsClient, HdbitsTorrent
from reeld.services.limiter import Limiter, Pace
from reeld.services.torrents import DeliveredTorrent
from reeld.storage import TrioConnection
from reeld.storage.events import append
from reeld.storage.repositories import feeds, history, movies, releases
from reeld.storage.work import Job, submit

log = structlog.get_logger("reeld.actors.hdbits")

INDEXER: Final = "hdbits"
SEARCH_PAGES: Final = 3
"""Of one movie: three hundred releases are more than any has."""
RECENT_PAGES: Final = 10
"""How far back one poll reads at most; what lies further back is a gap, and is said to be one."""
LIMITER_PATIENCE_SECONDS: Final = 60.0
_MOVIES: Final = frozenset({Category.MOVIE, Category.DOCUMENTARY})


class HdbitsActor(ServiceActor[HdbitsSettings, HdbitsClient]):
    """Works on queue `hdbits`, one row at a time: two seconds lie between two calls anyway."""

    name = "hdbits"
    queue = Queue.HDBITS
    job_seconds = 300.0

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._limits = StoredLimits(resources.database.labelled("limits"))

    def read_settings(self) -> HdbitsSettings | None:
        """Return HDBits' settings in force."""
        return self.resources.settings.current.hdbits

    def mark(self, settings: HdbitsSettings) -> str:
        """Return a mark of address and credentials."""
        return mark_of(settings.url, settings.username, settings.passkey)

    def make_client(self, settings: HdbitsSettings) -> HdbitsClient:
        """Make a client whose pace survives restarts."""
        pace = Pace.per_hour(settings.calls_per_hour, gap=settings.spacing_seconds)
        limiter = Limiter(INDEXER, pace, store=self._limits, max_wait=LIMITER_PATIENCE_SECONDS)
        return HdbitsClient(settings, limiter, observer=self.observer)

    @handles(PollRecent)
    async def poll_now(self, _message: PollRecent) -> None:
        """Ask for a poll of the recent uploads now."""
        request = WorkRequest(Queue.HDBITS, WorkKind.POLL_RECENT, {}, "recent")
        async with self.resources.database.transaction() as conn:
            await submit(conn, request)

    @works(WorkKind.SEARCH_MOVIE)
    async def search_movie(self, job: Job) -> Effect | None:
        """Search releases of a movie by its IMDb number."""
        movie = await movies.get(self.resources.database, int(job.args["movie_id"]))
        if movie is None:
            return None
        if movie.imdb_id is None:
            return _cannot_search(movie)
        client = await self.client()
        found: list[HdbitsTorrent] = []
        for page in range(SEARCH_PAGES):
            async with self.breaker.call():
                answer = await client.search(movie.imdb_id, page=page)
            found += answer.torrents
            if not answer.full:
                break
        log.info("movie_searched", movie_id=movie.id, found=len(found))
        self.resources.metrics.add("reeld_releases_seen_total", len(found), source=INDEXER)
        return _found_for(movie, _offers(found))

    @works(WorkKind.POLL_RECENT)
    async def poll_recent(self, _job: Job) -> Effect | None:
        """Read the recent uploads back to where the last poll began, so that none between is missed."""
        client = await self.client()
        state = await feeds.get(self.resources.database, INDEXER)
        seen = int(state.watermark.get("newest_id", 0)) if state else 0
        found: list[HdbitsTorrent] = []
        reached = False
        for page in range(RECENT_PAGES if seen else 1):
            async with self.breaker.call():
                answer = await client.recent(page=page)
            found += answer.torrents
            reached = not answer.full or any(each.id <= seen for each in answer.torrents)
            if reached:
                break
        gap = bool(seen) and not reached
        if gap:
            log.warning("recent_gap", pages=RECENT_PAGES)
            self.resources.metrics.add("reeld_rss_gaps_total", indexer=INDEXER)
        fresh = [each for each in found if each.id > seen]
        self.resources.metrics.add("reeld_releases_seen_total", len(fresh), source=INDEXER)
        newest = max((each.id for each in found), default=seen)
        return _polled(_offers(fresh), newest, gap)

    @works(WorkKind.FETCH_TORRENT)
    async def fetch(self, job: Job) -> Effect | None:
        """Fetch the .torrent of an acquisition and hold it against the announced infohash."""

        async def download(release: Release) -> DeliveredTorrent:
            client = await self.client()
            async with self.breaker.call():
                return await client.download(
                    int(release.indexer_ref), announced=release.infohash or ""
                )

        return await fetch_torrent(
            self.resources.database, int(job.args["acquisition_id"]), download
        )


def _offers(torrents: list[HdbitsTorrent]) -> list[NewRelease]:
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
            freeleech=each.freeleech,
            internal=each.internal,
            indexer_ref=str(each.id),
        )
        for each in torrents
        if each.category in _MOVIES
    ]


def _cannot_search(movie: Movie) -> Effect:
    note = "It has no IMDb number, so HDBits cannot be searched for it; feeds are still watched."

    async def effect(conn: TrioConnection) -> None:
        await movies.advance(conn, movie.id, Stage.SEARCHED, note=note)

    return effect


def _found_for(movie: Movie, offers: list[NewRelease]) -> Effect:
    note = f"{len(offers)} releases found on HDBits." if offers else "HDBits has no release of it."

    async def effect(conn: TrioConnection) -> None:
        seen = await releases.upsert(conn, offers)
        await movies.advance(conn, movie.id, Stage.SEARCHED, note=note)
        data = {"source": INDEXER, "found": len(offers)}
        await history.append(conn, movie.id, HistoryKind.SEARCHED, data=data)
        await append(conn, EventKind.MOVIE_SEARCHED, movie.id, {"movie_id": movie.id, **data})
        await _announce(conn, [each.id for each in seen])

    return effect


def _polled(offers: list[NewRelease], newest: int, gap: bool) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        seen = await releases.upsert(conn, offers)
        await feeds.was_read(conn, INDEXER, {"newest_id": newest}, gap=gap)
        await _announce(conn, [each.id for each in seen if each.is_new])

    return effect


async def _announce(conn: TrioConnection, ids: list[int]) -> None:
    if ids:
        await append(conn, EventKind.RELEASES_FOUND, None, {"release_ids": ids, "source": INDEXER})
