from __future__ import annotations

import contextlib
import gzip
import logging
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import trio
import trustme

from reeld import __version__
from reeld.domain.errors import (
    CredentialsRejected,
    ProtocolViolation,
    Refused,
    ServiceDown,
)
from reeld.services.transport import Call, DownReason, Outcome, Profile, Wire
from reeld.services.transport._bodies import BodyTooLarge, _Gunzip

PROFILE = Profile("thing", "The Thing", deadline=5.0, body_cap=1000)
SECRET = "s3cr3t-passkey"


def answer_with(text: bytes, headers: bytes = b"") -> Any:
    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(text), headers, text)
        )

    return converse


def send_and_close(data: bytes) -> Any:
    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        if data:
            await stream.send_all(data)
        await stream.aclose()

    return converse


@pytest.fixture
def wire(closing: Callable[[Any], Any], witness: Any) -> Wire:
    return closing(Wire(PROFILE, observer=witness))


async def test_a_whole_answer_comes_back_over_a_kept_connection(
    wire: Wire, raw_server: Any
) -> None:
    server = await raw_server(answer_with(b"hello"))
    for _ in range(2):
        answer = await wire.send(Call("GET", f"{server.url}/x"))
        assert (answer.status, answer.body) == (200, b"hello")
    assert server.connections == 1


async def test_reeld_says_who_it_is_and_sends_neither_origin_nor_referer(
    wire: Wire, raw_server: Any
) -> None:
    server = await raw_server(answer_with(b""))
    await wire.send(Call("GET", server.url))
    head = server.requests[0].decode().lower()
    assert f"user-agent: reeld/{__version__}" in head
    assert "accept-encoding: gzip\r\n" in head
    assert "origin:" not in head
    assert "referer:" not in head


async def test_a_kept_connection_that_was_closed_is_tried_once_more(
    wire: Wire, raw_server: Any, witness: Any
) -> None:
    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        if b"/second" in request and len(server.requests) == 2:
            await stream.aclose()
            return
        await answer_with(b"ok")(stream, request)

    server = await raw_server(converse)
    await wire.send(Call("GET", f"{server.url}/first"))
    answer = await wire.send(Call("GET", f"{server.url}/second"))
    assert answer.body == b"ok"
    assert server.connections == 2
    assert witness.retries == ["thing"]


async def test_what_may_have_an_effect_is_never_sent_twice(wire: Wire, raw_server: Any) -> None:
    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        if b"POST" in request:
            await stream.aclose()
            return
        await answer_with(b"ok")(stream, request)

    server = await raw_server(converse)
    await wire.send(Call("GET", server.url))
    with pytest.raises(ServiceDown) as caught:
        await wire.send(Call("POST", server.url, form={"a": "b"}))
    assert caught.value.reason == DownReason.CONNECTION_LOST
    assert sum(b"POST" in request for request in server.requests) == 1


async def test_a_fresh_connection_that_is_closed_is_not_tried_again(
    wire: Wire, raw_server: Any
) -> None:
    server = await raw_server(send_and_close(b""))
    with pytest.raises(ServiceDown) as caught:
        await wire.send(Call("GET", server.url))
    assert caught.value.reason == DownReason.CONNECTION_LOST
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", ServiceDown, "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", ServiceDown, "truncated"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ProtocolViolation, "not_http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", ProtocolViolation, "body_too_large"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, ProtocolViolation, "body_too_large"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
            + gzip.compress(b"x" * 500, mtime=0)[:-4],
            ProtocolViolation,
            "broken_encoding",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip",
            ProtocolViolation,
            "broken_encoding",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nx", ProtocolViolation, "broken_encoding"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
            + gzip.compress(b"x" * 50_000_000, mtime=0),
            ProtocolViolation,
            "body_too_large",
        ),
    ],
)
async def test_a_broken_or_boundless_answer_has_a_name(
    wire: Wire, raw_server: Any, data: bytes, kind: type[Exception], reason: str
) -> None:
    server = await raw_server(send_and_close(data))
    with pytest.raises(kind) as caught:
        await wire.send(Call("GET", f"{server.url}/?passkey={SECRET}"))
    assert caught.value.reason == reason  # type: ignore[attr-defined]
    assert SECRET not in str(caught.value)


async def test_an_endless_body_is_given_up_at_its_cap(wire: Wire, raw_server: Any) -> None:
    sent = 0

    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        nonlocal sent
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n")
        while sent < 200 * 2**20:
            await stream.send_all(b"x" * 65536)
            sent += 65536

    server = await raw_server(converse)
    with pytest.raises(ProtocolViolation, match="was not read"):
        await wire.send(Call("GET", server.url, body_cap=2**20))
    assert sent < 20 * 2**20


def test_a_bomb_is_never_inflated_beyond_its_cap() -> None:
    intake = _Gunzip(1000)
    with pytest.raises(BodyTooLarge):
        intake.add(gzip.compress(b"x" * 50_000_000))
    assert len(intake._body) == 1001


async def test_gzip_is_inflated_within_the_cap(wire: Wire, raw_server: Any) -> None:
    packed = gzip.compress(b"x" * 1000)
    server = await raw_server(answer_with(packed, b"Content-Encoding: gzip\r\n"))
    assert (await wire.send(Call("GET", server.url))).body == b"x" * 1000


