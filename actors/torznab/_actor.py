"""The actor of one indexer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import structlog
import trio

from reeld.actors.answering import cannot_answer
from reeld.actors.fetching import fetch_torrent
from reeld.actors.limiting import StoredLimits
from reeld.actors.polling import note_failure
from reeld.actors.resources import Resources
from reeld.actors.service import UNCONFIGURED_SECONDS, ServiceActor, mark_of
from reeld.actors.torznab._reading import Reading
from reeld.actors.torznab._storing import polled, sealed, searched
from reeld.actors.worker import Effect, works
from reeld.domain.errors import NotFound, ReeldError, Refused, Unavailable
from reeld.domain.movie import Movie
from reeld.domain.release import Release, Source
from reeld.domain.torznab import Indexer, NewIndexer
from reeld.domain.work import Queue, WorkKind
from reeld.services.limiter import Limiter, Pace
from reeld.services.torrents import DeliveredTorrent
from reeld.services.torznab import (
    Capabilities,
    MovieQuestion,
    Question,
    TorznabClient,
    TorznabOffer,
    questions_for,
)
from reeld.storage.repositories import feeds, indexers, metadata, movies, releases
from reeld.storage.vault import VaultError
from reeld.storage.work import Job
from reeld.telemetry import ServiceObserver, redaction

log = structlog.get_logger("reeld.actors.torznab")

SEARCH_PAGES: Final = 3
"""Of one question: Radarr's thousand results are more than any movie has, three pages are enough."""
RECENT_PAGES: Final = 5
"""How far back one reading goes at most; what lies further back is a gap, and is said to be one."""
CAPS_SECONDS: Final = 24 * 3600.0
"""So long it is believed what an indexer says it can do."""
PACE: Final = Pace(per_second=0.5, burst=4)
"""Radarr's two seconds between two calls to an indexer; a search that needs a few may make them at once."""
PATIENCE_SECONDS: Final = 15.0
"""Longer waits for our own pace are slept out by the work's row: in here they would look like a slow indexer."""


def client_of(
    indexer: NewIndexer, limiter: Limiter, resources: Resources, observer: ServiceObserver | None
) -> TorznabClient:
    """Return a client for an indexer with its key."""
    loopback = resources.settings.current.torznab.allow_loopback
    return TorznabClient(indexer, limiter, loopback=loopback, observer=observer)


