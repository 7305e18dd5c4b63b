from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import trio

from reeld.http import crowd as crowd_module
from reeld.http.crowd import Crowd
from reeld.http.server import WebServer, bind
from reeld.telemetry import Metrics

REFUSED = "reeld_http_connections_refused_total"
OPEN = "reeld_http_connections"


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd_module, "MOST", 10)
    monkeypatch.setattr(crowd_module, "KEPT_FREE", 4)
    monkeypatch.setattr(crowd_module, "FEW", 2)


async def test_one_address_leaves_room_for_others() -> None:
    metrics = Metrics()
    crowd = Crowd(metrics, "people")
    assert [crowd.enter("192.0.2.1") for _ in range(7)] == [True] * 6 + [False]
    assert [crowd.enter("192.0.2.2") for _ in range(3)] == [True, True, False]
    assert crowd.enter("192.0.2.3")
    assert metrics.value(OPEN, door="people") == 9
    assert metrics.value(REFUSED, door="people", cause="address") == 2


async def test_there_is_an_end_for_all() -> None:
    metrics = Metrics()
    crowd = Crowd(metrics, "operations")
    assert all(crowd.enter(f"192.0.2.{number}") for number in range(10))
    assert not crowd.enter("192.0.2.99")
    assert metrics.value(REFUSED, door="operations", cause="full") == 1


async def test_who_leaves_makes_room_and_is_forgotten() -> None:
    crowd = Crowd(Metrics(), "people")
    for _ in range(100):
        assert crowd.enter("192.0.2.1")
        crowd.leave("192.0.2.1")
    assert len(crowd) == 0
    assert not crowd._by_address


async def test_a_network_of_ipv6_is_one_address_and_mapped_ones_are_many() -> None:
    crowd = Crowd(Metrics(), "people")
    near = [crowd.enter(f"2001:db8::{number:x}") for number in range(7)]
    assert near == [True] * 6 + [False]
    crowd = Crowd(Metrics(), "people")
    assert all(crowd.enter(f"::ffff:192.0.2.{number}") for number in range(10))


async def test_a_flood_is_logged_once_in_a_while(
    autojump_clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = Crowd(Metrics(), "people")
    for _ in range(1000):
        crowd.enter("192.0.2.1")
    await trio.sleep(crowd_module.TELL_SECONDS)
    crowd.enter("192.0.2.1")
    assert capsys.readouterr().out.count("connections_refused") == 2


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with bind("127.0.0.1", 0) as listening:
        yield listening


async def test_a_flood_from_one_address_keeps_nobody_else_out(listener: socket.socket) -> None:
    async def hello(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    async def run(*, task_status: trio.TaskStatus[object]) -> None:
        await server.run(task_status=task_status)

    server = WebServer(listener, hello)
    port = listener.getsockname()[1]
    async with trio.open_nursery() as nursery:
        await nursery.start(run)
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
