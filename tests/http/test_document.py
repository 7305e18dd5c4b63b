"""That the OpenAPI document is complete: words, examples, parameters, header fields and problems."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest
import trio
from litestar import Litestar

from reeld.http import document as documents
from reeld.http.app import create_app
from reeld.http.descriptions import BELOW, EVERYWHERE, meaning_of
from reeld.http.reference import resolved
from reeld.http.words import summary_of

PROBLEM = "application/problem+json"
NO_EXAMPLE = {"image/*"}
"""What no text shows."""

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document, without a daemon: nothing of it depends on one."""
    app: Any = create_app(MagicMock(version="1"))
    while not isinstance(app, Litestar):
        app = app._app
    return documents.document_of(app)


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_every_operation_is_told_whole(document: dict[str, Any]) -> None:
    untold: list[str] = []
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        untold += [f"{where}: {word}" for word in ("summary", "description") if not operation[word]]
        for each in operation.get("parameters", ()):
            parameter = resolved(each, document)
            if not parameter.get("description"):
                untold.append(f"{where}: the parameter {parameter['name']}, in descriptions.py")
        contents = [operation.get("requestBody", {}).get("content", {})]
        for status, each in operation["responses"].items():
            answer = resolved(each, document)
            assert answer["description"], (where, status)
            contents.append(answer.get("content", {}))
        untold += [
            f"{where}: an example of {kind}"
            for content in contents
            for kind, media in content.items()
            if kind not in NO_EXAMPLE and "example" not in media and "examples" not in media
        ]
    assert "\n".join(untold) == ""


@pytest.mark.parametrize("name", ["nope", "", "swagger", "nope/x"])
async def test_what_is_not_there_beside_the_document_is_a_problem(
    running_daemon: Any, name: str
) -> None:
    answer = await running_daemon.http.get(f"/api/schema/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_no_words_of_the_framework_are_left(document: dict[str, Any]) -> None:
    said = {
        answer.get("description")
        for _, _, operation in operations(document)
        for answer in operation["responses"].values()
    }
    assert not {each for each in said if each and "document follows" in each.lower()}
    assert not {each for each in said if each and "URL follows" in each}
    assert summary_of("listMovies") == "List movies"
    assert summary_of("listCutoffUnmet") == "List cutoff unmet"


def test_each_problem_has_a_response_of_its_own_with_an_example(
    document: dict[str, Any],
) -> None:
    responses = document["components"]["responses"]
    assert len(responses) > 12
    for response in responses.values():
        example = response["content"][PROBLEM]["example"]
        assert {"title", "status", "reason", "detail"} <= example.keys()
    used = {
        each["$ref"].rpartition("/")[2]
        for _, _, operation in operations(document)
        for each in operation["responses"].values()
        if "$ref" in each
    }
    assert used == responses.keys()


@pytest.mark.parametrize(
    ("method", "path", "problems"),
    [
        ("get", "/health", "500"),
        ("get", "/metrics", "401 429 500"),
        ("get", "/info", "401 429 500 503"),
        ("get", "/api/queue", "401 422 429 500 503"),
        ("get", "/api/movies", "400 401 422 429 500 503"),
        ("get", "/api/movies/{movie_id}", "400 401 404 422 429 500 503"),
        (
            "put",
            "/api/movies/{movie_id}",
            "400 401 403 404 408 412 413 415 422 429 500 503",
        ),
        (
            "post",
            "/api/movies",
            "400 401 403 404 408 409 413 415 422 429 500 502 503 504",
        ),
        ("post", "/api/login", "400 401 403 408 413 415 422 429 500 503"),
        ("delete", "/api/tags/{tag_id}", "400 401 403 404 422 429 500 503"),
        ("get", "/api/events", "400 401 403 422 426 429 500 503"),
    ],
)
def test_an_operation_names_the_problems_that_it_can_have(
    document: dict[str, Any], method: str, path: str, problems: str
) -> None:
    responses = document["paths"][path][method]["responses"]
    assert (
        sorted(each for each, answer in responses.items() if "$ref" in answer) == problems.split()
    )


def test_header_fields_are_named_where_they_count(document: dict[str, Any]) -> None:
    def sent(method: str, path: str) -> set[str]:
        found = document["paths"][path][method].get("parameters", ())
        named = (resolved(each, document) for each in found)
        return {each["name"] for each in named if each["in"] == "header"}

    assert sent("get", "/api/movies") == {"If-None-Match"}
    assert sent("put", "/api/movies/{movie_id}") == {"If-Match", "X-CSRF-Token"}
    assert sent("post", "/api/movies") == {"Idempotency-Key", "X-CSRF-Token"}
    assert sent("post", "/api/keys") == {"X-CSRF-Token"}  # its answer is shown once
    assert sent("post", "/api/login") == set()
    told = document["paths"]["/api/movies/{movie_id}"]["get"]["responses"]["200"]["headers"]
    assert {"ETag", "RateLimit", "RateLimit-Policy", "X-Reeld-Stale"} <= told.keys()


async def test_the_header_fields_that_are_named_come(
    running_daemon: Any, document: dict[str, Any]
) -> None:
    http = running_daemon.http
    shown = await http.get("/api/schema/openapi.json")
    assert len(shown.content) < 400_000
    assert shown.json()["paths"].keys() <= document["paths"].keys()
    key = {"Idempotency-Key": "once"}
    for method, path, more in (
        ("GET", "/api/movies", {}),
        ("POST", "/api/tags", {"json": {"label": "kids"}, "headers": key}),
        ("POST", "/api/tags", {"json": {"label": "kids"}, "headers": key}),
    ):
        answer = await http.request(method, path, **more)
        responses = document["paths"][path][method.lower()]["responses"]
        named = responses[str(answer.status_code)]["headers"].keys()
        optional = {"Age", "Warning", "X-Reeld-Stale", "Idempotency-Replayed"}
        assert {each for each in named if each not in answer.headers} <= optional
    assert answer.headers["idempotency-replayed"] == "true"


def test_no_meaning_is_written_down_for_a_parameter_that_is_not_there(
    document: dict[str, Any],
) -> None:
    used = {
        (path, parameter["name"])
        for _, path, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if "name" in parameter
    }
    for root, named in BELOW.items():
        for name in named:
            assert any(path.startswith(root) and name == each for path, each in used), (root, name)
    names = {name for _, name in used}
    assert EVERYWHERE.keys() <= names
    assert meaning_of("/api/queue", "nonsense") == ""


async def test_the_document_is_made_once_and_not_on_the_loop(
    running_daemon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    complete = documents._completed

    def watched(document: dict[str, Any]) -> dict[str, Any]:
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            made.append(True)
        else:
            made.append(False)
        time.sleep(0.05)  # long enough for all to ask meanwhile
        return complete(document)

    monkeypatch.setattr(documents, "_completed", watched)
    async with trio.open_nursery() as nursery:
        for name in ("openapi.json", "reference", "openapi.json"):
            nursery.start_soon(running_daemon.http.get, f"/api/schema/{name}")
    assert made == [True]
