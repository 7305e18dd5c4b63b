from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar import Litestar, get

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.http.access import Access, Caller, digest
from reeld.http.problems import HANDLERS
from reeld.telemetry import Metrics


class Keys:
    """What the database would say, and how often it was asked."""

    def __init__(self, *keys: str, scope: Scope = Scope.READ) -> None:
        self.known = {Secret(key) for key in keys}
        self.scope = scope
        self.asked = 0
        self.away = False

    async def __call__(self, key: Secret) -> Caller | None:
        self.asked += 1
        if self.away:
            raise DatabaseUnavailable("PostgreSQL is away.")
        return Caller("somebody", self.scope) if key in self.known else None


def app_of(access: Access) -> Litestar:
    @get("/guarded", guards=[access.requires_key])
    async def guarded() -> str:
        return "in"

    @get("/metrics", guards=[access.requires_metrics_token])
    async def metrics() -> str:
        return "samples"

    return Litestar(
        [guarded, metrics],
        exception_handlers=HANDLERS,  # type: ignore[arg-type]
        openapi_config=None,
        logging_config=None,
    )


async def call(access: Access, path: str = "/guarded", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app_of(access))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://reeld") as client:
        return await client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def test_without_a_key_the_answer_is_a_problem_that_says_what_to_send() -> None:
    answer = await call(Access(Keys(), Metrics()))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "X-Api-Key" in answer.json()["detail"]
    assert answer.json()["reason"] == "unauthorized"


@pytest.mark.parametrize(
    "headers",
    [{"x_api_key": "k3y"}, {"authorization": "Bearer k3y"}, {"authorization": "bearer k3y"}],
)
async def test_a_stored_key_passes_in_either_header(headers: dict[str, Any]) -> None:
    assert (await call(Access(Keys("k3y"), Metrics()), **headers)).status_code == 200


async def test_a_wrong_key_is_refused_and_counted() -> None:
    metrics = Metrics()
    assert (await call(Access(Keys("k3y"), metrics), x_api_key="other")).status_code == 401
    assert metrics.value("reeld_auth_attempts_total", method="api_key", outcome="refused") == 1


async def test_a_key_in_the_query_string_is_not_read() -> None:
    assert (await call(Access(Keys("k3y"), Metrics()), "/guarded?apikey=k3y")).status_code == 401


async def test_a_fixed_key_needs_no_database() -> None:
    keys = Keys()
    access = Access(
        keys, Metrics(), fixed={digest("from-settings"): Caller("administrator", Scope.ADMIN)}
    )
    assert (await call(access, x_api_key="from-settings")).status_code == 200
    assert keys.asked == 0


async def test_a_key_that_was_found_is_remembered_for_a_while(autojump_clock: Any) -> None:
    import trio

    keys = Keys("k3y")
    access = Access(keys, Metrics())
    await call(access, x_api_key="k3y")
    await call(access, x_api_key="k3y")
    assert keys.asked == 1
    await trio.sleep(61)
    keys.known.clear()
    assert (await call(access, x_api_key="k3y")).status_code == 401


async def test_metrics_are_open_unless_a_token_is_set() -> None:
    assert (await call(Access(Keys(), Metrics()), "/metrics")).status_code == 200


async def test_metrics_ask_for_the_token_that_is_set() -> None:
    access = Access(Keys("k3y"), Metrics(), metrics_token=Secret("t0ken"))
    assert (await call(access, "/metrics")).status_code == 401
    assert (await call(access, "/metrics", x_api_key="k3y")).status_code == 401
    assert (await call(access, "/metrics", authorization="Bearer t0ken")).status_code == 200


async def test_an_outage_of_the_database_does_not_lock_out_who_was_let_in_before(
    autojump_clock: Any,
) -> None:
    import trio

    keys = Keys("k3y")
    access = Access(keys, Metrics())
    await call(access, x_api_key="k3y")
    await trio.sleep(3600)
    keys.away = True
    assert (await call(access, x_api_key="k3y")).status_code == 200
    stranger = await call(access, x_api_key="other")
    assert (stranger.status_code, stranger.json()["reason"]) == (503, "database_unavailable")
