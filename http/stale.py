"""While the database is away, reads that were answered before are answered again, marked as stale."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reeld.domain.errors import DatabaseUnavailable
from reeld.http.access import credential_of, digest
from reeld.http.measure import counted_as
from reeld.telemetry import Metrics

KEPT: Final = frozenset(
    {
        "/api/calendar",
        "/api/collections",
        "/api/collections/{collection_id}",
        "/api/customformats",
        "/api/customformats/{format_id}",
        "/api/delayprofiles",
        "/api/delayprofiles/{profile_id}",
        "/api/downloads",
        "/api/downloads/{download_id}",
        "/api/feeds",
        "/api/feeds/{name}",
        "/api/groups",
        "/api/groups/{name}",
        "/api/history",
        "/api/history/{entry_id}",
        "/api/movies",
        "/api/movies/{movie_id}",
        "/api/indexers",
        "/api/indexers/{indexer_id}",
        "/api/movies/{movie_id}/decisions",
        "/api/movies/{movie_id}/releases",
        "/api/profiles",
        "/api/profiles/{profile_id}",
        "/api/qualitydefinitions",
        "/api/queue",
        "/api/queue/status",
        "/api/releaseprofiles",
        "/api/releaseprofiles/{profile_id}",
        "/api/statistics",
        "/api/tags",
        "/api/tags/{tag_id}",
        "/api/wanted/cutoff",
        "/api/wanted/missing",
        "/api/work",
        "/api/work/{work_id}",
    }
)
"""Routes whose answers are kept. Each is named: one that may hold a secret must never be added by accident."""

LARGEST_ANSWER: Final = 512 * 1024
LARGEST_OF_ALL: Final = 8 * 1024 * 1024
"""Bytes of all answers that are kept; the least recently used one goes first."""
LONGEST_QUERY: Final = 2048

_PASSED: Final = "reeld_passed"
_FAILED: Final = "reeld_database_failed"

Key: TypeAlias = tuple[bytes, str, bytes]
"""Who asked (a digest of the key or session), the path and the query: nobody sees what another key was answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The last good answer to one question.

    Attributes:
        at: When it was good, in monotonic seconds.
    """

    body: bytes
    content_type: bytes
    at: float


class Shelf:
    """Keeps a bounded number of bytes of answers.

    Args:
        largest: Bytes of all bodies and questions together.
    """

    def __init__(self, largest: int = LARGEST_OF_ALL) -> None:
        self._largest = largest
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self.size = 0

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer in place of the last one to this question."""
        self.forget(key)
        self._answers[key] = answer
        self.size += _size(key, answer)
        while self.size > self._largest:
            self.forget(next(iter(self._answers)))

    def forget(self, key: Key) -> None:
        """Drop the answer to this question, if there is one."""
        old = self._answers.pop(key, None)
        if old is not None:
            self.size -= _size(key, old)

    def find(self, key: Key) -> Answer | None:
        """Return the last good answer, or None."""
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)


def _size(key: Key, answer: Answer) -> int:
    return (
        len(answer.body) + sum(len(part) for part in key) + 512
    )  # and what the objects themselves take


async def note_passed(request: Request[Any, Any, Any]) -> None:
    """Note that a request has passed its guards; for `Litestar(before_request=...)`."""
    _marks(request.scope)[_PASSED] = True


def note_failure(request: Request[Any, Any, Any], error: Exception) -> None:
    """Note that a request failed because of the database; for the handlers of errors."""
    if isinstance(error, DatabaseUnavailable):
        _marks(request.scope)[_FAILED] = True


