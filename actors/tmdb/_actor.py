"""TmdbActor: finds movies, keeps their facts fresh, and fetches their pictures."""

from __future__ import annotations

import re
from typing import ClassVar, Final

import structlog

from reeld.actors.kernel import handles
from reeld.actors.resources import Resources
from reeld.actors.service import ServiceActor, mark_of
from reeld.actors.tmdb._asking import ask
from reeld.actors.tmdb._facts import FRESH_SECONDS, Facts
from reeld.actors.tmdb._folder import PictureFolder
from reeld.actors.tmdb._originals import Originals
from reeld.actors.tmdb._pictures import Pictures
from reeld.actors.worker import Effect, works
from reeld.domain.edits import MovieEdit
from reeld.domain.errors import (
    DatabaseUnavailable,
    DeadlineExceeded,
    NotFound,
    ReeldError,
    ServiceError,
    Unavailable,
)
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.messages import (
    AddedMovie,
    AddMovie,
    DiscoverMovies,
    FetchImage,
    FindMovie,
    Image,
    LookupMovie,
    MovieHits,
    SearchMovies,
)
from reeld.domain.movie import Movie, MovieDetails, MovieHit, NewMovie
from reeld.domain.pictures import Fit, ImageKind
from reeld.domain.settings import TmdbSettings
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest, searches_of
from reeld.services.limiter import Limiter, Pace
from reeld.services.tmdb import TmdbClient
from reeld.storage import TrioConnection
from reeld.storage.events import append
from reeld.storage.repositories import cache, edits, history, metadata, movies, profiles
from reeld.storage.work import Job, submit
from reeld.telemetry import tracing

log = structlog.get_logger("reeld.actors.tmdb")

ADD_PATIENCE_SECONDS: Final = 8.0
"""A person waits: past this a movie whose title is known is added without TMDB's facts, which come later."""
POSTER: Final = Fit(width=500)
BACKDROP: Final = Fit(width=1280)
"""What a refresh makes ready: the largest that lists of movies show."""
BURST: Final = 10
STALE_AT_ONCE: Final = 200
_IMDB_NUMBER: Final = re.compile(r"tt\d{7,10}", re.ASCII)


class TmdbActor(ServiceActor[TmdbSettings, TmdbClient]):
    """Answers questions about movies, from the cache where it is fresh, and works on queue `tmdb`."""

    name = "tmdb"
    queue = Queue.TMDB
    concurrency: ClassVar[int] = 8
    handler_deadline: ClassVar[float] = 60.0
    slots = 4

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._database = resources.database.labelled("metadata")
        self._facts = Facts(self._database, self.call, self.require_settings)
        folder = PictureFolder(
            resources.settings.current.data_dir / "images",
            lambda: self.require_settings().image_cache_bytes,
            resources.metrics,
        )
        originals = Originals(self._database, self.call, folder, self.require_settings)
        self._pictures = Pictures(folder, originals, resources.metrics)

    def read_settings(self) -> TmdbSettings | None:
        """Return TMDB's settings in force."""
        return self.resources.settings.current.tmdb

    def mark(self, settings: TmdbSettings) -> str:
        """Return a mark of address and key."""
        return mark_of(settings.url, settings.token)

    def make_client(self, settings: TmdbSettings) -> TmdbClient:
        """Make a client that keeps below TMDB's ceiling."""
        pace = Pace(per_second=settings.requests_per_second, burst=BURST)
        limiter = Limiter("tmdb", pace, on_wait=self.observer.waited)
        self.resources.limits.adopt(limiter)
        return TmdbClient(settings, limiter, observer=self.observer)

    # Questions

    @handles(SearchMovies)
    async def search(self, message: SearchMovies) -> MovieHits:
        """Search by title, or find by IMDb number."""
        query = message.query.strip()
        async with self.call() as client:
            if _IMDB_NUMBER.fullmatch(query):
                return MovieHits(await ask(lambda: client.find_by_imdb(query)), 1, 1)
            found = await ask(lambda: client.search(query, year=message.year, page=message.page))
        return MovieHits(found.movies, found.page, found.total_pages)

    @handles(DiscoverMovies)
    async def discover(self, message: DiscoverMovies) -> MovieHits:
        """List movies by what they are like."""
        async with self.call() as client:
            found = await ask(lambda: client.discover(message))
        return MovieHits(found.movies, found.page, found.total_pages)

    @handles(FindMovie)
    async def find(self, message: FindMovie) -> MovieHit:
        """Find by IMDb number."""
        async with self.call() as client:
            found = await ask(lambda: client.find_by_imdb(message.imdb_id))
        if not found:
            raise NotFound(f"TMDB knows no movie with the IMDb number {message.imdb_id}.")
        return found[0]

    @handles(LookupMovie)
    async def lookup(self, message: LookupMovie) -> MovieDetails:
        """Read one movie."""
        return await self._facts.of(message.tmdb_id)

    @handles(FetchImage)
    async def image(self, message: FetchImage) -> Image:
        """Return a picture, as it is kept or made anew."""
        picture = await self._pictures.fetch(message)
        return Image(picture.type.media_type, picture.data)

    @handles(AddMovie)
    async def add(self, message: AddMovie) -> AddedMovie:
        """Want a movie: with TMDB's facts, or with what the message says while TMDB cannot be asked."""
        profile = message.profile or self.resources.settings.current.decision.profile
        await profiles.by_name(self._database, profile)
        there = await movies.by_tmdb_id(self._database, message.tmdb_id)
        if there is not None:
            return AddedMovie(there, is_new=False)
        details = await self._facts_if_possible(message)
        async with self._database.transaction() as conn:
            movie, is_new = await movies.add(conn, _new_movie(message, details, profile))
            tracing.note_workflow(movie.id)
            if is_new:
                if details is not None:
                    await metadata.refresh(conn, movie.id, details)
                await history.append(conn, movie.id, HistoryKind.ADDED, data={"title": movie.title})
                payload = {"movie_id": movie.id, "search": message.search}
                await append(conn, EventKind.MOVIE_ADDED, movie.id, payload)
                default_root = str(self.resources.settings.current.library.root_folder)
                await edits.edit(conn, [movie.id], _wishes(message), default_root=default_root)
                movie = await movies.get(conn, movie.id) or movie
        return AddedMovie(movie, is_new)

    # Work

    @works(WorkKind.REFRESH_MOVIE)
    async def refresh(self, job: Job) -> Effect | None:
        """Bring a movie's facts up to date, and fetch the originals of its poster and backdrop into the cache."""
        movie = await movies.get(self._database, int(job.args["movie_id"]))
        if movie is None:
            return None
        try:
            details = await self._facts.of(movie.tmdb_id)
        except NotFound:
            return _deleted(movie)
        for kind, path, fit in (
            (ImageKind.POSTER, details.poster_path, POSTER),
            (ImageKind.BACKDROP, details.backdrop_path, BACKDROP),
        ):
            if path:
                await self._warm(kind, path, fit)
        return _refreshed(movie, details)

    @works(WorkKind.REFRESH_STALE)
    async def refresh_stale(self, _job: Job) -> Effect | None:
        """Ask for a refresh of the movies whose facts are oldest."""
        stale = await metadata.stale(self._database, seconds=FRESH_SECONDS, limit=STALE_AT_ONCE)

        async def effect(conn: TrioConnection) -> None:
            await submit(conn, *(_refresh(movie_id) for movie_id in stale))
            await cache.evict(conn)

        return effect

    async def _facts_if_possible(self, message: AddMovie) -> MovieDetails | None:
        if message.title is None:
            return await self._facts.of(message.tmdb_id)
        try:
            return await self._facts.of(message.tmdb_id, patience=ADD_PATIENCE_SECONDS)
        except (Unavailable, ServiceError, DeadlineExceeded) as error:
            if isinstance(error, DatabaseUnavailable):
                raise
            log.info("added_without_tmdb", tmdb_id=message.tmdb_id, reason=error.reason)
            return None

    async def _warm(self, kind: ImageKind, path: str, fit: Fit) -> None:
        try:
            await self._pictures.warm(kind, path, fit)
        except ReeldError as error:
            # A picture is not worth failing a refresh for; it is fetched when somebody looks.
            log.info("picture_not_fetched", kind=kind, reason=error.reason)


