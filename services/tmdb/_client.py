"""The client of TMDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, TypeVar

import httpx

from reeld.domain import pictures
from reeld.domain.errors import NotFound, ProtocolViolation, RateLimited, Refused
from reeld.domain.messages import DiscoverMovies
from reeld.domain.movie import MovieDetails, MovieHit
from reeld.domain.settings import TmdbSettings
from reeld.services.images import IMAGE_CAP, Image, NotAnImage, recognise
from reeld.services.limiter import Limiter
from reeld.services.tmdb._details import APPENDED, MovieReply, to_details
from reeld.services.tmdb._errors import LABEL, SERVICE, error_for
from reeld.services.tmdb._lists import (
    CollectionReply,
    ConfigurationReply,
    FindReply,
    FoundPage,
    ImageConfiguration,
    MovieCollection,
    SearchReply,
    movies_of,
)
from reeld.services.transport import (
    Answer,
    Call,
    Observer,
    Profile,
    Wire,
    origin_of,
    read_json,
    refuse_common,
    refuse_html,
)

T = TypeVar("T")

_PROFILE: Final = Profile(SERVICE, LABEL, connections=8)
_V3_KEY: Final = re.compile(r"[0-9a-f]{32}")
_IMAGE_SIZE: Final = re.compile(r"original|[wh]\d{1,4}")
_IMAGE_HOST: Final = "https://image.tmdb.org"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A movie as TMDB has it now."""

    details: MovieDetails
    etag: str | None
    raw: bytes = field(repr=False)
    """The body, to be stored beside the tag: `parse_movie` reads it again."""


@dataclass(frozen=True, slots=True)
class NotModified:
    """Nothing changed since the answer with the same tag."""

    etag: str