async def test_an_empty_answer_may_claim_to_be_packed(wire: Wire, raw_server: Any) -> None:
    server = await raw_server(answer_with(b"", b"Content-Encoding: gzip\r\n"))
    assert (await wire.send(Call("GET", server.url))).body == b""


async def test_nobody_listening_is_down_with_advice(wire: Wire) -> None:
    with pytest.raises(
        ServiceDown, match=r"nothing answers at http://127.0.0.1:1\. Check"
    ) as caught:
        await wire.send(Call("GET", f"http://127.0.0.1:1/{SECRET}"))
    assert caught.value.reason == DownReason.UNREACHABLE
    assert not DownReason(caught.value.reason).may_have_acted


async def test_an_unknown_host_is_down_with_advice(wire: Wire) -> None:
    with pytest.raises(ServiceDown, match=r"is not known\. Check its spelling") as caught:
        await wire.send(Call("GET", "http://no-such-host.invalid/"))
    assert caught.value.reason == DownReason.UNKNOWN_HOST


async def test_a_certificate_that_nobody_trusts_is_down_with_advice(
    wire: Wire, nursery: trio.Nursery
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def handle(stream: trio.SSLStream[trio.SocketStream]) -> None:
        with contextlib.suppress(trio.BrokenResourceError, ssl.SSLError):
            await stream.do_handshake()

    listeners = await trio.open_ssl_over_tcp_listeners(0, context, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, handle, listeners)
    port = listeners[0].transport_listener.socket.getsockname()[1]
    with pytest.raises(ServiceDown, match="no trusted TLS connection") as caught:
        await wire.send(Call("GET", f"https://127.0.0.1:{port}/"))
    assert caught.value.reason == DownReason.TLS_FAILED


@pytest.mark.parametrize(
    "url", ["http://[bad]/", "nonsense", "ftp://host/", "http:///path", "http://a\x00b/"]
)
async def test_a_malformed_address_is_refused_without_repeating_it(wire: Wire, url: str) -> None:
    with pytest.raises(Refused) as caught:
        await wire.send(Call("GET", f"{url}{SECRET}"))
    assert SECRET not in str(caught.value)


async def test_a_credential_that_fits_no_header_is_refused_without_repeating_it(
    wire: Wire, raw_server: Any
) -> None:
    server = await raw_server(answer_with(b""))
    with pytest.raises(Refused) as caught:
        await wire.send(Call("GET", server.url, headers={"Authorization": f"Bearer {SECRET}\n"}))
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_an_operation_that_takes_too_long_is_down(
    autojump_clock: trio.testing.MockClock, witness: Any, closing: Any
) -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await trio.sleep_forever()
        raise AssertionError

    wire = closing(Wire(PROFILE, observer=witness, transport=httpx.MockTransport(never)))
    with pytest.raises(ServiceDown, match="longer than 5 s") as caught, wire.operation("look"):
        await wire.send(Call("GET", "http://host/"))
    assert caught.value.reason == DownReason.TIMEOUT
    assert DownReason(caught.value.reason).may_have_acted
    assert witness.calls == [("thing", "look", Outcome.DOWN)]


async def test_the_observer_hears_how_each_operation_ended(wire: Wire, witness: Any) -> None:
    with wire.operation("fine"):
        pass
    with pytest.raises(CredentialsRejected), wire.operation("wrong"):
        raise CredentialsRejected("no", service="thing")
    with pytest.raises(ZeroDivisionError), wire.operation("bug"):
        raise ZeroDivisionError
    with trio.CancelScope() as scope:
        scope.cancel()
        with wire.operation("stopped"):
            await trio.lowlevel.checkpoint()
    outcomes = [(operation, outcome) for _, operation, outcome in witness.calls]
    assert outcomes == [
        ("fine", Outcome.OK),
        ("wrong", Outcome.CREDENTIALS_REJECTED),
        ("bug", Outcome.CRASHED),
        ("stopped", Outcome.CANCELLED),
    ]


async def test_no_more_requests_run_at_once_than_the_profile_allows(closing: Any) -> None:
    running = most = 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await trio.testing.wait_all_tasks_blocked()
        running -= 1
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    profile = Profile("thing", "The Thing", connections=2)
    wire = closing(Wire(profile, transport=httpx.MockTransport(slow)))
    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(wire.send, Call("GET", "http://host/"))
    assert most == 2


async def test_cookies_are_kept_only_where_the_profile_says_so(closing: Any, script: Any) -> None:
    script(httpx.Response(200, headers={"Set-Cookie": "SID=abc; path=/"}))
    for keeps in (False, True):
        profile = Profile("thing", "The Thing", cookies=keeps)
        wire = closing(Wire(profile, transport=script.transport))
        script.requests.clear()
        for _ in range(2):
            await wire.send(Call("GET", "http://127.0.0.1/"))
        assert ("cookie" in script.requests[1].headers) is keeps


async def test_no_secret_reaches_a_log(
    wire: Wire, raw_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = await raw_server(answer_with(b"ok"))
    with caplog.at_level(logging.DEBUG):
        call = Call("GET", f"{server.url}/{SECRET}", headers={"Authorization": SECRET})
        answer = await wire.send(call)
    assert SECRET not in caplog.text
    assert SECRET not in f"{call!r} {answer!r}"
