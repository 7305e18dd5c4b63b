from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx
import pytest
import trio

from reeld.simulators import Simulator, UnknownKnob, serve
from reeld.simulators.simulator import Answer, Request


class Echo(Simulator):
    name = "echo"
    body_limit = 1000

    def __init__(self) -> None:
        super().__init__()
        self.effects = 0

    async def answer(self, request: Request) -> Answer:
        self.effects += 1
        return Answer(200, b"0123456789", "text/plain")


async def test_an_app_is_served_on_a_free_loopback_port(talk: Any) -> None:
    async with talk(Echo()) as one, talk(Echo()) as other:
        assert (await one.get("/")).text == (await other.get("/")).text == "0123456789"
        assert one.base_url.host == "127.0.0.1"
        assert one.base_url.port != other.base_url.port


async def test_a_plain_asgi_app_can_be_served_too() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with serve(app) as url, httpx.AsyncClient() as client:
        assert (await client.get(url)).status_code == 204


async def test_nobody_answers_any_more_when_the_block_is_left() -> None:
    async with serve(Echo()) as url:
        pass
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(url)


async def test_stopping_does_not_wait_for_a_client_that_stopped_reading() -> None:
    class Talker(Simulator):
        async def answer(self, request: Request) -> Answer:
            return Answer(200, bytes(50_000_000))

    with trio.fail_after(5):
        async with serve(Talker()) as url:
            stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(url).port or 0)
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await stream.receive_some(10)
    await trio.aclose_forcefully(stream)


async def test_an_idle_connection_is_closed_after_its_time() -> None:
    async with serve(Echo(), keep_alive=0.1) as url:
        stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(url).port or 0)
        with trio.fail_after(5):
            assert await stream.receive_some(1) == b""
        await stream.aclose()


async def test_a_server_refuses_connections_for_a_while_and_comes_back_on_its_port(
    talk: Any,
) -> None:
    echo = Echo()
    async with talk(echo) as client:
        await client.get("/")
        echo.turn(down_as="refuse", down_for=0.3)
        with pytest.raises(httpx.TransportError):
            await client.get("/")
        with pytest.raises(httpx.ConnectError):
            await client.get("/")
        await trio.sleep(0.4)
        assert (await client.get("/")).status_code == 200


async def rest_of(stream: trio.SocketStream) -> None:
    while await stream.receive_some(1000):
        pass


async def test_refusing_resets_the_connections_that_are_open() -> None:
    echo = Echo()
    async with serve(echo) as url:
        stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(url).port or 0)
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await stream.receive_some(1000)
        assert echo.door is not None
        assert echo.door.connections == 1
        echo.door.refuse_for(60)
        with trio.fail_after(5), pytest.raises(trio.BrokenResourceError):
            await rest_of(stream)
    await trio.aclose_forcefully(stream)


@pytest.mark.parametrize(("how", "status"), [("503", 503), ("502", 502), ("html", 200)])
async def test_a_server_that_is_down_answers_a_page_and_does_nothing(
    talk: Any, how: str, status: int
) -> None:
    echo = Echo()
    async with talk(echo) as client:
        echo.turn(down_for=60, down_as=how)
        answer = await client.get("/")
        assert answer.status_code == status
        assert "<html>" in answer.text
        echo.turn(down_for=0)
        assert (await client.get("/")).text == "0123456789"
    assert echo.effects == 1


@pytest.mark.parametrize("how", ["drop", "hang"])
async def test_a_server_that_is_down_may_also_reset_or_hang(talk: Any, how: str) -> None:
    echo = Echo()
    async with talk(echo) as client:
        echo.turn(down_for=0.1, down_as=how)
        with trio.fail_after(5), pytest.raises(httpx.ReadError):
            await client.get("/")
    assert echo.effects == 0


@pytest.mark.parametrize(("knob", "effects"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_connection_is_reset_before_or_after_the_effect(
    talk: Any, knob: str, effects: int
) -> None:
    echo = Echo()
    async with talk(echo) as client:
        echo.turn(**{knob: 1})
        with pytest.raises(httpx.ReadError):
            await client.post("/")
        assert echo.effects == effects
        assert (await client.get("/")).status_code == 200


async def test_an_answer_is_cut_garbled_or_emptied_as_the_knobs_say(talk: Any) -> None:
    echo = Echo()
    async with talk(echo) as client:
        echo.turn(truncate_next=1)
        with pytest.raises(httpx.TransportError):
            await client.get("/")
        echo.turn(garble_next=1, empty_next=1, html_next=1, fail_next=1, fail_status=429)
        echo.turn(retry_after="7")
        limited, page, empty, half, whole = [await client.get("/") for _ in range(5)]
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    assert (empty.text, half.text, whole.text) == ("", "01234", "0123456789")


async def test_faults_hit_only_the_paths_they_are_told_to(talk: Any) -> None:
    echo = Echo()
    async with talk(echo) as client:
        echo.turn(fail_next=1, only="/api/add")
        assert (await client.get("/api/info")).status_code == 200
        assert (await client.get("/api/add")).status_code == 503


async def test_latency_and_a_slow_body_take_their_time(talk: Any) -> None:
    echo = Echo()
    async with talk(echo) as client:
        echo.turn(latency=0.2, body_rate=50)
        started = trio.current_time()
        assert (await client.get("/")).text == "0123456789"
        assert trio.current_time() - started >= 0.29


async def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(talk: Any) -> None:
    echo = Echo()
    async with talk(echo) as client:
        # The connection is reset: the client may notice that first.
        with suppress(httpx.TransportError):
            assert (await client.post("/", content=bytes(100_000))).status_code == 413
    assert echo.effects == 0


async def test_knobs_are_turned_and_shown_over_http_also_while_the_server_is_down(
    talk: Any,
) -> None:
    echo = Echo()
    async with talk(echo) as client:
        await client.get("/some/path")
        turned = await client.post("/_knobs", json={"down_for": 30, "down_as": "drop"})
        assert turned.json()["down"] is True
        shown = (await client.get("/_knobs")).json()
    assert shown["simulator"] == "echo"
    assert shown["knobs"]["down_as"] == "drop"
    assert shown["requests"] == {"/some/path": 1}


@pytest.mark.parametrize(
    "body", ['{"no_such_knob": 1}', '{"latency": "x"}', "[]", "{", '{"down_since": 1}']
)
async def test_a_knob_that_does_not_exist_or_fit_is_refused(talk: Any, body: str) -> None:
    echo = Echo()
    async with talk(echo) as client:
        answer = await client.post("/_knobs", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_refused_turn_changes_nothing() -> None:
    echo = Echo()
    with pytest.raises(UnknownKnob, match="no_such_knob"):
        echo.turn(fail_next=3, no_such_knob=1)
    assert echo.knobs.fail_next == 0
