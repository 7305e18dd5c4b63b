"""Callers who ask the same at the same time share one answer, found after the last of them had asked.

A page that ten people look at, and the programs beside it, ask the same few questions every few seconds. While one is
being answered, all who ask it meanwhile wait together, and the next reading is for all of them. Nobody gets what was read
before they asked: whoever has just changed something sees the change.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

import psycopg
import trio
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.scope import Scope as Right
from reeld.http.identity.callers import Caller
from reeld.http.stale import KEPT
from reeld.telemetry import Metrics

OF_RADARR: Final = frozenset(
    f"/api/v3/{path}"
    for path in (
        "blocklist",
        "calendar",
        "collection",
        "customformat",
        "diskspace",
        "health",
        "history",
        "movie",
        "movie/{movie_id}",
        "moviefile",
        "qualitydefinition",
        "qualityprofile",
        "queue",
        "queue/details",
        "queue/status",
        "rootfolder",
        "system/status",
        "tag",
        "tag/detail",
        "wanted/cutoff",
        "wanted/missing",
    )
)
SHARED: Final = KEPT | OF_RADARR
"""Reads that are shared. Each is named: an answer that depends on who asks must never be added by accident."""

_ASKED_WITH: Final = frozenset({b"accept", b"host", b"if-none-match", b"origin"})
"""Headers that an answer may depend on."""

_IS_SHARED: Final = re.compile(
    "|".join(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path)) + "/?" for path in sorted(SHARED))
)

Question: TypeAlias = tuple[Right, str, bytes, tuple[tuple[bytes, bytes], ...]]
"""With which right, the path, the query, and the headers that count."""


class Admission(Protocol):
    """Knows who may look."""

    async def looker(self, scope: Scope) -> Caller | None:
        """Return who asks; None when they are to be turned away."""

    def let_in(self, caller: Caller) -> None:
        """Count somebody who was let in."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, whole.

    Attributes:
        template: The route, by which requests are counted.
    """

    messages: tuple[Message, ...]
    template: str


class _Group:
    """Those who wait for one answer. The first asks; should it go away meanwhile, the next one does."""

    def __init__(self) -> None:
        self.members = 0
        self._may_ask = trio.Event()
        self._answer: Answer | None = None
        self._has_asker = False
        self._changed = trio.Event()

    @property
    def is_over(self) -> bool:
        """Whether it has its answer, or nobody is left who wants it."""
        return self._answer is not None or self.members == 0

    def begin(self) -> None:
        """Let the group ask."""
        self._may_ask.set()

    async def answer(self, ask: Callable[[], Awaitable[Answer]]) -> tuple[Answer, bool]:
        """Return the group's answer, and whether the caller was the asker.

        An error is an answer as well: those who asked together are refused together, instead of one after the other.
        """
        await self._may_ask.wait()
        while self._has_asker:
            await self._changed.wait()
        if self._answer is not None:
            return self._answer, False
        self._has_asker = True
        try:
            self._answer = await ask()
        finally:
            self._has_asker = False
            self._changed.set()
            self._changed = trio.Event()
        return self._answer, True


class _Line:
    """One question: the group that asks it now, and the one that comes next."""

    def __init__(self) -> None:
        self.asking: _Group | None = None
        self.waiting: _Group | None = None

    def join(self) -> _Group:
        """Return the group to wait with: never one that has begun to ask."""
        if self.asking is None:
            self.asking = _Group()
            self.asking.begin()
            return self.asking
        if self.waiting is None:
            self.waiting = _Group()
        return self.waiting

    def leave(self, group: _Group) -> None:
        """Let the next group begin once this one has its answer, or nobody is left in it."""
        if group is not self.asking or not group.is_over:
            return
        following, self.waiting = self.waiting, None
        self.asking = following if following is not None and following.members else None
        if self.asking is not None:
            self.asking.begin()


class SharedAnswers:
    """Asks the application once for all who wait for the same.

    An answer is taken whole before any of it is sent: a client that reads slowly holds nobody up.

    Args:
        app: What answers.
        admission: Says who asks.
        metrics: Counts the answers that were found for somebody else too.
    """

    def __init__(self, app: ASGIApp, admission: Admission, metrics: Metrics) -> None:
        self._app = app
        self._admission = admission
        self._metrics = metrics
        self._lines: dict[Question, _Line] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with what others are told."""
        caller = await self._looker(scope) if _is_shared(scope) else None
        if caller is None:
            await self._app(scope, receive, send)
            return
        ask = partial(self._ask, scope, receive)
        answer, is_own = await self._answer(_question(caller, scope), ask)
        if not is_own:
            marks: Any = scope
            marks["path_template"] = answer.template
            self._admission.let_in(caller)
            self._metrics.add("reeld_http_shared_answers_total")
        for message in answer.messages:
            await send(_copied(message))

    async def _looker(self, scope: Scope) -> Caller | None:
        try:
            return await self._admission.looker(scope)
        except (DatabaseUnavailable, psycopg.Error):
            return None  # the guard of the route asks again, and answers what is to be answered

    async def _answer(
        self, question: Question, ask: Callable[[], Awaitable[Answer]]
    ) -> tuple[Answer, bool]:
        line = self._lines.setdefault(question, _Line())
        group = line.join()
        group.members += 1
        try:
            return await group.answer(ask)
        finally:
            group.members -= 1
            line.leave(group)
            if line.asking is None and self._lines.get(question) is line:
                del self._lines[question]

    async def _ask(self, scope: Scope, receive: Receive) -> Answer:
        heard: list[Message] = []

        async def hear(message: Message) -> None:
            heard.append(message)

        await self._app(scope, receive, hear)
        return Answer((*heard,), str(scope.get("path_template", "")))


def _is_shared(scope: Scope) -> bool:
    if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
        return False
    return _IS_SHARED.fullmatch(scope["path"]) is not None


def _question(caller: Caller, scope: Scope) -> Question:
    headers = tuple(sorted(each for each in scope["headers"] if each[0] in _ASKED_WITH))
    return (caller.scope, scope["path"], scope["query_string"], headers)


def _copied(message: Message) -> Any:
    """Return a message for one more: whoever is further out adds headers of their own."""
    if message["type"] == "http.response.start":
        return {**message, "headers": list(message["headers"])}
    return message
