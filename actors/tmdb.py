"""TmdbActor: finds movies, keeps their facts fresh, and fetches their pictures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Final

import structlog

from reeld.actors.kernel import handles
from reeld.actors.resources import Resources
from reeld.actors.service import ServiceActor, mark_of
from reeld.actors.worker import Effect, works
from reeld.domain.errors import NotFound, ReeldError, ServiceError, Unavailable
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.messages import (
    AddedMovie,
    AddMovie,
    FetchImage,
    FindMovie,
    Image,
    ImageKind,
    LookupMovie,
    SearchMovies,
)
from reeld.domain.movie import MovieDetails, MovieHit, NewMovie
from reeld.domain.profile import profile_named
from reeld.domain.settings import TmdbSettings
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest
from reeld.services.images import ImageCache
from reeld.services.limiter import Limiter, Pace
from reeld.services.tmdb import ImageConfiguration, NotModified, TmdbClient, parse_movie
from reeld.storage import TrioConnection
from reeld.storage.events import append
from reeld.storage.repositories import cache, history, metadata, movies
from reeld.storage.work import Job, submit

log = structlog.get_logger("reeld.actors.tmdb")

FRESH_SECONDS: Final = 24 * 3600.0
"""How long TMDB's answer about a movie is used without asking again."""
CONFIGURATION_SECONDS: Final = 3 * 24 * 3600.0
"""TMDB asks to read its configuration every few days."""
BURST: Final = 10
STALE_AT_ONCE: Final = 200
_CONFIGURATION: Final = "tmdb:configuration"


