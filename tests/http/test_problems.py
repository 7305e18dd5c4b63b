from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from litestar import Litestar, get, post
from litestar.params import JSONBody

from reeld.domain import errors
from reeld.http.problems import HANDLERS


@dataclass
class Body:
    number: int


def app_raising(error: Exception) -> Litestar:
    @get("/boom")
    async def boom() -> None:
        raise error

    @post("/typed")
    async def typed(data: JSONBody[Body]) -> int:
        return data.number

    return Litestar(
        [boom, typed],
        exception_handlers=HANDLERS,  # type: ignore[arg-type]
        openapi_config=None,
        logging_config=None,
    )


async def request(error: Exception, method: str, path: str, **more: object) -> httpx.Response:
    transport = httpx.ASGITransport(app=app_raising(error), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://reeld") as client:
        return await client.request(method, path, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound("No such movie."), 404),
        (errors.Refused("That is no id."), 422),
        (errors.BreakerOpen("TMDB rests."), 503),
        (errors.DatabaseUnavailable("PostgreSQL is away."), 503),
        (errors.DeadlineExceeded("Too slow."), 504),
        (errors.ServiceDown("TMDB is down.", service="tmdb"), 502),
        (errors.CredentialsRejected("Wrong token.", service="tmdb"), 502),
        (errors.AskCircle(("a", "b", "a")), 500),
    ],
)
async def test_a_foreseen_failure_becomes_a_problem_with_its_reason(
    error: errors.ReeldError, status: int
) -> None:
    answer = await request(error, "GET", "/boom")
    assert answer.status_code == status == answer.json()["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] == error.reason
    assert answer.json()["detail"] == error.sentence


async def test_when_to_come_back_is_a_header() -> None:
    answer = await request(errors.BreakerOpen("It rests.", retry_after=12.2), "GET", "/boom")
    assert answer.headers["retry-after"] == "13"


async def test_a_fault_of_our_own_shows_nothing_of_itself() -> None:
    answer = await request(ZeroDivisionError("secret detail"), "GET", "/boom")
    assert answer.status_code == 500
    assert answer.json()["reason"] == "internal_error"
    assert "secret detail" not in answer.text


async def test_a_malformed_body_names_the_field() -> None:
    answer = await request(ValueError(), "POST", "/typed", json={"number": "x"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "number"


async def test_an_unknown_path_is_a_problem_too() -> None:
    answer = await request(ValueError(), "GET", "/nowhere")
    assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")


async def test_a_wrong_method_is_a_problem_too() -> None:
    answer = await request(ValueError(), "DELETE", "/boom")
    assert (answer.status_code, answer.json()["reason"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 5000 + "]" * 5000, '{"number":' * 5000])
async def test_a_body_that_is_nested_without_end_is_malformed_and_no_fault(text: str) -> None:
    answer = await request(ValueError(), "POST", "/typed", content=text)
    assert (answer.status_code, answer.json()["reason"]) == (400, "invalid_request")
    assert answer.json()["detail"].endswith(".")


async def test_what_recurs_without_end_in_our_own_code_is_a_fault() -> None:
    answer = await request(RecursionError(), "GET", "/boom")
    assert (answer.status_code, answer.json()["reason"]) == (500, "internal_error")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tmdb_id": 1, "colour": 1}, "colour"),
        ({}, "tmdb_id"),
        ({"tmdb_id": "x"}, "tmdb_id"),
        ({"tmdb_id": 1, "tags": ["x"]}, "tags[0]"),
    ],
)
async def test_a_wrong_body_names_its_field(running_daemon: Any, body: Any, field: str) -> None:
    answer = await running_daemon.http.post("/api/movies", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
