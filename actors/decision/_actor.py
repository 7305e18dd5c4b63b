"""The actor that decides."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from reeld.actors.decision._abandoning import abandon
from reeld.actors.decision._indexing import WantedTitles
from reeld.actors.decision._matching import Reading, build_index, match_releases, read_name
from reeld.actors.decision._searching import plan_searches
from reeld.actors.resources import Resources
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.acquisition import Acquisition
from reeld.domain.decision import (
    Acquiring,
    Candidate,
    Context,
    Decision,
    OwnedFile,
    decide,
    unmatched,
)
from reeld.domain.history import EventKind
from reeld.domain.library import MovieFile
from reeld.domain.matching import NoMatch
from reeld.domain.movie import Movie, Stage
from reeld.domain.release import Source
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, blocklist, library, movies, profiles, releases
from reeld.storage.work import Job, submit
from reeld.telemetry import tracing

log = structlog.get_logger("reeld.actors.decision")

UNMATCHED_PAGE: Final = 500


class DecisionActor(WorkerActor):
    """Works on queue `decision`, one row at a time, so that no two decisions about a movie race."""

    name = "decision"
    queue = Queue.DECISION
    job_seconds = 300.0

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._titles = WantedTitles(resources)

    @works(WorkKind.MATCH_RELEASES)
    async def match(self, job: Job) -> Effect | None:
        """Find the movies of new releases, and ask for a decision about each movie."""
        found = await releases.by_ids(self.resources.database, job.args["release_ids"])
        crash_point("grab.search.committed")
        readings = await match_releases(await self._titles.current(), found, self._titles.memory)
        for reading in readings:
            self.resources.metrics.add(
                "reeld_releases_parsed_total",
                source=str(reading.release.source),
                outcome=reading.outcome,
            )
        log.info("releases_matched", releases=len(found))
        return _matched(readings)

    @works(WorkKind.MATCH_MOVIE)
    async def match_movie(self, job: Job) -> Effect | None:
        """Find releases of a movie among those that feeds had before anybody wanted it.

        What an indexer had is not looked at: it is searched for the movie anyway, with its numbers of today.
        """
        movie = await movies.get(self.resources.database, int(job.args["movie_id"]))
        if movie is None:
            return None
        titles, own = await self._titles.current(), await build_index([movie])
        readings: list[Reading] = []
        page = await releases.unmatched(self.resources.database, limit=UNMATCHED_PAGE)
        while page:
            read_once = [release for release in page if release.source is Source.RSS]
            readings_of_own = await match_releases(own, read_once)
            near = [each.release for each in readings_of_own if each.candidate]
            # Among all wanted movies, since another one may have the same title and year.
            readings += await match_releases(titles, near)
            after = page[-1].id
            page = await releases.unmatched(
                self.resources.database, after=after, limit=UNMATCHED_PAGE
            )
        log.info("movie_matched", movie_id=movie.id, releases=len(readings))
        return _matched(readings)

    @works(WorkKind.DECIDE_MOVIE)
    async def decide(self, job: Job) -> Effect | None:
        """Judge everything that is offered for a movie, and take the best."""
        movie = await movies.get(self.resources.database, int(job.args["movie_id"]))
        if movie is None:
            return None
        offered = await releases.by_movie(self.resources.database, movie.id)
        readings = await match_releases(await build_index([movie]), offered)
        candidates = [each.candidate for each in readings if each.candidate is not None]
        context = await self._context(movie)
        decision = decide(candidates, context)
        self._count(decision, {each.release.id: each for each in candidates})
        # While one release is fetched, what was said of it and of the others when it was chosen stays true.
        settled = frozenset(
            await releases.verdicts(self.resources.database, [each.id for each in offered])
            if context.acquiring
            else ()
        )
        return _decided(movie, decision, settled)

    @works(WorkKind.ABANDON)
    async def abandon(self, job: Job) -> Effect | None:
        """Go on without an acquisition whose work a person discarded."""
        args = job.args
        return partial(abandon, acquisition_id=int(args["acquisition_id"]), kind=str(args["kind"]))

    @works(WorkKind.SEARCH_MISSING)
    async def search_missing(self, _job: Job) -> Effect | None:
        """Ask for searches of the movies that are most wanted, as many as the indexer's share allows."""
        return await plan_searches(self.resources)

    async def _context(self, movie: Movie) -> Context:
        database, settings = self.resources.database, self.resources.settings.current
        # In this order: a file that is imported in between is seen, so that it is not acquired a second time.
        active = await acquisitions.active_of_movie(database, movie.id)
        files = await library.by_movie(database, movie.id)
        return Context(
            movie=movie,
            profile=await profiles.by_name(
                database, movie.profile, upgrades_default=settings.decision.upgrades_allowed
            ),
            now=datetime.now(UTC),
            settings=settings.decision,
            owned=_owned(files[0]) if files else None,
            acquiring=await self._acquiring(active) if active else None,
            blocked=await blocklist.by_movie(database, movie.id),
            searched_by_person=await movies.is_asked_for(database, movie.id),
        )

    async def _acquiring(self, active: Acquisition) -> Acquiring:
        release = await releases.get(self.resources.database, active.release_id)
        assert release is not None, "an acquisition keeps its release"
        parsed = read_name(release.title)
        return Acquiring(release.title, parsed.quality, parsed.revision, state=active.state.value)

    def _count(self, decision: Decision, candidates: dict[int, Candidate]) -> None:
        metrics = self.resources.metrics
        for verdict in decision.verdicts:
            candidate = candidates[verdict.release_id]
            outcome = "accepted" if verdict.is_accepted else "rejected"
            metrics.add(
                "reeld_release_decisions_total",
                source=str(candidate.release.source),
                decision=outcome,
            )
            for rejection in verdict.rejections:
                metrics.add("reeld_release_rejections_total", reason=str(rejection.reason))