class TorznabActor(ServiceActor[Indexer, TorznabClient]):
    """Works on the queue of its own indexer, two rows at once.

    It is made anew when the indexer's row changes.

    Args:
        resources: What actors share.
        indexer: The row, without its key.
    """

    name = "torznab"
    queue = Queue.TORZNAB
    slots = 2
    job_seconds = 300.0

    def __init__(self, resources: Resources, indexer: Indexer) -> None:
        super().__init__(resources)
        self._database = resources.database
        self._indexer = indexer
        self._limits = StoredLimits(resources.database.labelled("limits"))
        self._caps: tuple[float, Capabilities] | None = None

    @property
    def part(self) -> str:
        """The name of its address, its queue and its breaker."""
        return self._indexer.part

    @property
    def label(self) -> str:
        """The indexer's name."""
        return self._indexer.name

    def read_settings(self) -> Indexer | None:
        """Return the indexer's row."""
        return self._indexer

    def mark(self, settings: Indexer) -> str:
        """Return a mark of address and key."""
        try:
            return mark_of(
                settings.api_url, indexers.unsealed(self.resources.vault, settings).api_key
            )
        except VaultError:
            return mark_of(settings.api_url)

    def make_client(self, settings: Indexer) -> TorznabClient:
        """Make a client whose pace survives restarts."""
        try:
            indexer = indexers.unsealed(self.resources.vault, settings)
        except VaultError as error:
            raise Unavailable(
                error.sentence, reason=error.reason, retry_after=UNCONFIGURED_SECONDS
            ) from error
        redaction.register([indexer.api_key.reveal()])
        limiter = Limiter(
            self.part, PACE, store=self._limits, max_wait=PATIENCE_SECONDS, on_wait=self._waited
        )
        self.resources.limits.adopt(limiter)
        return client_of(indexer, limiter, self.resources, self.observer)

    def _waited(self, _limiter: str, seconds: float) -> None:
        # To the metrics all indexers are one service.
        self.observer.waited(str(self.queue), seconds)

    @works(WorkKind.SEARCH_MOVIE)
    async def search_movie(self, job: Job) -> Effect | None:
        """Search releases of a movie: by its numbers if the indexer can, else by its titles."""
        movie = await movies.get(self._database, int(job.args["movie_id"]))
        if movie is None:
            return None
        look = bool(job.args.get("look"))
        try:
            found = await self._search(movie)
        except ReeldError as error:
            if not look:
                await cannot_answer(self._database, movie.id, self.part, job)
            if isinstance(error, NotFound | Refused):
                # Asking again is of no use before the movie's facts or the indexer's change.
                log.info("not_searchable", indexer=self._indexer.name, reason=error.reason)
                found = []
            else:
                raise
        offered = await sealed(self.resources.vault, self._indexer, found)
        log.info("movie_searched", movie_id=movie.id, indexer=self._indexer.name, found=len(found))
        self.resources.metrics.add("reeld_releases_seen_total", len(found), source=Source.TORZNAB)
        return searched(movie, offered, len(found), look=look)

    @works(WorkKind.POLL_RECENT)
    async def poll_recent(self, job: Job) -> Effect | None:  # noqa: ARG002
        """Read the latest offers back to those of the last reading."""
        try:
            return await self._poll()
        except ReeldError as error:
            await note_failure(self._database, self.part, error)
            if isinstance(error, Refused):
                # The indexer's own settings are the fault, and its row says so; the schedule asks again.
                return None
            raise

    @works(WorkKind.FETCH_TORRENT)
    async def fetch(self, job: Job) -> Effect | None:
        """Fetch the .torrent of an acquisition from the link that the indexer gave."""

        async def download(release: Release) -> DeliveredTorrent:
            link = await releases.sealed_link(self._database, release.id)
            if link is None:
                raise NotFound(f"{self._indexer.name} gave no link for {release.title}.")
            opened = self.resources.vault.unseal(
                link, **releases.place_of_link(self.part, release.guid)
            )
            async with self.call() as client:
                return await client.download(opened, announced=release.infohash)

        return await fetch_torrent(self.resources, job, download)

    async def _search(self, movie: Movie) -> list[TorznabOffer]:
        caps = await self._capabilities()
        details = await metadata.get(self._database, movie.id)
        original = details.original_title if details is not None else ""
        titles = (movie.title, original) if original else (movie.title,)
        asked = MovieQuestion(movie.imdb_id, movie.tmdb_id, titles, movie.year)
        questions = questions_for(asked, caps, remove_year=self._indexer.remove_year)
        found = await self._pages(questions[0], caps.limit) if questions else []
        return found or await self._all_of(questions[1:], caps.limit)

    async def _all_of(self, questions: Sequence[Question], limit: int) -> list[TorznabOffer]:
        """Ask what else there is to ask, at once.

        Where the surest way found nothing, the others rarely do, and one after the other would keep those waiting who
        are asked at the same time.
        """
        found: dict[str, TorznabOffer] = {}
        failures: list[ReeldError] = []

        async def ask(question: Question) -> None:
            try:
                found.update({each.key: each for each in await self._pages(question, limit)})
            except ReeldError as error:
                failures.append(error)

        async with trio.open_nursery() as nursery:
            for question in questions:
                nursery.start_soon(ask, question)
        if failures and not found:
            raise failures[0]
        return list(found.values())

    async def _pages(self, question: Question, limit: int) -> list[TorznabOffer]:
        found: dict[str, TorznabOffer] = {}
        offset = 0
        for _ in range(SEARCH_PAGES):
            async with self.call() as client:
                page = await client.search(question, offset=offset, limit=limit)
            before = len(found)
            found |= {offer.key: offer for offer in page.offers}
            offset += page.read
            # One that knows no paging sends the same page again.
            if not page.full or len(found) == before:
                break
        return list(found.values())

    async def _poll(self) -> Effect:
        caps = await self._capabilities()
        state = await feeds.get(self._database, self.part)
        reading = Reading.after(state.watermark if state else {}, self.mark(self._indexer))
        for _ in range(RECENT_PAGES):
            async with self.call() as client:
                reading.take(await client.recent(offset=reading.read, limit=caps.limit))
            if reading.reached:
                break
        self._note(reading)
        offered = await sealed(self.resources.vault, self._indexer, reading.offers.values())
        return polled(offered, reading.watermark, gap=reading.gap)

    def _note(self, reading: Reading) -> None:
        metrics, name, now = self.resources.metrics, self._indexer.name, time.time()
        metrics.add("reeld_releases_seen_total", len(reading.fresh), source=Source.TORZNAB)
        metrics.set("reeld_rss_last_success_timestamp_seconds", now, indexer=name)
        for lag in reading.lags(now):
            metrics.observe("reeld_rss_publish_lag_seconds", lag, indexer=name)
        if reading.gap:
            log.warning("recent_gap", indexer=name)
            metrics.add("reeld_rss_gaps_total", indexer=name)

    async def _capabilities(self) -> Capabilities:
        now = trio.current_time()
        if self._caps is None or now - self._caps[0] > CAPS_SECONDS:
            async with self.call() as client:
                self._caps = now, await client.caps()
        return self._caps[1]
