"""The memory of good answers, around an application that answers as it is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from reeld.domain.errors import DatabaseUnavailable
from reeld.http import stale
from reeld.http.stale import KEPT, Answer, Shelf, StaleAnswers
from reeld.telemetry import Metrics


class App:
    """Answers 200 with a body that counts, or 503 because of the database."""

    def __init__(self) -> None:
        self.fails = False
        self.passes = True
        self.status = 200
        self.body = b"good"
        self.route = "/api/movies"

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        scope["path_template"] = self.route
        if self.passes:
            scope["reeld_passed"] = True
        if self.fails:
            scope["reeld_database_failed"] = True
        status = 503 if self.fails else self.status
        await send({"type": "http.response.start", "status": status, "headers": []})
        body = b"away" if self.fails else self.body
        await send({"type": "http.response.body", "body": body, "more_body": False})


class Bench:
    def __init__(self) -> None:
        self.app = App()
        self.away = True
        self.metrics = Metrics()
        stale_answers = StaleAnswers(self.app, self._is_away, self.metrics)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(stale_answers), base_url="http://reeld"
        )

    async def _is_away(self) -> bool:
        return self.away

    async def get(self, path: str = "/api/movies", key: str | None = "k") -> httpx.Response:
        headers = {} if key is None else {"X-Api-Key": key}
        return await self.client.get(path, headers=headers)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_last_good_answer_is_given_and_marked_while_the_database_is_away(
    bench: Bench,
) -> None:
    fresh = await bench.get()
    assert "x-reeld-stale" not in fresh.headers
    bench.app.fails = True
    answer = await bench.get()
    assert (answer.status_code, answer.content) == (200, b"good")
    assert answer.headers["warning"] == '110 reeld "Response is Stale"'
    assert answer.headers["age"] == answer.headers["x-reeld-stale"] == "0"
    assert bench.metrics.value("reeld_http_stale_answers_total", route="/api/movies") == 1


async def test_a_database_that_is_there_gives_no_stale_answer(bench: Bench) -> None:
    await bench.get()
    bench.app.fails, bench.away = True, False
    assert (await bench.get()).status_code == 503


@pytest.mark.parametrize(
    ("path", "key"), [("/api/movies", "other"), ("/api/movies", None), ("/api/movies?limit=1", "k")]
)
async def test_another_key_or_another_question_gets_nothing(
    bench: Bench, path: str, key: str | None
) -> None:
    await bench.get()
    bench.app.fails = True
    assert (await bench.get(path, key)).status_code == 503


async def test_a_request_whose_key_was_not_believed_gets_nothing(bench: Bench) -> None:
    await bench.get()
    bench.app.fails, bench.app.passes = True, False
    assert (await bench.get()).status_code == 503


async def test_a_route_that_is_not_named_is_never_kept(bench: Bench) -> None:
    bench.app.route = "/api/settings"
    await bench.get("/api/settings")
    bench.app.fails = True
    assert (await bench.get("/api/settings")).status_code == 503


async def test_what_is_gone_does_not_come_back(bench: Bench) -> None:
    await bench.get()
    bench.app.status = 404
    await bench.get()
    bench.app.fails = True
    assert (await bench.get()).status_code == 503


async def test_what_a_client_has_already_stays_kept(bench: Bench) -> None:
    await bench.get()
    bench.app.status, bench.app.body = 304, b""
    await bench.get()
    bench.app.fails = True
    assert (await bench.get()).content == b"good"


async def test_an_answer_that_is_too_large_is_not_kept(bench: Bench, monkeypatch: Any) -> None:
    monkeypatch.setattr(stale, "LARGEST_ANSWER", 3)
    assert (await bench.get()).content == b"good"
    bench.app.fails = True
    assert (await bench.get()).status_code == 503


def test_the_shelf_never_holds_more_than_its_bound() -> None:
    shelf = Shelf(largest=3000)
    keys = [(b"k", f"/api/movies/{number}", b"") for number in range(100)]
    for key in keys:
        shelf.keep(key, Answer(b"x" * 100, b"application/json", 0.0))
        assert shelf.size <= 3000
    assert shelf.find(keys[0]) is None
    assert shelf.find(keys[-1]) is not None
    for key in keys:
        shelf.forget(key)
    assert shelf.size == 0


NEVER_KEPT = {
    "/api/events",
    "/api/indexers/schema",
    "/api/customformats/export",
    "/api/customformats/{format_id}/export",
    "/api/profiles/export",
    "/api/profiles/{profile_id}/export",
    "/api/releases",
    "/api/blocklist",
    "/api/calendar.ics",
    "/api/commands",
    "/api/commands/{command}",
    "/api/discover",
    "/api/downloadclients",
    "/api/downloadclients/{name}",
    "/api/exclusions",
    "/api/exclusions/{exclusion_id}",
    "/api/images/{kind}/{name}",
    "/api/logs",
    "/api/movies/find",
    "/api/movies/{movie_id}/images/{kind}",
    "/api/rootfolders",
    "/api/rootfolders/{root_id}",
    "/api/settings",
    "/api/settings/sources",
    "/api/schema/openapi.json",
    "/api/test/circuit-breaker",
    "/api/keys",
    "/api/session",
    "/api/sessions",
    "/api/users",
}
"""Reads that ask somebody else, or no rows, or are rare and large; and who may come in, of which an old answer would be a wrong one."""


async def test_of_every_read_of_the_api_it_was_decided_whether_it_is_kept(
    running_daemon: Any,
) -> None:
    paths = (await running_daemon.http.get("/api/schema/openapi.json")).json()["paths"]
    reads = {path for path, item in paths.items() if path.startswith("/api/") and "get" in item}
    assert reads - NEVER_KEPT == KEPT


def test_the_mark_of_a_failure_is_only_set_for_the_database() -> None:
    request: Any = SimpleNamespace(scope={})
    stale.note_failure(request, ValueError("no"))
    assert request.scope == {}
    stale.note_failure(request, DatabaseUnavailable("away"))
    assert request.scope
