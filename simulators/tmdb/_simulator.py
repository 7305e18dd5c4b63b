"""TMDB's API v3 as an ASGI app."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import trio

from reeld.simulators.catalogue import FILMS, GENRES, Film
from reeld.simulators.faults import Knobs
from reeld.simulators.pictures import png
from reeld.simulators.simulator import Answer, Request, Simulator, json_answer
from reeld.simulators.tmdb import _documents
from reeld.simulators.tmdb._errors import error
from reeld.simulators.tmdb._knobs import TmdbKnobs

_MAX_PAGE = 500
_MAX_APPENDED = 20
_IMAGE = re.compile(r"^/t/p/(w\d+|h\d+|original)/(poster|backdrop|logo)(\d+)\.(png|svg)$")
_MOVIE = re.compile(r"^/3/movie/(\d+)(?:/([a-z_/]+))?$")
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="500" height="200"/>'
_LISTS = frozenset({"popular", "top_rated", "now_playing", "upcoming"})


class TmdbSimulator(Simulator):
    """TMDB, knowing a handful of movies.

    Args:
        films: The movies it knows.
        token: The v4 read access token, taken as a bearer token.
        api_key: The v3 key, taken as the parameter `api_key`.
    """

    name: ClassVar[str] = "tmdb"
    knobs_type: ClassVar[type[Knobs]] = TmdbKnobs
    knobs: TmdbKnobs

    def __init__(
        self,
        films: Sequence[Film] = FILMS,
        *,
        token: str = "tmdb-read-access-token",  # noqa: S107 - a simulator's
        api_key: str = "0123456789abcdef0123456789abcdef",
    ) -> None:
        super().__init__()
        self.films = {film.tmdb_id: film for film in films}
        self.token = token
        self.api_key = api_key
        self.not_modified = 0
        """How many requests were answered 304."""
        self.pictures: dict[str, bytes] = {}
        """What is sent in place of a drawn picture, by the name of its file, such as `broken.jpg`."""
        self._recent: deque[float] = deque()

    def state(self) -> dict[str, Any]:
        """What `GET /_knobs` shows."""
        return {"not_modified": self.not_modified, "movies": list(self.films)}

    async def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path.startswith("/t/p/") and (
            given := self.pictures.get(request.path.rpartition("/")[2])
        ):
            return Answer(200, given, "image/jpeg")
        image = _IMAGE.match(request.path)
        answer = await self._image(image) if image else self._api(request)
        return self._tear(self._if_changed(request, answer))

    def _api(self, request: Request) -> Answer:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        movie = _MOVIE.match(request.path)
        if movie is not None:
            return self._movie(request, int(movie[1]), movie[2])
        match request.path.removeprefix("/3/").split("/"):
            case ["authentication"]:
                return json_answer(
                    {"success": True, "status_code": 1, "status_message": "Success."}
                )
            case ["configuration"]:
                return json_answer(_documents.configuration(request.base_url))
            case ["search", "movie"]:
                return self._search(request)
            case ["find", external_id]:
                return self._find(request, external_id)
            case ["collection", number]:
                return self._collection(number)
            case ["discover", "movie"] | ["trending", "movie", "day" | "week"]:
                return self._list(request, list(self.films.values()))
            case ["movie", name] if name in _LISTS:
                return self._list(request, list(self.films.values()))
            case ["genre", "movie", "list"]:
                listed = [{"id": genre.id, "name": genre.name} for genre in GENRES]
                return json_answer({"genres": listed})
            case _:
                return error(34)

    def _refusal(self, request: Request) -> Answer | None:
        knobs = self.knobs
        if request.method not in {"GET", "HEAD"}:
            return error(42)
        if not self._authorised(request):
            return error(7)
        if self._over_limit():
            return error(25, knobs.retry_after)
        if knobs.take("error_next"):
            return error(knobs.error_code, knobs.retry_after)
        return None

    def _authorised(self, request: Request) -> bool:
        bearer = request.headers.get("authorization", "") == f"Bearer {self.token}"
        return bearer or request.query.get("api_key") == self.api_key

    def _over_limit(self) -> bool:
        limit, now = self.knobs.requests_per_second, trio.current_time()
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        self._recent.append(now)
        return bool(limit) and len(self._recent) > limit

    def _movie(self, request: Request, tmdb_id: int, part: str | None) -> Answer:
        film = self.films.get(tmdb_id)
        if film is None or tmdb_id in self.knobs.deleted:
            return error(34)
        if part is not None:
            document = _documents.part(film, part, self.knobs)
            return error(34) if document is None else json_answer({"id": tmdb_id, **document})
        names = [name for name in request.query.get("append_to_response", "").split(",") if name]
        if len(names) > _MAX_APPENDED:
            return error(27)
        appended = {name: _documents.part(film, name, self.knobs) for name in names}
        # A name that TMDB does not know is left out, not refused.
        known = {name: document for name, document in appended.items() if document is not None}
        return json_answer({**_documents.details(film, self.knobs), **known})

    def _search(self, request: Request) -> Answer:
        query = request.query.get("query", "").strip().casefold()
        if not query:
            return error(5)
        found = [film for film in self.films.values() if _matches(film, query)]
        year = request.query.get("primary_release_year") or request.query.get("year")
        if year:
            found = [film for film in found if str(film.year) == year]
        return self._list(request, found)

    def _list(self, request: Request, films: list[Film]) -> Answer:
        page = request.query.get("page", "1")
        if not page.isdigit() or not 1 <= int(page) <= _MAX_PAGE:
            return error(22)
        size = self.knobs.page_size
        start = (int(page) - 1) * size
        if self.knobs.repeat_across_pages and start:
            start -= 1
        shown = [_documents.result(film, self.knobs) for film in films[start : start + size]]
        pages = self.knobs.claimed_pages or max(1, -(-len(films) // size))
        counts = {"total_pages": pages, "total_results": len(films)}
        return json_answer({"page": int(page), "results": shown, **counts})

    def _find(self, request: Request, external_id: str) -> Answer:
        choose = _EXTERNAL.get(request.query.get("external_source", ""))
        if choose is None:
            return error(5)
        found = [film for film in self.films.values() if choose(film) == external_id]
        if self.knobs.find_nothing:
            found = []
        rows = [{**_documents.result(film, self.knobs), "media_type": "movie"} for film in found]
        if self.knobs.find_twice and rows:
            rows.append({**rows[0], "id": rows[0]["id"] + 1_000_000})
        empty: dict[str, list[object]] = {
            f"{kind}_results": [] for kind in ("person", "tv", "tv_episode", "tv_season")
        }
        return json_answer({"movie_results": rows, **empty})

    def _collection(self, number: str) -> Answer:
        parts = [
            film
            for film in self.films.values()
            if film.collection is not None and str(film.collection.id) == number
        ]
        if not parts or parts[0].collection is None:
            return error(34)
        return json_answer(_documents.collection(parts[0].collection, parts, self.knobs))

    async def _image(self, image: re.Match[str]) -> Answer:
        size, kind, number, ending = image.groups()
        if int(number) not in self.films:
            return Answer(404, b"<h1>File not Found</h1>", "text/html")
        if ending == "svg":
            return Answer(200, _SVG, "image/svg+xml")
        widest = 1000 if kind == "poster" else 1280
        width = int(size[1:]) if size[0] == "w" else widest
        height = width * 3 // 2 if kind == "poster" else width * 9 // 16
        picture = await trio.to_thread.run_sync(_picture, width, height, int(number))
        return Answer(200, picture, "image/png")

    def _if_changed(self, request: Request, answer: Answer) -> Answer:
        if answer.status != 200 or not isinstance(answer.body, bytes):
            return answer
        digest = hashlib.sha256(answer.body).hexdigest()[:32]
        tag = f'W/"{self.knobs.edition}-{digest}"'
        headers = (*answer.headers, ("etag", tag), ("cache-control", "public, max-age=28800"))
        if request.headers.get("if-none-match") == tag:
            self.not_modified += 1
            return Answer(304, headers=headers)
        return Answer(200, answer.body, answer.content_type, headers)

    def _tear(self, answer: Answer) -> Answer:
        if not isinstance(answer.body, bytes) or not self.knobs.take("torn_gzip_next"):
            return answer
        packed = gzip.compress(answer.body)
        headers = (*answer.headers, ("content-encoding", "gzip"))
        return Answer(answer.status, packed[: len(packed) // 2], answer.content_type, headers)


_picture = lru_cache(maxsize=64)(png)
_EXTERNAL: dict[str, Callable[[Film], str]] = {
    "imdb_id": lambda film: film.imdb_id,
    "wikidata_id": lambda film: film.wikidata_id,
}


def _matches(film: Film, query: str) -> bool:
    titles = [film.title, film.original_title, *(title for _, title in film.alternative_titles)]
    return any(query in title.casefold() for title in titles)