class TmdbActor(ServiceActor[TmdbSettings, TmdbClient]):
    """Answers questions about movies, from the cache where it is fresh, and works on queue `tmdb`."""

    name = "tmdb"
    queue = Queue.TMDB
    concurrency: ClassVar[int] = 8
    slots = 4

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._database = resources.database.labelled("metadata")
        self._images: ImageCache | None = None

    def read_settings(self) -> TmdbSettings | None:
        """Return TMDB's settings in force."""
        return self.resources.settings.current.tmdb

    def mark(self, settings: TmdbSettings) -> str:
        """Return a mark of address and key."""
        return mark_of(settings.url, settings.token)

    def make_client(self, settings: TmdbSettings) -> TmdbClient:
        """Make a client that keeps below TMDB's ceiling."""
        pace = Pace(per_second=settings.requests_per_second, burst=BURST)
        return TmdbClient(settings, Limiter("tmdb", pace), observer=self.observer)

    # Questions

    @handles(SearchMovies)
    async def search(self, message: SearchMovies) -> tuple[MovieHit, ...]:
        """Search by title."""
        client = await self.client()
        async with self.breaker.call():
            return (await client.search(message.query, year=message.year)).movies

    @handles(FindMovie)
    async def find(self, message: FindMovie) -> MovieHit:
        """Find by IMDb number."""
        client = await self.client()
        async with self.breaker.call():
            found = await client.find_by_imdb(message.imdb_id)
        if not found:
            raise NotFound(f"TMDB knows no movie with the IMDb number {message.imdb_id}.")
        return found[0]

    @handles(LookupMovie)
    async def lookup(self, message: LookupMovie) -> MovieDetails:
        """Read one movie."""
        return await self._details(message.tmdb_id)

    @handles(FetchImage)
    async def image(self, message: FetchImage) -> Image:
        """Return a picture, from the cache or from TMDB."""
        images = await self._image_cache()
        key = f"{message.size}{message.path}"
        if (cached := await images.get(key)) is not None:
            return Image(cached.type.media_type, cached.data)
        client = await self.client()
        configuration = await self._image_configuration()
        async with self.breaker.call():
            image = await client.image(message.path, message.size, configuration)
        await images.put(key, image)
        return Image(image.type.media_type, image.data)

    @handles(AddMovie)
    async def add(self, message: AddMovie) -> AddedMovie:
        """Want a movie: with TMDB's facts, or with what the message says while TMDB cannot be asked."""
        profile_named(message.profile or self.resources.settings.current.decision.profile)
        details = await self._details_if_possible(message)
        new = _new_movie(message, details, self.resources.settings.current.decision.profile)
        async with self.resources.database.transaction() as conn:
            movie, is_new = await movies.add(conn, new)
            if is_new:
                if details is not None:
                    await metadata.refresh(conn, movie.id, details)
                await history.append(conn, movie.id, HistoryKind.ADDED, data={"title": movie.title})
                await append(conn, EventKind.MOVIE_ADDED, movie.id, {"movie_id": movie.id})
                movie = await movies.get(conn, movie.id) or movie
        return AddedMovie(movie, is_new)

    # Work

    @works(WorkKind.REFRESH_MOVIE)
    async def refresh(self, job: Job) -> Effect | None:
        """Bring a movie's facts up to date, and fetch its poster into the cache."""
        movie = await movies.get(self._database, int(job.args["movie_id"]))
        if movie is None:
            return None
        details = await self._details(movie.tmdb_id)
        if details.poster_path:
            await self._warm(details.poster_path)
        became_searchable = movie.imdb_id is None and details.imdb_id is not None

        async def effect(conn: TrioConnection) -> None:
            await metadata.refresh(conn, movie.id, details)
            await append(conn, EventKind.MOVIE_REFRESHED, movie.id, {"movie_id": movie.id})
            if became_searchable:
                await submit(conn, _search(movie.id))

        return effect

    @works(WorkKind.REFRESH_STALE)
    async def refresh_stale(self, _job: Job) -> Effect | None:
        """Ask for a refresh of the movies whose facts are oldest."""
        stale = await metadata.stale(self._database, seconds=FRESH_SECONDS, limit=STALE_AT_ONCE)

        async def effect(conn: TrioConnection) -> None:
            await submit(conn, *(_refresh(movie_id) for movie_id in stale))
            await cache.evict(conn)

        return effect

    async def _details_if_possible(self, message: AddMovie) -> MovieDetails | None:
        try:
            return await self._details(message.tmdb_id)
        except (Unavailable, ServiceError) as error:
            if message.title is None:
                raise
            log.info("added_without_tmdb", tmdb_id=message.tmdb_id, reason=error.reason)
            return None

    async def _details(self, tmdb_id: int) -> MovieDetails:
        client = await self.client()
        key = f"tmdb:movie:{tmdb_id}"
        today = datetime.now(UTC).date()
        stored = await cache.get(self._database, key)
        if stored is not None and stored.is_fresh and stored.body is not None:
            return parse_movie(stored.body, country=client.country, today=today)
        etag = stored.etag if stored is not None and stored.body is not None else None
        async with self.breaker.call():
            answer = await client.movie(tmdb_id, etag=etag)
        async with self._database.transaction() as conn:
            if isinstance(answer, NotModified):
                await cache.touch(conn, key, seconds=FRESH_SECONDS)
            else:
                await cache.put(conn, key, answer.raw, seconds=FRESH_SECONDS, etag=answer.etag)
        if isinstance(answer, NotModified):
            assert stored is not None
            assert stored.body is not None
            return parse_movie(stored.body, country=client.country, today=today)
        return answer.details

    async def _image_configuration(self) -> ImageConfiguration:
        stored = await cache.get(self._database, _CONFIGURATION)
        if stored is not None and stored.is_fresh and isinstance(stored.document, dict):
            return ImageConfiguration(
                stored.document["base_url"],
                tuple(stored.document["poster_sizes"]),
                tuple(stored.document["backdrop_sizes"]),
            )
        client = await self.client()
        async with self.breaker.call():
            read = await client.configuration()
        document = {
            "base_url": read.base_url,
            "poster_sizes": list(read.poster_sizes),
            "backdrop_sizes": list(read.backdrop_sizes),
        }
        async with self._database.transaction() as conn:
            await cache.put(conn, _CONFIGURATION, document, seconds=CONFIGURATION_SECONDS)
        return read

    async def _image_cache(self) -> ImageCache:
        if self._images is None:
            settings = self.resources.settings.current
            capacity = settings.tmdb.image_cache_bytes if settings.tmdb else 0
            images = ImageCache(settings.data_dir / "images", capacity)
            await images.open()
            self._images = images
        return self._images

    async def _warm(self, poster_path: str) -> None:
        try:
            await self.image(FetchImage(ImageKind.POSTER, poster_path))
        except ReeldError as error:
            # A picture is not worth failing a refresh for; it is fetched when somebody looks.
            log.info("poster_not_fetched", reason=error.reason)


def _new_movie(message: AddMovie, details: MovieDetails | None, profile: str) -> NewMovie:
    wanted = message.profile or profile
    if details is None:
        return NewMovie(
            tmdb_id=message.tmdb_id,
            title=message.title or "",
            year=message.year,
            monitored=message.monitored,
            profile=wanted,
        )
    return NewMovie(
        tmdb_id=message.tmdb_id,
        title=details.title,
        year=details.year,
        imdb_id=details.imdb_id,
        original_title=details.original_title,
        secondary_year=details.secondary_year,
        runtime_minutes=details.runtime_minutes,
        alternative_titles=details.alternative_titles,
        monitored=message.monitored,
        profile=wanted,
    )


def _search(movie_id: int) -> WorkRequest:
    return WorkRequest(
        Queue.HDBITS, WorkKind.SEARCH_MOVIE, {"movie_id": movie_id}, f"movie:{movie_id}"
    )


def _refresh(movie_id: int) -> WorkRequest:
    return WorkRequest(
        Queue.TMDB,
        WorkKind.REFRESH_MOVIE,
        {"movie_id": movie_id},
        f"movie:{movie_id}",
        Priority.BACKGROUND,
    )
