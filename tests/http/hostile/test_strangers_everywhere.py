"""Who has no key, has none any more, or sends somebody else's browser, at every route."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import httpx
import pytest

OPEN: Final = {
    "GET /",
    "GET /health",
    "GET /login",
    "GET /metrics",
    "GET /ping",
    "GET /ready",
    "POST /api/login",
    "POST /login",
}
"""What everybody may ask; a calendar program's feed asks for a token of its own."""
FOREIGN: Final = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {},  # without the session's own token
)
PERSON: Final = {"username": "eve", "password": "correct horse battery"}


@pytest.fixture
async def browser(running_daemon: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which an administrator has logged in; `headers` of its pages are in `cookies` and `csrf`."""
    http = running_daemon.http
    made = await http.post("/api/users", json={**PERSON, "role": "admin"})
    assert made.status_code == 201, made.text
    async with httpx.AsyncClient(base_url=running_daemon.daemon.url, timeout=30) as opened:
        answer = await opened.post("/api/login", json=PERSON)
        assert answer.status_code == 200
        opened.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield opened


async def test_nobody_comes_in_without_a_key(
    doors: Any, running_daemon: Any, rows: Callable[[], Any], refused: Callable[..., None]
) -> None:
    before = rows()
    for door in doors.every():
        if str(door) not in OPEN:
            answer = await running_daemon.stranger.request(door.method, door.path(), content=b"{")
            refused(door, answer)
            assert answer.status_code == 401, door
    assert rows() == before


async def test_a_stolen_session_is_worth_nothing_after_the_logout(
    doors: Any, browser: httpx.AsyncClient, rows: Callable[[], Any], refused: Callable[..., None]
) -> None:
    stolen = {"Cookie": f"reeld-session={browser.cookies['reeld-session']}"}
    assert (await browser.get("/api/movies", headers=stolen)).status_code == 200
    assert (await browser.post("/api/logout")).status_code == 204
    browser.cookies.clear()
    before = rows()
    for door in doors.every():
        if str(door) not in OPEN:
            answer = await browser.request(door.method, door.path(), headers=stolen, content=b"{")
            refused(door, answer)
            assert answer.status_code == 401, door
    assert rows() == before


async def test_no_foreign_page_changes_anything_with_somebodys_session(
    doors: Any, browser: httpx.AsyncClient, rows: Callable[[], Any], refused: Callable[..., None]
) -> None:
    token = browser.headers.pop("X-CSRF-Token")
    before = rows()
    for number, door in enumerate(doors.changing()):
        if str(door) not in OPEN:
            foreign = FOREIGN[number % len(FOREIGN)]
            headers = {"X-CSRF-Token": token, **foreign} if foreign else {}
            answer = await browser.request(door.method, door.path(), headers=headers, content=b"{}")
            refused((door, foreign), answer)
            assert answer.status_code == 403, (door, foreign)
    assert rows() == before
    assert (await browser.get("/api/session")).status_code == 200


async def test_no_foreign_page_reads_an_answer(doors: Any, browser: httpx.AsyncClient) -> None:
    for door in doors.every():
        if door.method == "GET" and door.route not in {"/control/tasks", "/metrics"}:
            headers = {"Origin": "https://evil.example"}
            answer = await browser.get(door.path(), headers=headers)
            allowed = {name for name in answer.headers if name.startswith("access-control-")}
            assert not allowed, door
            assert answer.headers["cross-origin-resource-policy"] == "same-origin", door
