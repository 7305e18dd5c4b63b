"""The span of a request."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio
from opentelemetry.trace import SpanKind, StatusCode

from reeld.http.tracing import Trace


def asked(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Trace(app), raise_app_exceptions=False),
        base_url="http://reeld.example:7878",
    )


def answers(status: int, route: str | None = "/api/movies/{movie_id}") -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if route is not None:
            scope["path_template"] = route
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


async def test_a_request_is_named_after_method_and_route(spans: Any) -> None:
    async with asked(answers(200)) as client:
        await client.get("/api/movies/7?apikey=secret")
    span = spans.one("GET /api/movies/{movie_id}")
    assert span.kind is SpanKind.SERVER
    assert span.parent is None
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/api/movies/{movie_id}",
        "network.protocol.version": "1.1",
        "server.address": "reeld.example",
        "server.port": 7878,
        "url.path": "/api/movies/7",
        "url.scheme": "http",
    }
    assert "secret" not in span.to_json()


async def test_a_request_goes_on_with_its_callers_trace(spans: Any) -> None:
    trace_id, span_id = "ab" * 16, "cd" * 8
    async with asked(answers(200)) as client:
        await client.get("/api/movies/7", headers={"traceparent": f"00-{trace_id}-{span_id}-01"})
    span = spans.one("GET /api/movies/{movie_id}")
    assert f"{span.context.trace_id:032x}" == trace_id
    assert f"{span.parent.span_id:016x}" == span_id


@pytest.mark.parametrize("status", [404, 500])
async def test_only_a_failure_of_the_server_is_an_error(spans: Any, status: int) -> None:
    async with asked(answers(status, None)) as client:
        await client.get("/nowhere")
    span = spans.one("GET")
    assert (span.status.status_code is StatusCode.ERROR) == (status == 500)
    assert span.attributes.get("error.type") == ("500" if status == 500 else None)


async def test_a_fault_of_the_application_is_an_error_without_its_text(spans: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("a secret")

    async with asked(app) as client:
        await client.get("/")
    assert spans.one("GET").attributes["error.type"] == "LookupError"
    assert "a secret" not in spans.one("GET").to_json()


async def test_a_method_that_a_client_makes_up_names_no_span(spans: Any) -> None:
    async with asked(answers(405, None)) as client:
        await client.request("BREW", "/")
    span = spans.one("HTTP")
    assert span.attributes["http.request.method"] == "_OTHER"
    assert span.attributes["http.request.method_original"] == "BREW"


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_probes_are_not_recorded(spans: Any, path: str) -> None:
    async with asked(answers(200, path)) as client:
        await client.get(path)
    assert spans.all == []


async def test_the_daemons_answers_are_recorded_with_what_they_asked(
    daemon: Any, spans: Any
) -> None:
    assert (await daemon.http.get("/api/movies/4711")).status_code == 404
    with trio.fail_after(30):  # the answer is there before its span has ended
        while not (served := [each for each in spans.all if each.kind is SpanKind.SERVER]):
            await trio.sleep(0.01)
    (span,) = served
    assert span.name.startswith("GET /api/movies/{")
    assert span.attributes["http.response.status_code"] == 404
    children = [
        each for each in spans.all if each.parent and each.parent.span_id == span.context.span_id
    ]
    assert "SELECT movie" in {each.name for each in children}
