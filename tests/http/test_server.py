from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest
import trio

from reeld.domain.errors import Refused
from reeld.http.server import bind, serve, url_of


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/slow":
        await trio.sleep(0.3)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def test_a_server_answers_once_it_has_reported_that_it_started() -> None:
    listener = bind("127.0.0.1", 0)
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: serve(hello, listener, task_status=task_status))
        async with httpx.AsyncClient() as client:
            assert (await client.get(url_of(listener))).text == "hello"
        nursery.cancel_scope.cancel()
    listener.close()


async def test_a_restarted_server_finds_the_same_port() -> None:
    listener = bind("127.0.0.1", 0)
    for _ in range(2):
        async with trio.open_nursery() as nursery:
            await nursery.start(lambda task_status: serve(hello, listener, task_status=task_status))
            async with httpx.AsyncClient() as client:
                assert (await client.get(url_of(listener))).text == "hello"
            nursery.cancel_scope.cancel()
    listener.close()


async def test_an_open_request_may_end_when_the_server_is_told_to_stop() -> None:
    listener = bind("127.0.0.1", 0)
    answers: list[str] = []

    async def ask() -> None:
        async with httpx.AsyncClient() as client:
            answers.append((await client.get(url_of(listener) + "/slow")).text)

    async with trio.open_nursery() as outer, trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: serve(hello, listener, task_status=task_status))
        outer.start_soon(ask)
        await trio.sleep(0.1)
        nursery.cancel_scope.cancel()
    assert answers == ["hello"]
    listener.close()


def test_a_port_in_use_is_said_with_the_setting_to_change() -> None:
    first = bind("127.0.0.1", 0)
    with pytest.raises(Refused, match="REELD_BIND") as caught:
        bind("127.0.0.1", first.getsockname()[1])
    assert caught.value.reason == "address_in_use"
    first.close()


def test_a_host_that_is_not_ours_is_said_with_the_setting_to_change() -> None:
    with pytest.raises(Refused, match="REELD_BIND") as caught:
        bind("203.0.113.7", 0)
    assert caught.value.reason == "cannot_bind"


def test_a_url_for_every_address_names_one_that_can_be_called() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
