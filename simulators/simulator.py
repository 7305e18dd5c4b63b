"""What all simulators share: requests, answers, the knobs page and the faults of a server."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import trio

from reeld.simulators.faults import Knobs, UnknownKnob
from reeld.simulators.serving import ABORT, Door, Receive, Scope, Send

PROXY_PAGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"
)
_KNOBS_PATH = "/_knobs"
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request, its body read whole."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case; of repeated headers the last one."""
    body: bytes
    server_port: int
    client: str

    @property
    def base_url(self) -> str:
        """The URL under which the client reached us, without a trailing slash."""
        return f"http://{self.headers.get('host', f'127.0.0.1:{self.server_port}')}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; a body that is a generator is sent chunk by chunk, never held whole."""

    status: int = 200
    body: bytes | AsyncGenerator[bytes, None] = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    hang_up: bool = field(default=False, kw_only=True)
    """Reset the connection where the body ends: for bodies shorter than promised."""


def json_answer(document: object, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, body, "application/json", named)


class BodyTooLarge(Exception):
    """The request's body is over the simulator's limit."""


class Simulator:
    """An ASGI app with knobs.

    `GET /_knobs` shows the knobs, counters and state; `POST /_knobs` with a JSON object turns knobs and answers the
    same. Neither is ever hit by a fault (except that nothing answers while `down_as` is `refuse`).
    """

    name: ClassVar[str] = "simulator"
    knobs_type: ClassVar[type[Knobs]] = Knobs
    body_limit: ClassVar[int] = 10 * 1024 * 1024

    def __init__(self) -> None:
        self.knobs = self.knobs_type()
        self.requests: Counter[str] = Counter()
        """Requests by path."""
        self.refused = 0
        """Requests that came while it was down."""
        self.door: Door | None = None

    def opened(self, door: Door) -> None:
        """Called by `serve_app` before the first request."""
        self.door = door

    async def work(self) -> None:
        """What goes on beside the requests; most simulators only answer."""

    @property
    def url(self) -> str:
        """The URL it is served under."""
        if self.door is None:
            raise RuntimeError(f"The simulator {self.name!r} is not served yet.")
        return self.door.url

    def turn(self, **values: Any) -> None:
        """Turn knobs by name, as `POST /_knobs` does.

        Raises:
            UnknownKnob: A name or a value is wrong; nothing was changed.
        """
        actions = self.actions()
        self.knobs.turn({name: value for name, value in values.items() if name not in actions})
        for name in values.keys() & actions.keys():
            actions[name](values[name])
        if "down_for" in values and self.knobs.down_as == "refuse" and self.door is not None:
            self.door.refuse_for(self.knobs.down_for)

    def actions(self) -> dict[str, Callable[[Any], None]]:
        """Knobs that do something once, by name. They raise `UnknownKnob` for a value they do not take."""
        return {}

    def arrived(self, request: Request) -> None:
        """Called for each request before any fault."""

    async def answer(self, request: Request) -> Answer:
        """Answer one request: what a subclass is about."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """What `GET /_knobs` shows beside knobs and counters."""
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        if scope["type"] != "http":
            return
        abort: Callable[[], None] = scope["extensions"].get(ABORT, lambda: None)
        try:
            request = await _read(scope, receive, self.body_limit)
        except BodyTooLarge:
            too_large = Answer(413, b"Payload Too Large", "text/plain", hang_up=True)
            await _Delivery(send, abort).deliver(too_large)
            return
        if request.path == _KNOBS_PATH:
            await _Delivery(send, abort).deliver(self._knobs_page(request))
            return
        self.requests[request.path] += 1
        self.arrived(request)
        await self._answer_with_faults(request, _Delivery(send, abort))

    async def _answer_with_faults(self, request: Request, delivery: _Delivery) -> None:
        knobs = self.knobs
        if not knobs.hits(request.path):
            await delivery.deliver(await self.answer(request))
            return
        await trio.sleep(knobs.latency)
        spoiled = await self._spoiled(delivery)
        if spoiled is not None:
            await delivery.deliver(spoiled)
        elif not delivery.aborted:
            answer = await self.answer(request)
            await delivery.deliver(self._spoil(answer, delivery), knobs.body_rate or math.inf)

    async def _spoiled(self, delivery: _Delivery) -> Answer | None:
        """The answer given in place of the real one, which then has no effect."""
        knobs = self.knobs
        if knobs.down:
            return await self._down(delivery)
        if knobs.take("drop_before"):
            delivery.abort()
        elif knobs.take("fail_next"):
            retry = (("retry-after", knobs.retry_after),) if knobs.retry_after else ()
            return Answer(knobs.fail_status, PROXY_PAGE, "text/html", retry)
        elif knobs.take("html_next"):
            return Answer(200, PROXY_PAGE, "text/html")
        return None

    async def _down(self, delivery: _Delivery) -> Answer | None:
        self.refused += 1
        match self.knobs.down_as:
            case "503" | "502" as status:
                return Answer(int(status), PROXY_PAGE, "text/html")
            case "html":
                return Answer(200, PROXY_PAGE, "text/html")
            case "hang":
                await trio.sleep_until(self.knobs.down_since + self.knobs.down_for)
                delivery.abort()
            case "drop" | "refuse":
                delivery.abort()
        return None

    def _spoil(self, answer: Answer, delivery: _Delivery) -> Answer:
        """The real answer, damaged on its way back."""
        knobs, body = self.knobs, answer.body
        half = body[: len(body) // 2] if isinstance(body, bytes) else b""
        if knobs.take("drop_after"):
            delivery.abort()
        elif knobs.take("empty_next"):
            return Answer(answer.status, b"", answer.content_type)
        elif knobs.take("garble_next"):
            return Answer(answer.status, half, answer.content_type, answer.headers)
        elif knobs.take("truncate_next"):
            promised = (*answer.headers, ("content-length", str(2 * len(half) + 1)))
            return Answer(answer.status, half, answer.content_type, promised, hang_up=True)
        return answer

    def _knobs_page(self, request: Request) -> Answer:
        if request.method == "POST":
            try:
                values = json.loads(request.body or b"{}")
                if not isinstance(values, dict):
                    raise UnknownKnob("Knobs are turned by a JSON object.")
                self.turn(**values)
            except (UnknownKnob, UnicodeDecodeError, json.JSONDecodeError) as error:
                return json_answer({"error": str(error)}, 400)
        shown = {
            "knobs": self.knobs.shown(),
            "requests": dict(self.requests),
            "refused": self.refused,
            "state": self.state(),
        }
        return json_answer({"simulator": self.name, "down": self.knobs.down, **shown})


class _Delivery:
    """One answer on its way to the client."""

    def __init__(self, send: Send, abort: Callable[[], None]) -> None:
        self._send = send
        self._abort = abort
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True
        self._abort()

    async def deliver(self, answer: Answer, rate: float = math.inf) -> None:
        if self.aborted:
            return
        await self._send(
            {"type": "http.response.start", "status": answer.status, "headers": _headers(answer)}
        )
        if isinstance(answer.body, bytes):
            await self._send_paced(answer.body, rate)
        else:
            async with aclosing(answer.body) as chunks:
                async for chunk in chunks:
                    await self._send_paced(chunk, rate)
        if answer.hang_up:
            self.abort()
        else:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_paced(self, chunk: bytes, rate: float) -> None:
        for piece in _paced(chunk, rate):
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            await trio.sleep(len(piece) / rate)


def _headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    named = [(name.lower(), value) for name, value in answer.headers]
    if answer.content_type:
        named.append(("content-type", answer.content_type))
    bodiless = answer.status in {204, 304}
    if isinstance(answer.body, bytes) and not bodiless and "content-length" not in dict(named):
        named.append(("content-length", str(len(answer.body))))
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named]


def _paced(chunk: bytes, rate: float) -> list[bytes]:
    # A tenth of a second's worth at a time, so that a slow body trickles instead of arriving in lumps.
    step = _CHUNK if math.isinf(rate) else max(1, int(rate / 10))
    return [chunk[start : start + step] for start in range(0, len(chunk), step)]


async def _read(scope: Scope, receive: Receive, limit: int) -> Request:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
        if len(body) > limit:
            raise BodyTooLarge
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    client = (scope.get("client") or ("127.0.0.1", 0))[0]
    port = (scope.get("server") or ("127.0.0.1", 0))[1]
    return Request(scope["method"], scope["path"], dict(query), headers, bytes(body), port, client)