def _matched(readings: list[Reading]) -> Effect:
    matched = sorted({each.movie_id for each in readings if each.movie_id is not None})

    async def effect(conn: TrioConnection) -> None:
        await _store(conn, readings)
        await submit(conn, *(_decision(movie_id) for movie_id in matched))

    return effect


async def _store(conn: TrioConnection, readings: list[Reading]) -> None:
    rejected = []
    await releases.lock(conn, [reading.release.id for reading in readings])
    for reading in readings:
        candidate = reading.candidate
        if candidate is None:
            continue
        await releases.set_match(
            conn, reading.release.id, reading.movie_id, candidate.parsed.to_json()
        )
        if isinstance(candidate.match, NoMatch):
            rejected.append(unmatched(candidate))
    if rejected:
        await releases.set_verdicts(conn, rejected)


def _decided(movie: Movie, decision: Decision, settled: frozenset[int]) -> Effect:
    told = [verdict for verdict in decision.verdicts if verdict.release_id not in settled]

    async def effect(conn: TrioConnection) -> None:
        if told:
            await releases.set_verdicts(conn, told)
        if decision.best is None:
            await _take_nothing(conn, movie, decision)
        else:
            await _take(conn, movie, decision.best)

    return effect


async def _take(conn: TrioConnection, movie: Movie, best: Candidate) -> None:
    release = best.release
    acquisition_id = await acquisitions.intend(conn, movie.id, release)
    if acquisition_id is None:
        return
    tracing.add_links(release.traceparent)
    log.info("release_decided", movie_id=movie.id, release=release.title)
    note = f"{release.title} ({release.indexer})"
    # A movie that has a file is upgraded: it goes the same way again.
    await movies.move(conn, movie.id, Stage.DECIDED, expected=list(Stage), note=note)
    payload = {"movie_id": movie.id, "release_id": release.id, "acquisition_id": acquisition_id}
    await append(conn, EventKind.RELEASE_DECIDED, movie.id, payload)
    await submit(
        conn,
        WorkRequest(
            Queue(release.source),
            WorkKind.FETCH_TORRENT,
            {"acquisition_id": acquisition_id},
            unique_key=f"acquisition:{acquisition_id}",
        ),
    )
    crash_point("grab.intent.uncommitted")


async def _take_nothing(conn: TrioConnection, movie: Movie, decision: Decision) -> None:
    if movie.stage.is_under_way or movie.stage is Stage.IN_LIBRARY or not decision.verdicts:
        return
    first = decision.verdicts[0]
    count = len(decision.verdicts)
    note = f"None of {count} releases is right. {first.rejections[0].sentence}"
    await movies.move(
        conn,
        movie.id,
        Stage.SEARCHED,
        expected=(Stage.WANTED, Stage.SEARCHED, Stage.FAILED),
        note=note,
    )


def _owned(file: MovieFile) -> OwnedFile:
    return OwnedFile(
        quality=file.quality,
        revision=file.revision,
        infohash=file.infohash,
        release_title=file.release_title,
    )


def _decision(movie_id: int) -> WorkRequest:
    return WorkRequest(
        Queue.DECISION, WorkKind.DECIDE_MOVIE, {"movie_id": movie_id}, f"movie:{movie_id}"
    )
