"""`parse`: what a release name says, and which movie of the library it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import trio
from litestar import Response, get

from reeld.domain.language import Language
from reeld.domain.matching import Match, NoMatch, TitleIndex
from reeld.domain.parsing import ParsedRelease
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._liking import Liking, Named
from reeld.http.radarr_v3._names import READERS, read_names
from reeld.http.radarr_v3._quality import languages, quality_model
from reeld.http.radarr_v3._values import Json, present
from reeld.storage.repositories import titles
from reeld.storage.repositories.titles import MovieNames


def parse_routes(frame: Frame) -> Sequence[Any]:
    """Return the route that reads a name."""
    liking = Liking(frame)

    @get("/parse")
    async def parse(request: AnyRequest) -> Response[bytes]:
        title = Query.of(request).text("title").strip()
        if not title:
            return Response(b"", status_code=204)
        read = (await read_names([title]))[title]
        if read.is_unparseable:
            return answered({"title": title, "customFormatScore": 0})
        movie = await movie_of(frame, read)
        original = Language.by_number(movie["originalLanguage"]["id"]) if movie else None
        (liked,) = await liking.of([Named(title, read, movie)])
        return answered(
            present(
                title=title,
                parsedMovieInfo=_info(read, original),
                movie=movie,
                languages=languages(read.languages, original),
                **liked,
            )
        )

    return [parse]


async def movie_of(frame: Frame, read: ParsedRelease) -> Json | None:
    """Return the movie of the library that a name belongs to, monitored or not; None when it is none."""
    near = await titles.near(
        frame.database, year=read.year, tmdb_id=read.tmdb_id, imdb_id=read.imdb_id
    )
    match = await trio.to_thread.run_sync(_match, near, read, limiter=READERS)
    if not isinstance(match, Match):
        return None
    return (await frame.movie_documents([match.movie_id])).get(match.movie_id)


def _match(near: Sequence[MovieNames], read: ParsedRelease) -> Match | NoMatch:
    return TitleIndex(near).match(read)


def _info(read: ParsedRelease, original: Language | None) -> Json:
    return present(
        movieTitles=list(read.titles),
        originalTitle=read.title,
        releaseTitle=read.name,
        simpleReleaseTitle=read.name,
        quality=quality_model(read.quality, read.revision),
        languages=languages(read.languages, original),
        releaseGroup=read.group,
        releaseHash="",
        edition=" ".join(read.editions),
        year=read.year or 0,
        imdbId=read.imdb_id or "",
        tmdbId=read.tmdb_id or 0,
        hardcodedSubs="yes" if read.is_hardcoded else None,
        movieTitle=read.title,
        primaryMovieTitle=read.title,
    )
