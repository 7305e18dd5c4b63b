"""What is listed can be read alone by its number, as the list shows it; what is not there is a problem that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trio

from reeld.domain.history import HistoryKind
from reeld.domain.movie import Collection, MovieDetails, NewMovie
from reeld.domain.work import WorkKind, WorkRequest
from reeld.storage import Database
from reeld.storage.repositories import history, metadata, movies
from reeld.storage.work import submit

ROUTES = {
    "/api/collections": ("collections", "tmdb_id"),
    "/api/delayprofiles": (None, "id"),
    "/api/downloads": (None, "id"),
    "/api/exclusions": ("exclusions", "id"),
    "/api/history": ("entries", "id"),
    "/api/releaseprofiles": (None, "id"),
    "/api/rootfolders": (None, "id"),
    "/api/tags": (None, "id"),
    "/api/work": (None, "id"),
}
"""Under which name the list stands in the answer, and what numbers its entries."""


async def fill(http: Any, database: Database, folder: Path) -> None:
    """Have two of everything but downloads."""
    for number in (1, 2):
        root = folder / f"films {number}"
        root.mkdir()
        tag = (await http.post("/api/tags", json={"label": f"tag {number}"})).json()["id"]
        for path, body in (
            ("/api/delayprofiles", {"tags": [tag], "torrent_delay_minutes": number}),
            ("/api/exclusions", {"tmdb_id": number, "title": f"Movie {number}"}),
            ("/api/releaseprofiles", {"name": f"profile {number}", "ignored": ["cam"]}),
            ("/api/rootfolders", {"path": str(root)}),
        ):
            answer = await http.post(path, json=body)
            assert answer.is_success, answer.text
        async with database.transaction() as conn:
            movie, _ = await movies.add(conn, NewMovie(number, f"Movie {number}", 2000))
            of = Collection(100 + number, f"Series {number}")
            facts = MovieDetails(number, movie.title, 2000, None, collection=of)
            await metadata.refresh(conn, movie.id, facts)
            await history.append(conn, movie.id, HistoryKind.ADDED, data={"number": number})
            # Nobody works on this queue: the row stays as it is.
            await submit(conn, WorkRequest("nobody's", WorkKind.REFRESH_STALE, {}, f"{number}"))


async def listed(http: Any, path: str) -> list[dict[str, Any]]:
    name, _ = ROUTES[path]
    body = (await http.get(path)).json()
    found: list[dict[str, Any]] = body if name is None else body[name]
    return found


async def test_each_entry_of_a_list_is_read_alone_as_the_list_shows_it(
    running_daemon: Any, database: Database, tmp_path: Path
) -> None:
    http = running_daemon.http
    await fill(http, database, tmp_path)
    for path, (_, key) in ROUTES.items():
        if path == "/api/downloads":
            continue
        entries = await listed(http, path)
        assert len(entries) >= 2, path
        for entry in entries:
            alone = await http.get(f"{path}/{entry[key]}")
            assert alone.status_code == 200, path
            assert without_room(alone.json()) == without_room(entry)


def without_room(entry: dict[str, Any]) -> dict[str, Any]:
    """Leave out how full a disk is, which others change."""
    return {name: value for name, value in entry.items() if name != "free_bytes"}


async def test_what_is_not_there_is_a_problem_that_says_so(running_daemon: Any) -> None:
    for path in ROUTES:
        for number in ("0", "-1", "4711", str(2**63 - 1), str(2**63), "9" * 40):
            answer = await running_daemon.http.get(f"{path}/{number}")
            assert (answer.status_code, answer.json()["reason"]) == (404, "not_found"), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert number in answer.json()["detail"]


async def test_a_download_is_read_while_it_runs_and_once_it_is_over(
    daemon: Any, world: Any
) -> None:
    added = await daemon.http.post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
    number = None
    with trio.fail_after(60):
        while number is None:
            number = next(
                (each["id"] for each in await listed(daemon.http, "/api/downloads")), None
            )
            await trio.sleep(0.02)
        state, movie = "", added.json()["id"]
        while state != "imported":
            found = (await daemon.http.get(f"/api/downloads/{number}")).json()
            assert (found["id"], found["movie_id"]) == (number, movie)
            state = found["state"]
            await trio.sleep(0.02)
    assert await listed(daemon.http, "/api/downloads") == []
    assert found["progress"] == 1
