from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import trio

from reeld.http import crowd as crowd_module
from reeld.http.crowd import Crowd
from reeld.http.server import WebServer, bind
from reeld.http.visits import Visit
from reeld.telemetry import Metrics

REFUSED = "reeld_http_connections_refused_total"
OPEN = "reeld_http_connections"


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd_module, "MOST", 10)
    monkeypatch.setattr(crowd_module, "KEPT_FREE", 4)
    monkeypatch.setattr(crowd_module, "FEW", 2)


def nothing() -> None:
    """Hang up on nobody."""


def is_let_in(crowd: Crowd, address: str) -> bool:
    """Whether somebody comes in who asks for something at once."""
    visit = crowd.enter(address, nothing)
    if visit is not None:
        visit.asks()
    return visit is not None


async def test_one_address_leaves_room_for_others() -> None:
    metrics = Metrics()
    crowd = Crowd(metrics, "people")
    assert [is_let_in(crowd, "192.0.2.1") for _ in range(7)] == [True] * 6 + [False]
    assert [is_let_in(crowd, "192.0.2.2") for _ in range(3)] == [True, True, False]
    assert is_let_in(crowd, "192.0.2.3")
    assert metrics.value(OPEN, door="people") == 9
    assert metrics.value(REFUSED, door="people", cause="address") == 2


async def test_there_is_an_end_for_all() -> None:
    metrics = Metrics()
    crowd = Crowd(metrics, "operations")
    assert all(is_let_in(crowd, f"192.0.2.{number}") for number in range(10))
    assert not is_let_in(crowd, "192.0.2.99")
    assert metrics.value(REFUSED, door="operations", cause="full") == 1


async def test_who_waited_longest_for_a_first_head_is_dropped_for_a_new_one_then_who_is_idle_longest() -> (
    None
):
    metrics = Metrics()
    crowd = Crowd(metrics, "people")
    dropped: list[int] = []
    visits: list[Visit] = []
    for number in range(10):
        visit = crowd.enter(f"192.0.2.{number}", partial(dropped.append, number))
        assert visit is not None
        visits.append(visit)
    for number in (0, 2, 3, 4, 5, 6, 7, 9):
        visits[number].asks()
    for number in (5, 2):
        visits[number].rests()
    for number in range(4):
        assert is_let_in(crowd, f"198.51.100.{number}")
    # Unheard were 1 and 8; idle were 5 and 2.
    assert dropped == [1, 8, 5, 2]
    assert not is_let_in(crowd, "198.51.100.99")
    assert metrics.value(REFUSED, door="people", cause="waiting") == 4
    for visit in visits:
        visit.rests()
        crowd.leave(visit)
    assert len(crowd) == 4
    assert crowd._waiting.longest() is None


async def test_an_address_that_has_many_drops_nobody() -> None:
    crowd = Crowd(Metrics(), "people")
    dropped: list[str] = []
    for number in range(10):
        assert crowd.enter(f"192.0.2.{number // 2}", partial(dropped.append, "somebody"))
    assert not crowd.enter("192.0.2.1", nothing)
    assert dropped == []


async def test_who_leaves_makes_room_and_is_forgotten() -> None:
    crowd = Crowd(Metrics(), "people")
    for _ in range(100):
        visit = crowd.enter("192.0.2.1", nothing)
        assert visit is not None
        crowd.leave(visit)
    assert len(crowd) == 0
    assert not crowd._by_address
    assert crowd._waiting.longest() is None


async def test_a_network_of_ipv6_is_one_address_and_mapped_ones_are_many() -> None:
    crowd = Crowd(Metrics(), "people")
    near = [is_let_in(crowd, f"2001:db8::{number:x}") for number in range(7)]
    assert near == [True] * 6 + [False]
    crowd = Crowd(Metrics(), "people")
    assert all(is_let_in(crowd, f"::ffff:192.0.2.{number}") for number in range(10))


async def test_a_flood_is_logged_once_in_a_while(
    autojump_clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = Crowd(Metrics(), "people")
    for _ in range(1000):
        is_let_in(crowd, "192.0.2.1")
    await trio.sleep(crowd_module.TELL_SECONDS)
    is_let_in(crowd, "192.0.2.1")
    assert capsys.readouterr().out.count("connections_refused") == 2


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with bind("127.0.0.1", 0) as listening:
        yield listening


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def run(server: WebServer, *, task_status: trio.TaskStatus[object]) -> None:
    await server.run(task_status=task_status)


async def test_a_flood_from_one_address_keeps_nobody_else_out(listener: socket.socket) -> None:
    server = WebServer(listener, hello)
    port = listener.getsockname()[1]
    async with trio.open_nursery() as nursery:
        await nursery.start(run, server)
        flood = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(30)]
        with trio.fail_after(30):
            while server.connections < 6:
                await trio.sleep(0.01)
            stranger = await trio.open_tcp_stream("127.0.0.1", port, local_address="127.0.0.2")
            await stranger.send_all(b"GET / HTTP/1.0\r\n\r\n")
            assert b"200" in await stranger.receive_some()
        for stream in (*flood, stranger):
            await trio.aclose_forcefully(stream)
        server.stop()


@pytest.mark.parametrize(
    ("said", "is_answered"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nHost:", False),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", True),
    ],
    ids=["nothing", "half a head", "one request"],
)
async def test_who_takes_all_connections_and_asks_for_nothing_keeps_nobody_out(
    listener: socket.socket, said: bytes, is_answered: bool
) -> None:
    server = WebServer(listener, hello)
    port = listener.getsockname()[1]
    async with trio.open_nursery() as nursery:
        await nursery.start(run, server)
        taken = []
        with trio.fail_after(30):
            for number in range(10):
                local = f"127.0.1.{number + 1}"
                stream = await trio.open_tcp_stream("127.0.0.1", port, local_address=local)
                await stream.send_all(said)
                if is_answered:
                    assert b"200" in await stream.receive_some()
                taken.append(stream)
            while server.connections < 10:
                await trio.sleep(0.01)
            for _ in range(3):
                # With as long for the head as anybody has.
                stranger = await trio.open_tcp_stream("127.0.0.1", port, local_address="127.0.0.2")
                await stranger.send_all(b"GET / HTTP/1.0\r\n\r\n")
                assert b"200" in await stranger.receive_some()
                await trio.aclose_forcefully(stranger)
            while server.connections > 9:
                await trio.sleep(0.01)
        for stream in taken:
            await trio.aclose_forcefully(stream)
        server.stop()


async def test_who_is_being_answered_is_not_dropped(listener: socket.socket) -> None:
    begun, go = 0, trio.Event()

    async def later(scope: Any, receive: Any, send: Any) -> None:
        nonlocal begun
        begun += 1
        await go.wait()
        await hello(scope, receive, send)

    server = WebServer(listener, later)
    port = listener.getsockname()[1]
    async with trio.open_nursery() as nursery:
        await nursery.start(run, server)
        with trio.fail_after(30):
            busy = []
            for number in range(10):
                local = f"127.0.1.{number + 1}"
                stream = await trio.open_tcp_stream("127.0.0.1", port, local_address=local)
                await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
                busy.append(stream)
            while begun < 10:
                await trio.sleep(0.01)
            stranger = await trio.open_tcp_stream("127.0.0.1", port, local_address="127.0.0.2")
            with suppress(trio.BrokenResourceError):
                assert await stranger.receive_some() == b""
            go.set()
            for stream in busy:
                assert b"200" in await stream.receive_some()
        for stream in (*busy, stranger):
            await trio.aclose_forcefully(stream)
        server.stop()
