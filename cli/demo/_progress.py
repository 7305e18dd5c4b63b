"""How far each movie of the demo is, as the daemon's own API tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import trio

from reeld.domain.errors import ReeldError
from reeld.domain.movie import Stage
from reeld.simulators.catalogue import Film

ORDER: Final = (
    Stage.WANTED,
    Stage.SEARCHED,
    Stage.DECIDED,
    Stage.GRABBED,
    Stage.DOWNLOADING,
    Stage.IMPORTING,
    Stage.IN_LIBRARY,
)
POLL_SECONDS: Final = 0.2
CALL_SECONDS: Final = 30.0


class DemoFailed(ReeldError):
    """The demo did not get every movie into the library."""

    default_reason = "demo_failed"


@dataclass(slots=True)
class Journey:
    """One movie on its way.

    Attributes:
        id: Its number in the daemon; None until it was added.
        arrived_at: Seconds after it was added; None while it is on its way.
        source: Where its release came from; known once it was grabbed.
    """

    title: str
    year: int | None
    tmdb_id: int
    id: int | None = None
    stage: Stage = Stage.WANTED
    progress: float = 0.0
    note: str = ""
    source: str | None = None
    link: str | None = None
    path: str | None = None
    added_at: float = 0.0
    arrived_at: float | None = None

    def to_json(self) -> dict[str, object]:
        """Return the movie's part of the demo's document."""
        seconds = None if self.arrived_at is None else round(self.arrived_at, 2)
        return {
            "title": self.title,
            "year": self.year,
            "source": self.source,
            "link": self.link,
            "path": self.path,
            "seconds": seconds,
        }


@dataclass(slots=True)
class Tour:
    """All movies of the demo, followed through the API."""

    api: httpx.AsyncClient
    journeys: list[Journey]

    @classmethod
    def of(cls, api: httpx.AsyncClient, films: Sequence[Film]) -> Tour:
        """Return a tour over some films, none of which is wanted yet."""
        return cls(
            api,
            [Journey(film.title, film.released.year, film.tmdb_id) for film in films],
        )

    @property
    def under_way(self) -> list[Journey]:
        """The movies that are not in the library yet."""
        return [each for each in self.journeys if each.arrived_at is None]

    async def want_all(self) -> None:
        """Want every movie."""
        for journey in self.journeys:
            answer = await self.api.post("/api/movies", json={"tmdb_id": journey.tmdb_id})
            _require(answer)
            journey.id = int(answer.json()["id"])
            journey.added_at = trio.current_time()

    async def look(self) -> None:
        """Look how far every movie is."""
        answer = await self.api.get("/api/movies", params={"limit": 1000})
        _require(answer)
        found = {movie["id"]: movie for movie in answer.json()["movies"]}
        for journey in self.journeys:
            if journey.id in found and journey.arrived_at is None:
                await self._follow(journey, found[journey.id])

    async def _follow(self, journey: Journey, movie: Any) -> None:
        journey.stage = Stage(movie["stage"])
        journey.progress = float(movie["progress"])
        journey.note = str(movie["stage_note"])
        past_grab = ORDER.index(Stage.GRABBED)
        if journey.source is None and _place(journey.stage) >= past_grab:
            journey.source = await self._source_of(journey)
        if journey.stage is Stage.IN_LIBRARY and movie["files"]:
            file = movie["files"][0]
            # The daemon's word is not enough: the demo is there to be believed.
            if await trio.Path(file["path"]).is_file():
                journey.link, journey.path = file["link"], file["path"]
                journey.arrived_at = trio.current_time() - journey.added_at

    async def _source_of(self, journey: Journey) -> str | None:
        answer = await self.api.get(
            "/api/history", params={"movie_id": journey.id, "kind": "grabbed", "limit": 1}
        )
        _require(answer)
        entries = answer.json()["entries"]
        if not entries:
            return None
        return "hdbits" if entries[0]["data"].get("indexer") == "hdbits" else "rss"

    async def to_json(self) -> dict[str, object]:
        """Return the daemon's part of the demo's document: the counts are the supervisors' own."""
        answer = await self.api.get("/control/actors")
        _require(answer)
        tree = answer.json()
        return {
            "movies": [journey.to_json() for journey in self.journeys],
            "restarts": tree["restarts"],
            "restarts_by_actor": dict(_restarts(tree)),
            "dead_letters": tree["dead_letters"],
        }


def _restarts(node: Any) -> Iterator[tuple[str, int]]:
    for child in node["children"]:
        if not child["children"] and child["restarts"]:
            yield child["name"], child["restarts"]
        yield from _restarts(child)


def _place(stage: Stage) -> int:
    return ORDER.index(stage) if stage in ORDER else -1


def _require(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise DemoFailed(f"The daemon answered {answer.status_code}: {answer.text[:300]}")