class StaleAnswers:
    """Remembers good answers of some reads, and gives them once more while the database is away, and only then.

    A request runs through the application first, with its key checked: what is replaced is only the refusal at its
    end. Stale answers say so: `Warning: 110` and `Age` (RFC 9111, 5.5 and 5.1) and `X-Reeld-Stale`, in seconds.

    Args:
        app: What answers.
        is_away: Finds out whether the database is away; called only after it has failed a request.
        metrics: Counts what is answered from here.
    """

    def __init__(
        self, app: ASGIApp, is_away: Callable[[], Awaitable[bool]], metrics: Metrics
    ) -> None:
        self._app = app
        self._is_away = is_away
        self._metrics = metrics
        self._shelf = Shelf()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and look at its answer when it is one of a read that is kept."""
        if not _is_read(scope):
            await self._app(scope, receive, send)
            return
        answer = _Exchange(scope, send)
        await self._app(scope, receive, answer.send)
        if not answer.is_held_back:
            self._remember(scope, answer)
        elif (stale := await self._stale(scope)) is not None:
            await self._give(scope, stale, send)
        else:
            await answer.release()

    def _remember(self, scope: Scope, answer: _Exchange) -> None:
        key = _key_of(scope)
        if key is None or _route_of(scope) not in KEPT or _PASSED not in scope:
            return
        if answer.status == 304:
            return  # the client has it, and what is kept is still right
        if answer.body is None or answer.status != 200:
            # Not found any more, or too large: what it was before must not come back.
            self._shelf.forget(key)
            return
        self._shelf.keep(key, Answer(answer.body, answer.content_type, time.monotonic()))

    async def _stale(self, scope: Scope) -> Answer | None:
        key = _key_of(scope)
        if key is None or _route_of(scope) not in KEPT:
            return None
        found = self._shelf.find(key)
        return found if found is not None and await self._is_away() else None

    async def _give(self, scope: Scope, stale: Answer, send: Send) -> None:
        self._metrics.add("reeld_http_stale_answers_total", route=counted_as(_route_of(scope)))
        age = str(int(time.monotonic() - stale.at)).encode()
        headers = [
            (b"content-type", stale.content_type),
            (b"content-length", str(len(stale.body)).encode()),
            (b"age", age),
            (b"warning", b'110 reeld "Response is Stale"'),
            (b"x-reeld-stale", age),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": stale.body, "more_body": False})


class _Exchange:
    """One answer on its way: a refusal for want of the database is held back, anything else passes and is copied."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._held: list[Message] = []
        self._parts: list[bytes] | None = []
        self._length = 0
        self.status = 0
        self.content_type = b""
        self.is_held_back = False

    @property
    def body(self) -> bytes | None:
        """The whole body; None when it is larger than what is kept."""
        return None if self._parts is None else b"".join(self._parts)

    async def send(self, message: Message) -> None:
        """Take one message of the application's."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = dict(message.get("headers", ()))
            self.content_type = headers.get(b"content-type", b"application/json")
            passed = _PASSED in self._scope and _FAILED in self._scope
            self.is_held_back = self.status == 503 and passed
        elif message["type"] == "http.response.body":
            self._copy(message.get("body", b""))
        if self.is_held_back:
            self._held.append(message)
        else:
            await self._send(message)

    async def release(self) -> None:
        """Send what was held back after all."""
        for message in self._held:
            await self._send(message)

    def _copy(self, part: bytes) -> None:
        self._length += len(part)
        if self._length > LARGEST_ANSWER:
            self._parts = None
        elif self._parts is not None:
            self._parts.append(part)


def _is_read(scope: Scope) -> bool:
    if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
        return False
    return scope["path"].startswith("/api/") and len(scope["query_string"]) <= LONGEST_QUERY


def _marks(scope: Any) -> dict[str, Any]:
    """Return the scope as what it is: a dictionary in which everybody may leave a mark."""
    marks: dict[str, Any] = scope
    return marks


def _route_of(scope: Scope) -> str:
    return str(scope.get("path_template", ""))


def _key_of(scope: Scope) -> Key | None:
    shown = credential_of(Request(scope))
    return None if shown is None else (digest(shown.reveal()), scope["path"], scope["query_string"])
