"""Texts that would be something else than texts, in bodies, queries and paths of folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

SQL: Final = "'; DROP TABLE movie; DELETE FROM tag; --"
LINES: Final = "kids\r\n2026-01-01 [error] forged\x1b[2J\u202e"
NUL: Final = "a\u0000b"
BODIES: Final[tuple[tuple[str, str, Any], ...]] = (
    ("POST", "/api/login", {"username": "@", "password": "correct horse battery"}),
    ("POST", "/api/users", {"username": "@", "password": "correct horse battery", "role": "admin"}),
    ("POST", "/api/keys", {"name": "@"}),
    ("POST", "/api/movies", {"tmdb_id": 45745, "profile": "@"}),
    ("POST", "/api/movies", {"tmdb_id": 45745, "root_folder": "/@"}),
    ("POST", "/api/tags", {"label": "@"}),
    ("POST", "/api/releaseprofiles", {"name": "@", "required": ["@"]}),
    ("POST", "/api/search", {"query": "@"}),
    ("POST", "/api/decide", {"title": "@", "movie_id": 1}),
    ("PUT", "/api/groups/x/rule", {"rule": "blocked", "note": "@"}),
    ("POST", "/control/actors/decision/pause", {"reason": "@"}),
    ("POST", "/control/keys", {"name": "@", "scope": "read"}),
    ("POST", "/control/log-levels", {"logger": "@", "level": "debug"}),
    ("POST", "/api/v3/tag", {"label": "@"}),
    ("POST", "/api/v3/releaseprofile", {"name": "@", "required": ["@"], "enabled": True}),
    ("POST", "/api/v3/exclusions", {"tmdbId": 7, "movieTitle": "@", "movieYear": 2000}),
    ("POST", "/api/v3/customformat", {"name": "@", "specifications": []}),
    ("POST", "/api/v3/command", {"name": "@"}),
    ("POST", "/api/v3/release/push", {"title": "@", "protocol": "torrent"}),
)
QUERIES: Final = (
    "/api/movies?text=@",
    "/api/movies?after=@",
    "/api/work?queue=@",
    "/control/audit?target=@",
    "/api/history?after=@",
    "/api/groups?after=@",
    "/api/v3/history?downloadId=@",
    "/api/v3/movie?tmdbId=@",
    "/api/v3/parse?title=@",
    "/api/v3/queue?sortKey=@",
    "/api/v3/filesystem?path=@",
)


def filled(body: Any, text: str) -> Any:
    match body:
        case str():
            return body.replace("@", text)
        case dict():
            return {name: filled(each, text) for name, each in body.items()}
        case list():
            return [filled(each, text) for each in body]
        case _:
            return body


@pytest.mark.parametrize("text", [SQL, LINES, NUL], ids=["SQL", "lines", "NUL"])
async def test_a_text_is_stored_as_it_is_or_refused_and_does_nothing_else(
    running_daemon: Any, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    http = running_daemon.http
    actors = (await http.get("/control/actors")).json()
    for method, path, body in BODIES:
        answer = await http.request(method, path, json=filled(body, text))
        assert _is_fine(answer), (path, answer.text)
    for path in QUERIES:
        name, _, _ = path.partition("=")
        address, _, parameter = name.partition("?")
        answer = await http.get(address, params={parameter: text})
        assert _is_fine(answer), (path, answer.text)
    assert (await http.get("/api/movies")).json()["movies"] == []
    assert _restarts((await http.get("/control/actors")).json()) == _restarts(actors)
    logged = capsys.readouterr().out
    assert "\n2026-01-01 [error] forged" not in logged
    assert "\x1b[2J" not in logged
    assert "request_failed" not in logged


def _is_fine(answer: Any) -> bool:
    # Of the services that are not set up here 502 and 503 speak; 500 is what Radarr says of an unknown command.
    is_of_radarr = "no matching element" in answer.text
    return answer.status_code < 500 or answer.status_code in {502, 503} or is_of_radarr


def _restarts(tree: Any) -> int:
    own = int(tree.get("restarts", 0))
    return own + sum(_restarts(each) for each in tree.get("children", ()))


async def test_a_text_that_cannot_be_stored_is_refused_with_a_sentence(running_daemon: Any) -> None:
    body = {"username": NUL, "password": "correct horse battery"}
    answer = await running_daemon.stranger.post("/api/login", json=body)
    assert answer.status_code in {401, 422}
    answer = await running_daemon.http.post("/api/releaseprofiles", json={"name": NUL})
    assert (answer.status_code, answer.json()["reason"]) == (422, "text_not_storable")
    assert "NUL" in answer.json()["detail"]


async def test_words_that_are_none_find_what_there_is(running_daemon: Any) -> None:
    for text in ("\r\n", " ", "'", "\\", "&|!():*<->"):
        answer = await running_daemon.http.get("/api/movies", params={"text": text})
        assert answer.status_code == 200, text


async def test_no_root_folder_lies_where_it_does_not_belong(
    running_daemon: Any, rows: Callable[[], Any], refused: Callable[..., None], tmp_path: Path
) -> None:
    before = rows()
    there = tmp_path / "there"
    there.mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    data = tmp_path / "data"
    (tmp_path / "link").symlink_to(data)
    for path in (
        "relative",
        "..",
        "/",
        "//",
        f"{there}/../there",
        f"{there}/..",
        f"{there}/./x",
        f"{tmp_path}/file",
        f"{tmp_path}/file/x",
        f"{there}/nowhere",
        f"{there}\u0000/etc",
        f"{there}\r\n",
        "/proc/self/root",
        "/dev",
        f"{data}",
        f"{data}/backups",
        f"{tmp_path}/link",
        f"/proc/self/root{there}/..",
        f"/proc/self/root{data}",
        "~/films",
        "$HOME",
        "C:\\films",
        "\\\\server\\films",
        "file:///etc",
        "/" + "x" * 5000,
    ):
        for door in ("/api/rootfolders", "/api/v3/rootfolder"):
            answer = await running_daemon.http.post(door, json={"path": path})
            assert 400 <= answer.status_code < 500, (door, path, answer.text)
    assert rows() == before
