"""`movie` and `moviefile`: reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from reeld.domain.language import Language
from reeld.domain.library import MovieFile
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._movie import file_resource, movie_resource
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import library, shelf


def movie_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that read movies."""

    @get("/movie")
    async def list_movies(request: AnyRequest) -> Response[bytes]:
        tmdb_id = Query.of(request).integer("tmdbId")
        if tmdb_id is None:
            document = await frame.movies.document(await frame.shelf())
            return Response(document, media_type="application/json")
        number = await shelf.number_of_tmdb(frame.database, tmdb_id)
        found = {} if number is None else await frame.movie_texts([number])
        return answered(list(found.values()))

    @get("/movie/{movie_id:int}")
    async def get_movie(movie_id: FromPath[int]) -> Response[bytes]:
        found = await frame.movie_texts([movie_id])
        if movie_id not in found:
            raise Missing
        return answered(found[movie_id])

    @get("/alttitle")
    async def list_titles(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        movie_id = query.integer("movieId") or query.integer("movieMetadataId")
        if movie_id is None:
            raise invalid("movieId", "'movieId' must not be empty.")
        movie = await frame.movie(movie_id)
        return answered(movie_resource(movie, await frame.shelf())["alternateTitles"])

    @get("/movie/{movie_id:int}/folder")
    async def get_folder(movie_id: FromPath[int]) -> Response[bytes]:
        movie = await frame.movie(movie_id)
        return answered({"folder": (await frame.shelf()).folder_of(movie)})

    return [list_movies, get_movie, list_titles, get_folder]


def file_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that read files of movies."""

    @get("/moviefile")
    async def list_files(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        numbers, files = query.integers("movieId"), query.integers("movieFileIds")
        if not numbers and not files:
            raise invalid("movieId", "movieId or movieFileIds must be provided")
        found = [each for one in files if (each := await library.get(frame.database, one))]
        by_movie = await library.of_movies(frame.database, numbers)
        found += [file for number in numbers for file in by_movie.get(number, [])]
        return answered([await file_document(frame, file) for file in found])

    @get("/moviefile/{file_id:int}")
    async def get_file(file_id: FromPath[int]) -> Response[bytes]:
        file = await library.get(frame.database, file_id)
        if file is None:
            raise Missing
        return answered(await file_document(frame, file))

    return [list_files, get_file]


async def file_document(frame: Frame, file: MovieFile) -> Json:
    """Write a file of the library."""
    movie = await frame.movie(file.movie_id)
    original = Language.by_code(movie.details.original_language)
    return file_resource(file, original, (await frame.profiles()).get(movie.profile_id))
