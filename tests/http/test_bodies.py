from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import trio
from litestar import Litestar, post
from litestar.params import JSONBody

from reeld.http.bodies import BODY_SECONDS, Bodies
from reeld.http.problems import HANDLERS


@post("/")
async def count(data: JSONBody[list[int]]) -> int:
    await trio.sleep(BODY_SECONDS * 10)
    return len(data)


def routed() -> Any:
    return Litestar(
        [count],
        exception_handlers=HANDLERS,  # type: ignore[arg-type]
        openapi_config=None,
        logging_config=None,
    )


async def around(_scope: Any, receive: Any, send: Any) -> None:
    """Reads the body where no route is, and has no answers of its own."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"2"})


async def sent(parts: AsyncIterator[bytes], app: Any, **headers: str) -> httpx.Response:
    """Return the answer to a body that comes in parts."""
    answers: list[Any] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> Any:
        async for part in parts:
            return {"type": "http.request", "body": part, "more_body": True}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        answers.append(message)

    await Bodies(app)(scope, receive, send)  # type: ignore[arg-type]
    start, *rest = answers
    body = b"".join(each.get("body", b"") for each in rest)
    return httpx.Response(start["status"], headers=start["headers"], content=body)


async def dripping(gap: float, *parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await trio.sleep(gap)
        yield part


@pytest.mark.parametrize("app", [routed(), around], ids=["at a route", "around the routes"])
async def test_a_body_that_comes_drop_by_drop_is_refused_in_time(
    autojump_clock: Any, app: Any
) -> None:
    drops = dripping(1.0, b"[", *[b" "] * 1000, b"]")
    began = trio.current_time()
    answer = await sent(drops, app)
    assert math.isclose(trio.current_time() - began, BODY_SECONDS)
    assert (answer.status_code, answer.json()["reason"]) == (408, "request_timeout")
    assert "Send it again" in answer.json()["detail"]
    await drops.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("app", [routed(), around], ids=["at a route", "around the routes"])
async def test_a_body_that_is_there_in_time_may_be_worked_on_for_as_long_as_it_takes(
    autojump_clock: Any, app: Any
) -> None:
    answer = await sent(dripping(5.0, b"[1,", b"2]"), app)
    assert (answer.status_code, answer.text) == (201, "2")


@pytest.mark.parametrize("packing", ["gzip", "GZIP", "identity, br", "x-nonsense"])
async def test_a_packed_body_is_refused_unread(packing: str) -> None:
    answer = await sent(dripping(0.0), around, **{"Content-Encoding": packing})
    assert (answer.status_code, answer.json()["reason"]) == (415, "body_packed")
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_that_says_it_is_not_packed_is_taken() -> None:
    answer = await sent(dripping(0.0, b"[]"), around, **{"Content-Encoding": "identity"})
    assert answer.status_code == 201
