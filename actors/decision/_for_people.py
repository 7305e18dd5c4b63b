"""What people ask of decisions: what would be taken and why, and to take a release of their own choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec
import trio

from reeld.actors.decision._deciding import Deciding
from reeld.actors.decision._matching import READERS, build_index, read_eagerly, read_name
from reeld.actors.decision._surroundings import Surroundings
from reeld.actors.decision._taking import store, take
from reeld.actors.resources import Resources
from reeld.domain.decision import Cause, Explanation, Verdict
from reeld.domain.errors import NotFound, Refused
from reeld.domain.matching import Match, MatchedBy, TitleIndex
from reeld.domain.messages import DecideName, GrabRelease
from reeld.domain.movie import Movie, Stage
from reeld.domain.parsing import ParsedRelease
from reeld.domain.profile import QualityProfile
from reeld.domain.release import Release, Source
from reeld.domain.work import Priority
from reeld.storage import TrioConnection
from reeld.storage.colliding import committed
from reeld.storage.repositories import movies, releases
from reeld.storage.repositories.titles import near

NOBODYS: Final = 0
"""The number of a movie or release that has no row."""


class Desk:
    """Answers people.

    Args:
        resources: What actors share.
        deciding: Judges.
    """

    def __init__(self, resources: Resources, deciding: Deciding) -> None:
        self._database = resources.database
        self._settings = resources.settings
        self._deciding = deciding

    async def judge_releases(self, movie_id: int) -> Explanation:
        """Judge everything that is known to be offered for a movie, for a person to choose from.

        Raises:
            NotFound: There is no such movie.
        """
        movie = await self._movie(movie_id)
        offered = await releases.by_movie(self._database, movie.id)
        if movie.imdb_id is not None:
            offered += await releases.of_imdb(self._database, movie.imdb_id, without=movie.id)
        candidates = await read_eagerly(await build_index([movie]), offered)
        around = await self._deciding.survey.of(movie, Cause.PERSON, offered)
        return (await self._deciding.judge(candidates, around)).explanation

    async def decide_name(self, asked: DecideName, titles: TitleIndex) -> Explanation:
        """Say what would be decided about a release of a name.

        Args:
            asked: The name, and what else is said of the release.
            titles: The movies that are wanted.

        Raises:
            NotFound: There is no such movie.
            Refused: There is no such profile.
        """
        release = await self._offer(asked)
        parsed = await trio.to_thread.run_sync(read_name, asked.name, limiter=READERS)
        movie = await self._movie_named(asked, parsed, titles)
        (candidate,) = await read_eagerly(await build_index([movie]), [release])
        profile = await self._profile(asked.profile)
        around = await self._deciding.survey.of(movie, asked.cause, [release], profile=profile)
        return (await self._deciding.judge([candidate], around)).explanation

    async def grab(self, asked: GrabRelease) -> int:
        """Take a release that a person chose, and return the acquisition's number.

        Temporary rejections do not count, and permanent ones not by force. The decision is stored like any other.

        Raises:
            NotFound: There is no such release, or no such movie.
            Refused: Something is on its way for the movie, the release belongs to no movie, or it is rejected for good.
        """
        release, movie = await self._chosen(asked)
        (candidate,) = await read_eagerly(await build_index([movie]), [release])
        if asked.movie_id is not None and (asked.force or release.source is Source.PUSHED):
            # Whoever hands a torrent in says what it is, however it is called.
            candidate = replace(candidate, match=Match(movie.id, MatchedBy.TITLE))
        around = await self._deciding.survey.of(movie, Cause.PERSON, [release])
        _require_idle(around)
        judged = await self._deciding.judge([candidate], around)
        if not asked.force:
            _require_allowed(judged.decision.verdicts[0])
        (judged_candidate,) = judged.decision.candidates
        explanation = msgspec.structs.replace(judged.explanation, taken=release.id)
        taken = replace(
            judged,
            decision=replace(judged.decision, best=judged_candidate),
            explanation=explanation,
            document=msgspec.json.encode(explanation),
        )

        async def effect(conn: TrioConnection) -> int:
            await releases.lock(conn, [release.id])
            await releases.set_match(conn, release.id, movie.id, candidate.parsed.to_json())
            await releases.set_verdicts(conn, judged.decision.verdicts)
            await store(conn, taken, around)
            number = await take(conn, movie, judged_candidate, priority=Priority.PERSON_WAITS)
            if number is None:
                raise _on_its_way("Another release")
            return number

        return await committed(self._database, effect)

    async def _chosen(self, asked: GrabRelease) -> tuple[Release, Movie]:
        release = await releases.get(self._database, asked.release_id)
        if release is None:
            raise NotFound(f"There is no release {asked.release_id}.")
        movie_id = asked.movie_id or release.movie_id
        if movie_id is not None:
            return release, await self._movie(movie_id)
        return release, await self._movie_of(release)

    async def _movie_of(self, release: Release) -> Movie:
        """Return the movie of a release that was matched to none: nobody monitors it, or the release was handed in."""
        if release.source is Source.PUSHED:
            movie = await self._movie_called(release.title)
        elif release.imdb_id:
            movie = await movies.by_imdb_id(self._database, release.imdb_id)
        else:
            movie = None
        if movie is None:
            raise Refused(
                f"{release.title} was matched to no movie: say which one it is.",
                reason="movie_unknown",
            )
        return movie

    async def _movie_called(self, name: str) -> Movie | None:
        """Return the movie of the library that a name belongs to, monitored or not."""
        parsed = await trio.to_thread.run_sync(read_name, name, limiter=READERS)
        named = await near(
            self._database, year=parsed.year, tmdb_id=parsed.tmdb_id, imdb_id=parsed.imdb_id
        )
        index = await build_index(named)
        match await trio.to_thread.run_sync(index.match, parsed, limiter=READERS):
            case Match(movie_id=movie_id):
                return await self._movie(movie_id)
            case _:
                return None

    async def _movie(self, movie_id: int) -> Movie:
        movie = await movies.get(self._database, movie_id)
        if movie is None:
            raise NotFound(f"There is no movie {movie_id}.")
        return movie

    async def _movie_named(
        self, asked: DecideName, parsed: ParsedRelease, titles: TitleIndex
    ) -> Movie:
        if asked.movie_id is not None:
            return await self._movie(asked.movie_id)
        match titles.match(parsed):
            case Match(movie_id=movie_id):
                return await self._movie(movie_id)
            case _:
                return _made_up(parsed, asked, self._settings.current.decision.profile)

    async def _offer(self, asked: DecideName) -> Release:
        """Return the offer that is asked about, as its row would be if it were stored now."""
        offer = _offer_of(asked)
        if not offer.guid:
            return offer
        known = await releases.offered(self._database, offer.indexer, offer.guid)
        if known is None:
            return offer
        # As `releases.upsert` brings a row up to date.
        return replace(
            known,
            size=known.size if offer.size is None else offer.size,
            seeders=known.seeders if offer.seeders is None else offer.seeders,
            infohash=offer.infohash or known.infohash,
            flags=offer.flags,
        )

    async def _profile(self, name: str | None) -> QualityProfile | None:
        return None if name is None else await self._deciding.survey.profile(name)


def _offer_of(asked: DecideName) -> Release:
    return Release(
        source=Source.HDBITS if asked.indexer == Source.HDBITS else Source.RSS,
        indexer=asked.indexer,
        guid=asked.guid,
        title=asked.name,
        size=asked.size,
        seeders=asked.seeders,
        infohash=asked.infohash,
        published_at=asked.published_at,
        flags=asked.flags,
        id=NOBODYS,
    )


def _made_up(parsed: ParsedRelease, asked: DecideName, profile: str) -> Movie:
    """Return the movie that a name speaks of, as if it were wanted."""
    return Movie(
        id=NOBODYS,
        tmdb_id=NOBODYS,
        title=parsed.title or asked.name[:300],
        year=parsed.year,
        imdb_id=parsed.imdb_id,
        original_title=None,
        secondary_year=None,
        runtime_minutes=None,
        alternative_titles=(),
        monitored=True,
        root_folder=None,
        profile=profile,
        stage=Stage.WANTED,
        progress=0.0,
        stage_note="",
        added_at=datetime.now(UTC),
    )


def _require_idle(around: Surroundings) -> None:
    if around.acquiring is not None:
        raise _on_its_way(around.acquiring.title)


def _on_its_way(what: str) -> Refused:
    return Refused(
        f"{what} is on its way for this movie: wait until it is in the library, or remove its download first.",
        reason="already_acquiring",
    )


def _require_allowed(verdict: Verdict) -> None:
    permanent = [each for each in verdict.rejections if each.permanent]
    if permanent:
        said = " ".join(each.sentence for each in permanent)
        raise Refused(f"{said} Ask for it with force to take it all the same.", reason="rejected")
