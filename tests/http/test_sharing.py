"""One answer for all who ask the same at the same time, around an application that answers when it is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio
import trio.testing

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.scope import Scope
from reeld.http.identity.callers import Caller
from reeld.http.sharing import KEPT, OF_RADARR, SharedAnswers
from reeld.telemetry import Metrics


class App:
    """Answers with how often it was asked, when the gate is open."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = trio.Event()
        self.statuses = [200]

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.asked += 1
        number = self.asked
        scope["path_template"] = "/api/movies"
        await self.open.wait()
        status = self.statuses[min(number, len(self.statuses)) - 1]
        await send({"type": "http.response.start", "status": status, "headers": [(b"x-n", b"1")]})
        await send({"type": "http.response.body", "body": str(number).encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"!", "more_body": False})


class Door:
    """Lets in whoever shows a key; its last letter says with which right."""

    def __init__(self) -> None:
        self.let: list[str] = []
        self.fails = False

    async def looker(self, scope: Any) -> Caller | None:
        if self.fails:
            raise DatabaseUnavailable("away")
        key = dict(scope["headers"]).get(b"x-api-key", b"").decode()
        return Caller(key, Scope.ADMIN if key.endswith("a") else Scope.READ) if key else None

    def let_in(self, caller: Caller) -> None:
        self.let.append(caller.name)


class Bench:
    def __init__(self) -> None:
        self.app = App()
        self.door = Door()
        self.metrics = Metrics()
        self.shared = SharedAnswers(self.app, self.door, self.metrics)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.shared), base_url="http://reeld"
        )
        self.told: list[str] = []

    async def ask(
        self, path: str = "/api/movies", key: str = "k", method: str = "GET", **headers: str
    ) -> None:
        answer = await self.client.request(method, path, headers={"X-Api-Key": key, **headers})
        self.told.append(answer.text)

    @property
    def shared_answers(self) -> float:
        return self.metrics.value("reeld_http_shared_answers_total")


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def settle() -> None:
    await trio.testing.wait_all_tasks_blocked()


async def test_those_who_ask_while_somebody_is_answered_share_the_next_answer(bench: Bench) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(bench.ask)
            await settle()
        bench.app.open.set()
    assert bench.told == ["1!", *["2!"] * 4]
    assert bench.app.asked == 2
    assert bench.shared_answers == len(bench.door.let) == 3


async def test_nobody_is_told_what_was_read_before_they_asked(bench: Bench) -> None:
    bench.app.open.set()
    await bench.ask()
    await bench.ask()
    assert bench.told == ["1!", "2!"]
    assert bench.shared_answers == 0


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/api/movies?limit=1"},
        {"path": "/api/tags"},
        {"key": "a"},
        {"If-None-Match": '"x"'},
        {"Host": "elsewhere"},
        {"method": "HEAD"},
        {"method": "POST"},
        {"key": ""},
    ],
)
async def test_another_question_or_another_right_has_an_answer_of_its_own(
    bench: Bench, other: dict[str, str]
) -> None:
    async with trio.open_nursery() as nursery:
        for more in ({}, other, other):
            nursery.start_soon(lambda more=more: bench.ask(**more))
            await settle()
        assert bench.app.asked >= 2
        bench.app.open.set()
    assert "2!" in bench.told or "" in bench.told


@pytest.mark.parametrize(
    "path", ["/api/session", "/api/users", "/api/movies/1/releases/2", "/api/v3/release", "/health"]
)
async def test_what_is_not_named_is_never_shared(bench: Bench, path: str) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(bench.ask, path)
        await settle()
        assert bench.app.asked == 3
        bench.app.open.set()


@pytest.mark.parametrize("path", ["/api/movies/7", "/api/v3/movie/7", "/api/v3/wanted/cutoff"])
async def test_a_route_with_a_number_is_shared_too(bench: Bench, path: str) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(bench.ask, path)
        await settle()
        assert bench.app.asked == 1
        bench.app.open.set()
    assert bench.app.asked == 2


async def test_when_the_asker_goes_away_another_one_asks(bench: Bench) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.ask)
        await settle()
        gone = await nursery.start(_until_cancelled, bench)
        await settle()
        nursery.start_soon(bench.ask)
        await settle()
        gone.cancel()
        await settle()
        bench.app.open.set()
    assert bench.told == ["1!", "2!"]


async def test_when_the_one_who_asks_at_once_goes_away_those_behind_ask(bench: Bench) -> None:
    async with trio.open_nursery() as nursery:
        gone = await nursery.start(_until_cancelled, bench)
        await settle()
        for _ in range(2):
            nursery.start_soon(bench.ask)
        await settle()
        gone.cancel()
        await settle()
        assert bench.app.asked == 2
        bench.app.open.set()
    assert bench.told == ["2!", "2!"]


async def test_a_question_that_everybody_gave_up_can_be_asked_again(bench: Bench) -> None:
    async with trio.open_nursery() as nursery:
        scopes = []
        for _ in range(3):
            scopes.append(await nursery.start(_until_cancelled, bench))
            await settle()
        for scope in reversed(scopes):
            scope.cancel()
    bench.app.open.set()
    with trio.fail_after(5):
        await bench.ask()
    assert bench.told == ["2!"]


async def test_those_who_asked_together_are_refused_together(bench: Bench) -> None:
    bench.app.statuses = [200, 503]
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(bench.ask)
            await settle()
        bench.app.open.set()
    assert bench.told == ["1!", *["2!"] * 3]


async def test_an_application_that_breaks_breaks_for_each_of_them(bench: Bench) -> None:
    async def broken(*_: Any) -> None:
        await bench.app.open.wait()
        raise ZeroDivisionError

    shared = SharedAnswers(broken, bench.door, bench.metrics)
    bench.client = httpx.AsyncClient(transport=httpx.ASGITransport(shared), base_url="http://reeld")
    broke = []

    async def ask() -> None:
        with pytest.raises(ZeroDivisionError):
            await bench.ask()
        broke.append(True)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(ask)
        await settle()
        bench.app.open.set()
    assert len(broke) == 3
    assert shared._lines == {}


async def test_who_asks_later_is_let_in_by_the_guard_when_the_door_does_not_know(
    bench: Bench,
) -> None:
    bench.door.fails = True
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(bench.ask)
        await settle()
        assert bench.app.asked == 3
        bench.app.open.set()


async def test_a_client_that_reads_slowly_holds_nobody_up(bench: Bench) -> None:
    bench.app.open.set()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/movies",
        "query_string": b"",
        "headers": [(b"host", b"reeld"), (b"x-api-key", b"k")],
    }
    never = trio.Event()

    async def stuck(_message: Any) -> None:
        await never.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.shared, scope, None, stuck)
        await settle()
        with trio.fail_after(5):
            await bench.ask()
        nursery.cancel_scope.cancel()
    assert bench.told == ["2!"]


async def test_no_question_is_remembered_once_it_is_answered(bench: Bench) -> None:
    bench.app.open.set()
    async with trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(bench.ask, f"/api/movies/{number % 7}")
    assert bench.shared._lines == {}


def test_nothing_is_shared_that_says_who_asks() -> None:
    assert not {path for path in KEPT | OF_RADARR if "session" in path or "user" in path}


async def _until_cancelled(
    bench: Bench, task_status: trio.TaskStatus[trio.CancelScope] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.CancelScope() as scope:
        task_status.started(scope)
        await bench.ask()