def _refreshed(movie: Movie, details: MovieDetails) -> Effect:
    became_searchable = movie.imdb_id is None and details.imdb_id is not None
    is_called_otherwise = (details.title, details.year) != (movie.title, movie.year) or not set(
        details.alternative_titles
    ) <= set(movie.alternative_titles)

    async def effect(conn: TrioConnection) -> None:
        await metadata.refresh(conn, movie.id, details)
        await append(conn, EventKind.MOVIE_REFRESHED, movie.id, {"movie_id": movie.id})
        if became_searchable:
            await submit(conn, *searches_of(movie.id))
        if is_called_otherwise:
            await submit(conn, _match(movie.id))

    return effect


def _deleted(movie: Movie) -> Effect:
    """Keep a movie that TMDB does not know any more, and say so: its file is its owner's."""

    async def effect(conn: TrioConnection) -> None:
        await metadata.mark_deleted(conn, movie.id)
        await append(conn, EventKind.MOVIE_REFRESHED, movie.id, {"movie_id": movie.id})

    log.warning("movie_deleted_at_tmdb", movie_id=movie.id, tmdb_id=movie.tmdb_id)
    return effect


def _new_movie(message: AddMovie, details: MovieDetails | None, profile: str) -> NewMovie:
    if details is None:
        return NewMovie(
            tmdb_id=message.tmdb_id,
            title=message.title or "",
            year=message.year,
            monitored=message.monitored,
            profile=profile,
        )
    return NewMovie(
        tmdb_id=message.tmdb_id,
        title=details.title,
        year=details.year,
        monitored=message.monitored,
        profile=profile,
    )


def _wishes(message: AddMovie) -> MovieEdit:
    return MovieEdit(
        minimum_availability=message.minimum_availability,
        root_folder=message.root_folder,
        tags=message.tags or None,
    )


def _match(movie_id: int) -> WorkRequest:
    return WorkRequest(
        Queue.DECISION, WorkKind.MATCH_MOVIE, {"movie_id": movie_id}, f"movie:{movie_id}"
    )


def _refresh(movie_id: int) -> WorkRequest:
    return WorkRequest(
        Queue.TMDB,
        WorkKind.REFRESH_MOVIE,
        {"movie_id": movie_id},
        f"movie:{movie_id}",
        Priority.BACKGROUND,
    )