class TmdbClient:
    """Asks TMDB, at the pace of its limiter.

    Every method raises, beside what it names: `ServiceDown`, `RateLimited`, `CredentialsRejected`,
    `ProtocolViolation`, `LimiterWait`, and `Refused` when the question itself is wrong. Each ends within 30 seconds.

    Args:
        settings: Address, key and language.
        limiter: TMDB bears some 40 calls a second; 20 with a burst of 10 is polite.
        observer: Is told about every operation.
        transport: Takes the network's place in tests.
        today: Decides whether a movie is out.
    """

    def __init__(
        self,
        settings: TmdbSettings,
        limiter: Limiter,
        *,
        observer: Observer | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._settings = settings
        self._base = settings.url.rstrip("/").removesuffix("/3")
        self._limiter = limiter
        self._today = today
        self._wire = Wire(_PROFILE, observer=observer, transport=transport)

    @property
    def country(self) -> str:
        """The country of the configured language: `US` for `en-US`."""
        return self._settings.language.partition("-")[2].upper() or "US"

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()

    async def check(self) -> None:
        """Ask whether the key is right."""
        with self._wire.operation("check"):
            await self._read("/3/authentication", {}, dict[str, object])

    async def search(self, query: str, *, year: int | None = None, page: int = 1) -> FoundPage:
        """Return movies with such a title; `year` is that of the first release, `page` from 1 to 500."""
        with self._wire.operation("search"):
            params: dict[str, str | int] = {
                "query": query,
                "include_adult": "false",
                "language": self._settings.language,
                "page": page,
            }
            if year is not None:
                params["primary_release_year"] = year
            reply = await self._read("/3/search/movie", params, SearchReply)
            return FoundPage(movies_of(reply.results), reply.page, min(reply.total_pages, 500))

    async def discover(self, asked: DiscoverMovies) -> FoundPage:
        """Return a page of movies by what they are like."""
        with self._wire.operation("discover"):
            params: dict[str, str | int] = {
                "include_adult": "false",
                "language": self._settings.language,
                "sort_by": asked.sort,
                "page": asked.page,
            }
            for name, value in (
                ("with_genres", ",".join(map(str, asked.genres)) or None),
                ("primary_release_year", asked.year),
                ("vote_average.gte", asked.minimum_rating),
                ("vote_count.gte", asked.minimum_votes),
                ("with_original_language", asked.language),
            ):
                if value is not None:
                    params[name] = str(value)
            reply = await self._read("/3/discover/movie", params, SearchReply)
            return FoundPage(movies_of(reply.results), reply.page, min(reply.total_pages, 500))

    async def movie(self, tmdb_id: int, *, etag: str | None = None) -> Fetched | NotModified:
        """Return a movie with release dates, external ids, titles and collection.

        Args:
            tmdb_id: TMDB's number.
            etag: The tag of the answer that is stored; when nothing changed, `NotModified` comes back.

        Raises:
            NotFound: TMDB deleted or merged the movie: keep the row, mark it.
        """
        with self._wire.operation("movie"):
            params = {"language": self._settings.language, "append_to_response": APPENDED}
            try:
                answer = await self._get(
                    f"/3/movie/{tmdb_id:d}", params, template="/3/movie/{movie_id}", etag=etag
                )
            except NotFound:
                await self._require_tmdb()
                raise
            if answer.status == 304 and etag is not None:
                return NotModified(etag)
            reply = await read_json(answer, MovieReply, service=SERVICE, label=LABEL)
            details = to_details(reply, country=self.country, today=self._today())
            return Fetched(details, answer.headers.get("etag"), answer.body)

    async def find_by_imdb(self, imdb_id: str) -> tuple[MovieHit, ...]:
        """Return the movies with an IMDb number: none when it is unknown, rarely two after a merge."""
        with self._wire.operation("find"):
            if not re.fullmatch(r"tt\d{7,10}", imdb_id):
                raise Refused("An IMDb number is tt and seven digits or more.", reason="imdb_id")
            params = {"external_source": "imdb_id", "language": self._settings.language}
            reply = await self._read(
                f"/3/find/{imdb_id}", params, FindReply, template="/3/find/{external_id}"
            )
            return movies_of(reply.movie_results)

    async def collection(self, tmdb_id: int) -> MovieCollection:
        """Return a collection and its movies.

        Raises:
            NotFound: TMDB does not know it.
        """
        with self._wire.operation("collection"):
            params = {"language": self._settings.language}
            reply = await self._read(
                f"/3/collection/{tmdb_id:d}",
                params,
                CollectionReply,
                template="/3/collection/{collection_id}",
            )
            return MovieCollection(
                reply.id,
                reply.name,
                reply.overview or "",
                reply.poster_path or None,
                movies_of(reply.parts),
            )

    async def configuration(self) -> ImageConfiguration:
        """Return where images lie and in which sizes."""
        with self._wire.operation("configuration"):
            images = (await self._read("/3/configuration", {}, ConfigurationReply)).images
            base = images.secure_base_url
            if origin_of(base) not in {_IMAGE_HOST, origin_of(self._base)}:
                raise ProtocolViolation(
                    f"{LABEL} names {origin_of(base)} as the place of its images, which reeld does"
                    " not trust. Check tmdb.url.",
                    service=SERVICE,
                    reason="untrusted_image_host",
                )
            return ImageConfiguration(
                base, tuple(images.poster_sizes), tuple(images.backdrop_sizes)
            )

    async def image(self, path: str, size: str, configuration: ImageConfiguration) -> Image:
        """Return an image, re-typed by its bytes. The key is not sent.

        Args:
            path: Such as `/abc.jpg`, from a movie's details.
            size: One of the configuration's, such as `w342`.
            configuration: Where images lie.

        Raises:
            NotFound: There is no such image any more.
            NotAnImage: It is none, an SVG, or larger than 10 MiB.
        """
        with self._wire.operation("image"):
            if not (pictures.PATH.fullmatch(path) and _IMAGE_SIZE.fullmatch(size)):
                raise NotAnImage("The image has a name or a size that reeld does not fetch.")
            url = f"{configuration.base_url.rstrip('/')}/{size}{path}"
            call = Call(
                "GET",
                url,
                follow_redirects=True,
                body_cap=IMAGE_CAP,
                template="/{size}/{file}",
            )
            answer = await self._wire.send(call)
            if answer.status == 404:
                raise NotFound(f"{LABEL} does not have this image any more. Refresh the movie.")
            refuse_common(answer, service=SERVICE, label=LABEL)
            refuse_html(answer, service=SERVICE, label=LABEL, due="an image")
            return recognise(answer.body)

    async def _require_tmdb(self) -> None:
        """Make sure that what is not there is not missing because nothing is, below a wrong address.

        TMDB says of an address that it does not have the same as of a movie.
        """
        try:
            await self._read("/3/authentication", {}, dict[str, object])
        except NotFound:
            raise ProtocolViolation(
                f"{LABEL}: {origin_of(self._base)} answers, but has nothing below this address. Check tmdb.url.",
                service=SERVICE,
                reason="unexpected_status",
            ) from None

    async def _read(
        self,
        path: str,
        params: Mapping[str, str | int],
        kind: type[T],
        *,
        template: str | None = None,
    ) -> T:
        answer = await self._get(path, params, template=template)
        return await read_json(answer, kind, service=SERVICE, label=LABEL)

    async def _get(
        self,
        path: str,
        params: Mapping[str, str | int],
        *,
        template: str | None = None,
        etag: str | None = None,
    ) -> Answer:
        headers = {"Accept": "application/json"}
        query: dict[str, str | int] = dict(params)
        key = self._settings.token.reveal()
        if _V3_KEY.fullmatch(key):
            query["api_key"] = key
        else:
            headers["Authorization"] = f"Bearer {key}"
        if etag is not None:
            headers["If-None-Match"] = etag
        await self._limiter.turn()
        call = Call(
            "GET",
            self._base + path,
            params=query,
            headers=headers,
            follow_redirects=True,
            template=template or path,
        )
        return await self._accepted(await self._wire.send(call))

    async def _accepted(self, answer: Answer) -> Answer:
        if answer.is_success or answer.status == 304:
            return answer
        if answer.is_redirect:
            refuse_common(answer, service=SERVICE, label=LABEL)
        error = error_for(answer)
        if isinstance(error, RateLimited) and error.retry_after is not None:
            await self._limiter.hold_off(error.retry_after)
        raise error
