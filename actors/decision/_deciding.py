"""Deciding about a movie: what is offered, what surrounds it, the judgement, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import structlog
import trio

from reeld.actors.decision._judging import FormatMemory, Judged, judge
from reeld.actors.decision._matching import READERS, build_index, match_releases
from reeld.actors.decision._surroundings import Surroundings, Survey
from reeld.actors.decision._taking import decided
from reeld.actors.resources import Resources
from reeld.actors.worker import Effect
from reeld.domain.decision import Candidate, Cause
from reeld.domain.movie import Movie
from reeld.domain.profile import QualityProfile
from reeld.storage.repositories import groups, pending, releases

log = structlog.get_logger("reeld.actors.decision")


class Deciding:
    """Judges offers; takes part in nothing else.

    Args:
        resources: What actors share.
    """

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.survey = Survey(resources)
        self._memory = FormatMemory()

    async def about(self, movie: Movie, cause: Cause, *, waiting: bool = False) -> Effect | None:
        """Judge everything that is offered for a movie, and return what follows.

        Args:
            movie: The movie.
            cause: What asked for the decision.
            waiting: Whether there is a decision only if a release of the movie waits.
        """
        database = self.resources.database
        if waiting and not await pending.of_movie(database, movie.id):
            return None
        offered = await releases.by_movie(database, movie.id)
        readings = await match_releases(await build_index([movie]), offered)
        candidates = [each.candidate for each in readings if each.candidate is not None]
        around = await self.survey.of(movie, cause, offered)
        judged = await self.judge(candidates, around)
        self._count(judged, candidates)
        # While one release is fetched, what was said of it and of the others when it was chosen stays true.
        settled = frozenset(
            await releases.verdicts(database, [each.id for each in offered])
            if around.acquiring
            else ()
        )
        return decided(judged, around, settled)

    async def judge(self, candidates: Sequence[Candidate], around: Surroundings) -> Judged:
        """Judge offers in a worker thread: some hundred of them with as many formats take long enough to be felt."""
        reputations = await self._reputations(candidates, around.profile)
        work = partial(judge, candidates, around, self._memory, reputations)
        judged = await trio.to_thread.run_sync(work, limiter=READERS)
        if judged.timed_out:
            self.resources.metrics.add("reeld_custom_format_timeouts_total", judged.timed_out)
            log.warning(
                "custom_format_out_of_time", movie_id=around.movie.id, times=judged.timed_out
            )
        return judged

    async def _reputations(
        self, candidates: Sequence[Candidate], profile: QualityProfile
    ) -> Mapping[str, int]:
        """Return what the names of release groups are worth to a profile, of those that are not worth nothing."""
        weight = profile.reputation_weight
        if not weight:
            return {}
        names = {each.parsed.group for each in candidates if each.parsed.group}
        found = await groups.reputations(self.resources.database, names)
        return {name: each.points(weight) for name, each in found.items()}

    def _count(self, judged: Judged, candidates: Sequence[Candidate]) -> None:
        metrics = self.resources.metrics
        sources = {each.release.id: str(each.release.source) for each in candidates}
        for verdict in judged.decision.verdicts:
            metrics.add(
                "reeld_release_decisions_total",
                source=sources[verdict.release_id],
                decision="accepted" if verdict.is_accepted else "rejected",
            )
            for rejection in verdict.rejections:
                metrics.add("reeld_release_rejections_total", reason=str(rejection.reason))
