"""`Idempotency-Key`: a request that is sent again gets the answer of the first time and is not carried out twice.

As the draft of the IETF says (draft-ietf-httpapi-idempotency-key-header-07): the same key with another request is 422, one
whose first request still runs is 409. Answers are kept for a day; while the database is away in memory alone.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any, Final

import structlog
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reeld.domain.errors import DatabaseUnavailable
from reeld.http.access import Access, credential_of
from reeld.http.problems import Problem, encoded
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import answers
from reeld.storage.repositories.answers import KeptAnswer

log = structlog.get_logger("reeld.http")

HEADER: Final = b"idempotency-key"
LONGEST_KEY: Final = 255
MOST_REMEMBERED: Final = 500
LARGEST_KEPT: Final = 256 * 1024
"""Bytes of an answer that is kept; a larger one is not, and its request would be carried out again."""

LARGEST_BODY: Final = 8 * 1024 * 1024
"""As large as any route takes; smaller bounds are the routes' own."""

NEVER_KEPT: Final = (
    "/control/keys",
    "/api/keys",
    "/api/login",
    "/login",
    "/api/users",
    "/api/calendar/token",
)
"""Whose answers hold what is shown once and stored nowhere."""

Id = tuple[bytes, bytes]


class Idempotent:
    """Stands in front of routes that change something.

    Args:
        app: The routes.
        database: Where answers are kept.
        access: Says who calls: nobody else's answers are given out, nor those of a key that was revoked.
    """

    def __init__(self, app: ASGIApp, database: Database, access: Access) -> None:
        self._app = app
        self._database = database
        self._access = access
        self._remembered: OrderedDict[Id, KeptAnswer] = OrderedDict()
        self._running: set[Id] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, or answer as before."""
        headers = dict(scope.get("headers", ()))
        key = headers.get(HEADER)
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST" or key is None:
            await self._app(scope, receive, send)
            return
        if _is_secret(scope["path"]) or not await self._access.knows(scope):
            await self._app(scope, receive, send)
            return
        if not 0 < len(key) <= LONGEST_KEY:
            await _refuse(send, 400, "bad_idempotency_key", "It has 1 to 255 characters.")
            return
        body = await _body(receive)
        if len(body) > LARGEST_BODY:
            await _refuse(send, 413, "body_too_large", "A body has at most 8 MiB here. Send less.")
            return
        request = _digest(scope["method"].encode(), scope["raw_path"], scope["query_string"], body)
        await self._once((_caller(scope), _digest(key)), request, scope, body, send)

    async def _once(self, own: Id, request: bytes, scope: Scope, body: bytes, send: Send) -> None:
        if own in self._running:
            await _refuse(
                send, 409, "still_running", "The first request still runs. Ask again later."
            )
            return
        self._running.add(own)
        try:
            kept = await self._find(own)
            told = await self._carry_out(own, request, scope, body) if kept is None else None
        finally:
            self._running.discard(own)
        if told is not None:
            await told.pass_on(send)
        elif kept is not None and kept.request != request:
            sentence = "That key was used for another request. Use a new one."
            await _refuse(send, 422, "idempotency_key_reused", sentence)
        elif kept is not None:
            await _answer(send, kept.status, kept.content_type, kept.body, replayed=True)

    async def _carry_out(self, own: Id, request: bytes, scope: Scope, body: bytes) -> _Told:
        """Carry a request out, and keep its answer before anybody sees it: who repeats it then finds it."""
        told = _Told()
        await self._app(scope, _once_more(body), told)
        # What failed by our fault, or was not allowed, is tried in earnest the next time.
        lasting = told.status < 500 and told.status not in {401, 403, 429}
        if lasting and len(told.body) <= LARGEST_KEPT:
            answer = KeptAnswer(request, told.status, told.content_type, told.body)
            await self._keep(own, answer)
        return told

    async def _find(self, own: Id) -> KeptAnswer | None:
        if (kept := self._remembered.get(own)) is not None:
            return kept
        try:
            return await answers.find(self._database, *own)
        except DatabaseUnavailable:
            return None

    async def _keep(self, own: Id, answer: KeptAnswer) -> None:
        self._remembered[own] = answer
        while len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        try:
            async with self._database.transaction() as conn:
                await answers.keep(conn, *own, answer)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("answer_not_kept", reason=error.reason)


class _Told:
    """Takes an answer, to be looked at and passed on."""

    def __init__(self) -> None:
        self._messages: list[Any] = []

    async def __call__(self, message: Message) -> None:
        self._messages.append(message)

    async def pass_on(self, send: Send) -> None:
        """Send what was taken."""
        for message in self._messages:
            await send(message)

    @property
    def status(self) -> int:
        """Of the answer; 500 when there is none."""
        return next((each["status"] for each in self._messages if "status" in each), 500)

    @property
    def content_type(self) -> str:
        """Of the answer."""
        headers = [
            header
            for each in self._messages
            if each["type"] == "http.response.start"
            for header in each.get("headers", ())
        ]
        found = (bytes(value) for name, value in headers if bytes(name).lower() == b"content-type")
        return next(found, b"application/json").decode("latin-1")

    @property
    def body(self) -> bytes:
        """Of the answer."""
        return b"".join(
            each.get("body", b"") for each in self._messages if each["type"] == "http.response.body"
        )


def keeps_answers_of(path: str) -> bool:
    """Whether a POST to a path may be sent again under the same key; not where answers hold what is shown once."""
    return not _is_secret(path)


def _is_secret(path: str) -> bool:
    # The routes take several slashes for one.
    return "/".join(["", *(part for part in path.split("/") if part)]).startswith(NEVER_KEPT)


async def _body(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(parts)
        parts += message.get("body", b"")
        if len(parts) > LARGEST_BODY or not message.get("more_body", False):
            return bytes(parts)


def _once_more(body: bytes) -> Receive:
    sent = False

    async def receive() -> Any:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _caller(scope: Scope) -> bytes:
    shown = credential_of(ASGIConnection(scope))
    return _digest(b"" if shown is None else shown.reveal().encode())


def _digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).digest()


async def _refuse(send: Send, status: int, reason: str, detail: str) -> None:
    problem = Problem("Idempotency-Key", status, reason, detail)
    await _answer(send, status, "application/problem+json", encoded(problem))


async def _answer(
    send: Send, status: int, content_type: str, body: bytes, *, replayed: bool = False
) -> None:
    headers = [
        (b"content-type", content_type.encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
    ]
    if replayed:
        headers.append((b"idempotency-replayed", b"true"))
    start: Any = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    end: Any = {"type": "http.response.body", "body": body, "more_body": False}
    await send(end)
