"""The spans of requests to the outside."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio
from opentelemetry.trace import SpanKind, StatusCode

from reeld.domain.errors import ServiceDown
from reeld.services.transport import Call, Profile, Wire
from reeld.telemetry import tracing

KEY = "0123456789abcdef0123456789abcdef"


def wire(answer: Any, **profile: Any) -> Wire:
    made = Profile("tmdb", "TMDB", **profile)
    return Wire(made, transport=httpx.MockTransport(answer))


def response(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"x"))


def says(status: int) -> Any:
    return lambda request: response(status)


async def send(made: Wire, call: Call) -> None:
    with tracing.record("asks"):
        await made.send(call)
    await made.aclose()


async def test_a_request_is_a_span_without_the_keys_of_its_address(spans: Any) -> None:
    call = Call("GET", f"https://api.example:8443/3/x/{KEY}", params={"api_key": KEY, "page": 2})
    await send(wire(says(200)), call)
    span = spans.one("GET")
    assert span.kind is SpanKind.CLIENT
    assert span.parent.span_id == spans.one("asks").context.span_id
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "reeld.service": "tmdb",
        "server.address": "api.example",
        "server.port": 8443,
        "url.full": "https://api.example:8443/3/x/REDACTED?api_key=REDACTED&page=2",
    }
    assert KEY not in span.to_json()


async def test_a_request_whose_path_has_a_template_is_named_after_it(spans: Any) -> None:
    call = Call("GET", "https://api.example/3/movie/7", template="/3/movie/{movie_id}")
    await send(wire(says(200)), call)
    span = spans.one("GET /3/movie/{movie_id}")
    assert span.attributes["url.template"] == "/3/movie/{movie_id}"
    assert span.attributes["url.full"] == "https://api.example/3/movie/7"


async def test_of_a_feeds_address_only_the_host_is_told(spans: Any) -> None:
    await send(wire(says(200), secret_address=True), Call("GET", "https://t.example/abc?d=e"))
    assert spans.one("GET").attributes["url.full"] == "https://t.example"


@pytest.mark.parametrize("status", [404, 503])
async def test_a_status_of_400_and_above_is_an_error(spans: Any, status: int) -> None:
    await send(wire(says(status)), Call("POST", "https://api.example/"))
    span = spans.one("POST")
    assert span.attributes["error.type"] == str(status)
    assert span.status.status_code is StatusCode.ERROR
    assert spans.one("asks").status.is_unset


async def test_each_hop_is_a_span_and_says_how_often_it_was_sent_before(spans: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/b":
            return response(200)
        return response(302, location="/b")

    call = Call("GET", "https://api.example/a", follow_redirects=True, template="/a")
    await send(wire(answer), call)
    first, second = spans.one("GET /a"), spans.one("GET")
    assert "url.template" not in second.attributes
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == 1


async def test_a_connection_that_fails_is_an_error_without_its_text(spans: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}")

    made = wire(answer)
    with pytest.raises(ServiceDown), tracing.record("asks"):
        await made.send(Call("GET", f"https://api.example/?passkey={KEY}"))
    assert spans.one("GET").attributes["error.type"] == "ConnectError"
    assert spans.one("asks").attributes["error.type"] == "unreachable"
    assert all(KEY not in span.to_json() for span in spans.all)


async def test_an_operation_past_its_deadline_ends_its_request_with_that(
    spans: Any, autojump_clock: Any
) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await trio.sleep(60)
        return response(200)

    made = wire(answer, deadline=1.0)
    with pytest.raises(ServiceDown), tracing.record("asks"), made.operation("x"):
        await made.send(Call("GET", "https://api.example/"))
    assert spans.one("GET").attributes["error.type"] == "deadline_exceeded"


async def test_nobody_outside_is_told_of_our_traces(spans: Any) -> None:
    heard: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request.headers)
        return response(200)

    await send(wire(answer), Call("GET", "https://api.example/"))
    assert "traceparent" not in heard[0]


async def test_a_request_that_nobody_records_is_no_span(spans: Any) -> None:
    made = wire(says(200))
    await made.send(Call("GET", "https://api.example/"))
    await made.aclose()
    assert spans.all == []
