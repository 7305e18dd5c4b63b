"""`/api/login`, `/api/logout`, `/api/session` and `/api/sessions`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import NotFound
from reeld.domain.role import Role
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.http.access import Caller, caller_of
from reeld.http.identity import cookies, origins
from reeld.http.identity.entering import LoginOrder, enter, foreign_login, new_cookie
from reeld.http.identity.refusals import NotAllowed
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories.sessions import Session

LOGIN = "/api/login"


class WhoView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who calls.

    Attributes:
        kind: `person` or `key`.
        scope: What it allows.
        role: Of a person.
        session_id: Of a person.
        csrf_token: Of a person: each change sends it as `X-CSRF-Token`.
        ends_at: When the session ends if it is not used again, or when the key does.
    """

    name: str
    kind: str
    scope: Scope
    role: Role | None = None
    session_id: int | None = None
    csrf_token: str | None = None
    ends_at: datetime | None = None


class SessionView(msgspec.Struct, frozen=True):
    """A session that holds.

    Attributes:
        name: Whose.
        origin: The address that it was begun from.
        agent: What the browser called itself.
        is_this: Whether it is the one that asks.
    """

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    origin: str
    agent: str
    is_this: bool

    @classmethod
    def of(cls, session: Session, caller: Caller) -> SessionView:
        """Return how a session is shown to whoever asks."""
        return cls(
            session.id,
            session.name,
            session.created_at,
            session.last_used_at,
            session.expires_at,
            session.origin,
            session.agent,
            session.id == caller.session_id,
        )


def session_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of logging in and out, and of sessions."""
    return [*_doors(surface), *_sessions(surface)]


def _doors(surface: Surface) -> list[Any]:
    identity, audit = surface.identity, surface.audit
    anybody = [surface.access.requires_anybody]

    @post(LOGIN, operation_id="login", status_code=200)
    async def login(request: AnyRequest, data: JSONBody[LoginOrder]) -> Response[WhoView]:
        """Begin a session: the answer sets its cookie. Whatever session the browser had ends."""
        if origins.is_foreign(request.scope):
            raise foreign_login()
        caller, token = await enter(identity, request, data)
        with audit.change(request, "login", caller.name):
            pass
        headers = {"Set-Cookie": new_cookie(identity, request, token)}
        return Response(_who(caller, token), status_code=200, headers=headers)

    @post("/api/logout", operation_id="logout", status_code=204, guards=anybody)
    async def logout(request: AnyRequest) -> Response[None]:
        """End the session that asks, at once. A key stays as it is."""
        caller = caller_of(request)
        if caller.session_id is None:
            return Response(None, status_code=204)
        with audit.change(request, "logout", caller.name):
            await identity.sessions.end(caller.session_id)
        headers = {"Set-Cookie": cookies.cookie_without(request.scope)}
        return Response(None, status_code=204, headers=headers)

    @get("/api/session", operation_id="getSession", guards=anybody)
    async def session(request: AnyRequest) -> WhoView:
        """Say who asks."""
        caller = caller_of(request)
        return _who(caller, cookies.token_of(request.scope) if caller.is_person else None)

    return [login, logout, session]


def _sessions(surface: Surface) -> list[Any]:
    identity, audit = surface.identity, surface.audit
    anybody = [surface.access.requires_anybody]

    @get("/api/sessions", operation_id="listSessions", guards=anybody)
    async def list_sessions(request: AnyRequest) -> list[SessionView]:
        """List the sessions that hold: one's own, or everybody's for an administrator."""
        caller = caller_of(request)
        found = await identity.sessions.every(_whose(caller))
        return [SessionView.of(each, caller) for each in found]

    @delete(
        "/api/sessions/{session_id:int}",
        operation_id="endSession",
        status_code=204,
        guards=anybody,
    )
    async def end_session(session_id: FromPath[int], request: AnyRequest) -> None:
        """End a session at once: one's own, or anybody's for an administrator."""
        whose = _whose(caller_of(request))
        with audit.change(request, "end_session", str(session_id)):
            if not await identity.sessions.end(session_id, whose):
                raise NotFound(f"There is no session {session_id} of yours.")

    return [list_sessions, end_session]


def _whose(caller: Caller) -> int | None:
    """Return to whose sessions a caller is held; None for an administrator."""
    if caller.scope is Scope.ADMIN:
        return None
    if caller.logged_in is None:
        raise NotAllowed("A key has no sessions. Log in, or use a key of the scope admin.")
    return caller.logged_in


def _who(caller: Caller, token: Secret | None) -> WhoView:
    return WhoView(
        caller.name,
        "person" if caller.is_person else "key",
        caller.scope,
        next(role for role in Role if role.scope is caller.scope) if caller.is_person else None,
        caller.session_id,
        None if token is None else cookies.csrf_token(token),
        caller.ends_at,
    )
