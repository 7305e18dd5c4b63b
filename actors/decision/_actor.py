"""The actor that decides."""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog

from reeld.actors.decision._abandoning import abandon
from reeld.actors.decision._away import who_is_away
from reeld.actors.decision._deciding import Deciding
from reeld.actors.decision._for_people import Desk
from reeld.actors.decision._indexing import WantedTitles
from reeld.actors.decision._letting_go import let_go
from reeld.actors.decision._matching import Reading, build_index, match_releases
from reeld.actors.decision._searching import plan_searches
from reeld.actors.decision._waiting import look_again
from reeld.actors.kernel import handles
from reeld.actors.resources import Resources
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.decision import Cause, Explanation, unmatched
from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.matching import NoMatch
from reeld.domain.messages import DecideName, GrabRelease, JudgeReleases, Sweep
from reeld.domain.parting import Parting
from reeld.domain.release import Source
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import movies, pending, releases, searches
from reeld.storage.repositories.pending import PendingReason
from reeld.storage.work import Job, submit

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
        self._deciding = Deciding(resources)
        self._desk = Desk(resources, self._deciding)
        self._away: frozenset[str] = frozenset()

    @handles(Sweep)
    async def sweep(self, message: Sweep) -> None:
        """See who can be asked again, and claim work."""
        away = who_is_away(self.resources.directory)
        if self._away - away:
            self.start_soon(self._decide_what_waited)
        self._away = away
        await super().sweep(message)

    @handles(JudgeReleases)
    async def judge_releases(self, message: JudgeReleases) -> Explanation:
        """Judge what is offered for a movie, for a person to choose from."""
        return await self._desk.judge_releases(message.movie_id)

    @handles(DecideName)
    async def decide_name(self, message: DecideName) -> Explanation:
        """Say what would be decided about a name."""
        return await self._desk.decide_name(message, await self._titles.current())

    @handles(GrabRelease)
    async def grab(self, message: GrabRelease) -> int:
        """Take a release that a person chose."""
        return await self._desk.grab(message)

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
        cause = Cause(job.args.get("cause", Cause.RSS))
        return _matched(readings, cause, look=bool(job.args.get("look")))

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
        return _matched(readings, Cause.RSS)

    @works(WorkKind.DECIDE_MOVIE)
    async def decide(self, job: Job) -> Effect | None:
        """Judge everything that is offered for a movie, and take the best."""
        movie = await movies.get(self.resources.database, int(job.args["movie_id"]))
        if movie is None:
            return None
        if await searches.is_open(self.resources.database, movie.id):
            # Indexers are being asked at once: when they have answered, or are late, it is decided about all.
            return None
        cause = Cause(job.args.get("cause", Cause.RSS))
        return await self._deciding.about(movie, cause, waiting=bool(job.args.get("waiting")))

    @works(WorkKind.ABANDON)
    async def abandon(self, job: Job) -> Effect | None:
        """Go on without an acquisition whose work a person discarded."""
        args = job.args
        return partial(abandon, acquisition_id=int(args["acquisition_id"]), kind=str(args["kind"]))

    @works(WorkKind.LET_GO)
    async def let_go(self, job: Job) -> Effect | None:
        """Go on without a download that a person took out of the queue."""
        number = int(job.args["acquisition_id"])
        return partial(let_go, acquisition_id=number, parting=Parting.of_work(job.args))

    @works(WorkKind.SEARCH_MISSING)
    async def search_missing(self, _job: Job) -> Effect | None:
        """Ask for searches of the movies that are most wanted, as many as the indexer's share allows."""
        return await plan_searches(self.resources)

    async def _decide_what_waited(self) -> None:
        """Ask for decisions about what waited for somebody who was away. Should it get lost, the waits end anyway."""
        reasons = (PendingReason.CLIENT_UNAVAILABLE, PendingReason.INDEXER_UNAVAILABLE)
        try:
            async with self.resources.database.transaction() as conn:
                waiting = await pending.movies_waiting_for(conn, reasons)
                await submit(conn, *(look_again(movie_id) for movie_id in waiting))
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("waits_go_on", reason=error.reason)


def _matched(readings: list[Reading], cause: Cause, *, look: bool = False) -> Effect:
    """Return the effect of matching; nothing is decided while a person looks, and chooses."""
    matched = sorted({each.movie_id for each in readings if each.movie_id is not None})
    asked = [] if look else [_decision(movie_id, cause) for movie_id in matched]

    async def effect(conn: TrioConnection) -> None:
        await _store(conn, readings)
        await submit(conn, *asked)

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


def _decision(movie_id: int, cause: Cause) -> WorkRequest:
    # A decision after a search is not the one about what feeds brought: other rules are asked.
    key = f"movie:{movie_id}" if cause is Cause.RSS else f"movie:{movie_id}:{cause}"
    args = {"movie_id": movie_id, "cause": str(cause)}
    return WorkRequest(Queue.DECISION, WorkKind.DECIDE_MOVIE, args, key)
