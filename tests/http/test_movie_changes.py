"""Movies are listed, changed, moved and deleted through a daemon that has files on a real disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import trio

from reeld.domain.library import NewMovieFile
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.quality import Quality
from reeld.storage import Database
from reeld.storage.repositories import library, movies

BYTES = b"the movie" * 100
HUGE = 10**30


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    with trio.fail_after(seconds):
        while not await holds():
            await trio.sleep(0.05)


async def shelve(daemon: Any, tmdb_id: int, *, title: str = "Movie") -> tuple[int, Path]:
    """Put a movie with a file into the library."""
    settings = daemon.started.settings
    path = f"{title} ({tmdb_id})/{title}.mkv"
    file = settings.library.root_folder / path
    file.parent.mkdir(parents=True)
    file.write_bytes(BYTES)
    url = settings.database_url.reveal()
    async with Database.open(url, size=1) as database, database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(tmdb_id, title, 2000 + tmdb_id))
        root = str(settings.library.root_folder)
        new = NewMovieFile(movie.id, root, path, len(BYTES), Quality.DVD)
        await library.record(conn, new)
        await movies.move(conn, movie.id, Stage.IN_LIBRARY, expected=tuple(Stage))
    return movie.id, file


async def audited(daemon: Any, action: str, times: int = 1) -> list[Any]:
    entries: list[Any] = []

    async def written() -> bool:
        nonlocal entries
        answer = await daemon.http.get("/control/audit")
        entries = [each for each in answer.json() if each["action"] == action]
        return len(entries) >= times

    await until(written)
    return entries


async def test_a_list_is_filtered_sorted_thinned_and_not_sent_twice(running_daemon: Any) -> None:
    http = running_daemon.http
    ids = [(await shelve(running_daemon, n, title=t))[0] for n, t in ((1, "Zulu"), (2, "Alien"))]
    page = (await http.get("/api/movies", params={"sort": "title", "fields": "title"})).json()
    assert page == {
        "movies": [{"id": ids[1], "title": "Alien"}, {"id": ids[0], "title": "Zulu"}],
        "next": None,
    }
    for query, there in (
        ("text=zul", [ids[0]]),
        ("has_file=false", []),
        ("year=2002&monitored=true", [ids[1]]),
        ("sort=year&descending=true", [ids[1], ids[0]]),
    ):
        found = (await http.get(f"/api/movies?{query}")).json()["movies"]
        assert [each["id"] for each in found] == there, query
    first = await http.get("/api/movies?sort=title&limit=1")
    after = first.json()["next"]
    second = await http.get("/api/movies", params={"sort": "title", "limit": 1, "after": after})
    assert [each["title"] for each in second.json()["movies"]] == ["Zulu"]
    again = await http.get(
        "/api/movies?sort=title&limit=1", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    for query, reason in (
        ("fields=nonsense", "invalid_field"),
        ("after=garbage", "bad_cursor"),
        (f"sort=year&after={after}", "bad_cursor"),
        ("after=99999999999999999999999", "bad_cursor"),
    ):
        refused = await http.get(f"/api/movies?{query}")
        assert (refused.status_code, refused.json()["reason"]) == (422, reason), query
    for query in (
        "text=%00",
        "sort=size",
        "year=-1",
        f"tag={HUGE}",
        "profile=",
        "text=" + "x" * 999,
    ):
        refused = await http.get(f"/api/movies?{query}")
        assert (refused.status_code, refused.json()["reason"]) == (400, "invalid_request"), query


async def test_a_change_is_made_whole_audited_and_never_over_another_one(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    movie, _ = await shelve(running_daemon, 1)
    path = f"/api/movies/{movie}"
    read = (await http.get(path)).headers["etag"]
    changed = await http.put(path, json={"monitored": False}, headers={"If-Match": read})
    assert (changed.status_code, changed.json()["monitored"]) == (200, False)
    stale = await http.put(path, json={"profile": "HD-1080p"}, headers={"If-Match": read})
    assert (stale.status_code, stale.json()["reason"]) == (412, "changed_meanwhile")
    good = (await http.get(path)).headers["etag"]
    same = await http.get(path, headers={"If-None-Match": good})
    assert same.status_code == 304
    tag = (await http.post("/api/tags", json={"label": "kids"})).json()["id"]
    body = {"profile": "HD-1080p", "minimum_availability": "in_cinemas", "tags": [tag]}
    changed = await http.put(path, json=body, headers={"If-Match": good})
    assert {name: changed.json()[name] for name in body} == body
    for wrong, status, field in (
        ({"profile": "Best"}, 422, None),
        ({"tags": [999]}, 422, "tags"),
        ({"root_folder": "/etc"}, 422, "root_folder"),
        ({"root_folder": "../../etc"}, 400, "root_folder"),
        ({"root_folder": "/a\0b"}, 400, "root_folder"),
        ({"monitored": "no"}, 400, "monitored"),
        ({"minimum_availability": "never"}, 400, "minimum_availability"),
        ({"stage": "failed"}, 400, "stage"),
        ({"tags": [HUGE]}, 400, "tags"),
    ):
        refused = await http.put(path, json={**wrong, **({"monitored": True} | wrong)})
        assert refused.status_code == status, (wrong, refused.text)
        assert refused.headers["content-type"] == "application/problem+json"
        if field is not None:
            assert refused.json()["errors"][0]["field"].startswith(field), refused.text
    assert (await http.get(path)).json()["monitored"] is False
    for number in (0, 77, HUGE):
        assert (await http.put(f"/api/movies/{number}", json={})).status_code == 404
        assert (await http.delete(f"/api/movies/{number}")).status_code == 404
    first = (await audited(running_daemon, "edit_movie"))[-1]
    assert first["detail"] == {"changes": {"monitored": False}}
    assert first["target"] == str(movie)


async def test_a_deleted_movie_has_its_file_in_the_recycle_folder_if_that_was_asked(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    (gone, file), (kept, staying) = [await shelve(running_daemon, n) for n in (1, 2)]
    library_root = running_daemon.started.settings.library.root_folder
    answer = await http.delete(f"/api/movies/{gone}?delete_files=true&exclude=true")
    assert answer.json() == {"movies": [gone], "files": 1, "missing": []}
    assert (await http.get(f"/api/movies/{gone}")).status_code == 404

    async def recycled() -> bool:
        return not file.exists() and bool(list(library_root.glob(".recycle/*/*/*.mkv")))

    await until(recycled)
    (there,) = library_root.glob(".recycle/*/*/*.mkv")
    assert there.read_bytes() == BYTES
    assert not file.parent.exists()
    answer = await http.delete(f"/api/movies/{kept}")
    assert answer.json() == {"movies": [kept], "files": 0, "missing": []}
    assert staying.read_bytes() == BYTES
    assert len(await audited(running_daemon, "delete_movie", times=2)) == 2
    story = (await http.get("/api/history", params={"movie_id": gone})).json()["entries"]
    assert [each["kind"] for each in reversed(story)] == ["removed", "file_deleted"]


async def test_many_movies_are_changed_moved_and_deleted_at_once(
    running_daemon: Any, tmp_path: Path
) -> None:
    http = running_daemon.http
    shelved = [await shelve(running_daemon, n) for n in (1, 2, 3)]
    ids = [number for number, _ in shelved]
    other = tmp_path / "other"
    other.mkdir()
    assert (await http.post("/api/rootfolders", json={"path": str(other)})).status_code == 201
    change = {"ids": [*ids, 999], "root_folder": str(other), "move_files": True, "monitored": False}
    answer = await http.post("/api/movies/edit", json=change)
    assert answer.json() == {"changed": ids, "moving": ids, "missing": [999]}

    async def moved() -> bool:
        shown = (await http.get("/api/movies", params={"root_folder": str(other)})).json()["movies"]
        paths = [Path(each["files"][0]["path"]) for each in shown]
        return len(paths) == 3 and all(path.is_relative_to(other) for path in paths)

    await until(moved)
    assert sorted(path.read_bytes() for path in other.rglob("*.mkv")) == [BYTES] * 3
    assert not any(file.exists() for _, file in shelved)
    wrong = await http.post("/api/movies/edit", json={"ids": ids, "profile": "Best"})
    assert wrong.status_code == 422
    for body in ({"ids": []}, {}, {"ids": [0]}, {"ids": [1], "colour": "red"}, {"ids": "1"}):
        assert (await http.post("/api/movies/delete", json=body)).status_code == 400, body
    answer = await http.post("/api/movies/delete", json={"ids": ids, "delete_files": True})
    assert answer.json() == {"movies": ids, "files": 3, "missing": []}

    async def recycled() -> bool:
        return len(list(other.glob(".recycle/*/*/*.mkv"))) == 3

    await until(recycled)
    assert (await http.get("/api/movies")).json()["movies"] == []


async def test_a_movie_is_deleted_only_as_it_was_read_when_its_client_says_so(
    daemon: Any, world: Any
) -> None:
    http = daemon.http
    film = {"tmdb_id": world.films[0].tmdb_id, "search": False}
    number = (await http.post("/api/movies", json=film)).json()["id"]
    path = f"/api/movies/{number}"
    tag = (await http.get(path)).headers["etag"]
    await http.put(path, json={"monitored": False})
    refused = await http.delete(path, headers={"If-Match": tag})
    assert (refused.status_code, refused.json()["reason"]) == (412, "changed_meanwhile")
    tag = (await http.get(path)).headers["etag"]
    assert (await http.delete(path, headers={"If-Match": tag})).status_code == 200
