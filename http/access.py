"""Who may call, and what for: people with sessions, API keys with scopes, and the token of `/metrics`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Never, Protocol
from urllib.parse import parse_qsl

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Scope as Scope_

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.http.identity import cookies, networks, origins
from reeld.http.identity.callers import Caller
from reeld.http.identity.refusals import ForeignRequest, KeyExpired, waiting
from reeld.http.identity.remembering import REMEMBERED as REMEMBERED_KEYS
from reeld.http.identity.remembering import REMEMBERED_SECONDS, Remembered
from reeld.telemetry import Metrics

__all__ = [
    "REMEMBERED_KEYS",
    "REMEMBERED_SECONDS",
    "Access",
    "Caller",
    "caller_of",
    "credential_of",
    "digest",
    "key_of",
    "key_of_v3",
]

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

UNGUESSABLE: Final = 32
"""Characters from which on a key is looked at however many wrong ones came from the same network."""
V3_QUERIES: Final = {"/api/v3/": "apikey", "/signalr/": "access_token"}
"""Where a key may stand in the query, and under which name, as with Radarr."""
_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
_WHO: Final = frozenset({"type", "path", "query_string", "headers", "client", "server", "scheme"})
_IDENTIFIED: Final = "reeld_identified"
_WAIT: Final = "reeld_wait"
_EXPIRED: Final = "reeld_expired"


class SessionDesk(Protocol):
    """Where sessions are looked up."""

    async def find(self, token: Secret) -> Caller | None:
        """Return whose session it is."""

    async def still_holds(self, token: Secret) -> bool:
        """Whether it is one still; this counts as no use."""

    def knows(self, token: Secret) -> bool:
        """Whether it was one when it was looked up last."""


class Guesses(Protocol):
    """Counts keys that are nobody's."""

    def key_wait(self, network: str) -> float:
        """Return the seconds that unknown keys of a network have to wait."""

    async def wrong_key(self, network: str) -> float:
        """Count one; return the seconds to wait."""


def caller_of(connection: Connection) -> Caller:
    """Return who passed the guard of this request."""
    caller: Caller = connection.scope["auth"]
    return caller


def digest(key: str) -> bytes:
    """Return what is stored of a key. Keys are random and long: a plain hash is enough."""
    return hashlib.sha256(key.encode()).digest()


def key_of(connection: Connection) -> str | None:
    """Return the key of a request: `X-Api-Key`, or `Authorization: Bearer`.

    Never from the query string, which ends up in logs.
    """
    if key := connection.headers.get("x-api-key"):
        return key
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def key_of_v3(connection: Connection) -> str | None:
    """Return the key of a request for Radarr's API, whose clients may also write it into the query.

    Paths and names of the query are as Radarr has them: in upper or lower case. Below any other path the query is not
    looked at. Nothing of reeld writes a query down: neither logs, nor spans, nor metrics.
    """
    if key := key_of(connection):
        return key
    path = f"{connection.scope['path']}/".lower()
    wanted = next((name for root, name in V3_QUERIES.items() if path.startswith(root)), None)
    if wanted is None:
        return None
    query = connection.scope["query_string"].decode("latin-1")
    keys = (value for name, value in parse_qsl(query) if name.lower() == wanted)
    return next(keys, None)


def credential_of(connection: Connection) -> Secret | None:
    """Return what a request shows of itself: a key, else the token of a session."""
    if (key := key_of_v3(connection)) is not None:
        return Secret(key)
    return cookies.token_of(connection.scope)


class Access:
    """Decides whether a request may pass.

    Args:
        stored: Tells whose key it is, by the database; None when it is nobody's.
        metrics: Counts attempts.
        fixed: By their hashes, keys that hold without a database: the administrator's from the settings, and the one
            that the local command line reads from a private file.
        metrics_token: What `/metrics` asks for; None leaves it open.
        sessions: Tells whose session it is; None when nobody can log in.
        guesses: Counts wrong keys; None lets everybody guess.
    """

    def __init__(
        self,
        stored: Callable[[Secret], Awaitable[Caller | None]],
        metrics: Metrics,
        *,
        fixed: Mapping[bytes, Caller] | None = None,
        metrics_token: Secret | None = None,
        sessions: SessionDesk | None = None,
        guesses: Guesses | None = None,
    ) -> None:
        self._metrics = metrics
        self._fixed = dict(fixed or {})
        self._metrics_token = metrics_token
        self._sessions = sessions
        self._guesses = guesses
        self._keys = Remembered(stored, gives_ended=True)
        self._shown: set[Secret] = set()

        # Litestar copies its routes deeply, and with a bound method all that it is bound to. Functions stay what they are.
        async def requires_key(connection: Connection, _handler: BaseRouteHandler) -> None:
            method = str(connection.scope.get("method", "GET"))
            await self._check(connection, Scope.READ if method in _LOOKING else Scope.OPERATE)

        async def requires_anybody(connection: Connection, _handler: BaseRouteHandler) -> None:
            await self._check(connection, Scope.READ)

        async def requires_admin(connection: Connection, _handler: BaseRouteHandler) -> None:
            await self._check(connection, Scope.ADMIN)

        async def requires_metrics_token(
            connection: Connection, _handler: BaseRouteHandler
        ) -> None:
            self._check_metrics_token(connection)

        self.requires_key: Guard = requires_key
        """Guards a route: passes with a session or a valid API key, answers 401 otherwise. Looking asks for the scope
        `read`, any other method for `operate`: 403 otherwise."""
        self.requires_anybody: Guard = requires_anybody
        """Guards what everybody may do to what is their own, such as to log out, and questions that are sent by POST."""
        self.requires_admin: Guard = requires_admin
        """Guards a route that only an administrator, or a key of the scope `admin`, may use."""
        self.requires_metrics_token: Guard = requires_metrics_token
        """Guards `/metrics`: passes when no token is set, or with the token."""

    async def identify(self, scope: Scope_) -> Caller | None:
        """Return who makes a request: whoever has its key, else whose session it comes with.

        Raises:
            DatabaseUnavailable: It cannot be known now.
        """
        connection: Connection = ASGIConnection(scope)
        marks: Any = scope
        if _IDENTIFIED not in marks:
            key = key_of_v3(connection)
            if key is not None:
                marks[_IDENTIFIED] = await self._find_key(Secret(key), connection)
            else:
                marks[_IDENTIFIED] = await self._find_session(connection)
        caller: Caller | None = marks[_IDENTIFIED]
        return caller

    async def looker(self, scope: Scope_) -> Caller | None:
        """Return who makes a request that only looks; None when a guard would turn them away.

        Raises:
            DatabaseUnavailable: It cannot be known now.
        """
        caller = await self.identify(scope)
        return caller if caller is not None and caller.scope.allows(Scope.READ) else None

    def let_in(self, caller: Caller) -> None:
        """Count somebody who was let in without a guard: with an answer that others asked for too."""
        self._count(_method_of(caller), "ok")

    def recognises(self, scope: Scope_) -> bool:
        """Whether a request comes with what was good when it was looked up last; asks nobody."""
        connection: Connection = ASGIConnection(scope)
        secret = credential_of(connection)
        if secret is None:
            return False
        is_session = self._sessions is not None and self._sessions.knows(secret)
        return is_session or self._fixed_caller(secret) is not None or self._keys.knows(secret)

    async def knows(self, scope: Scope_) -> bool:
        """Whether a request comes with a valid key or session, of whatever scope, and may change something with it."""
        connection: Connection = ASGIConnection(scope)
        try:
            caller = await self.identify(scope)
        except DatabaseUnavailable:
            return False
        return caller is not None and not (caller.is_person and _is_forged(connection))

    async def still_knows(self, scope: Scope_) -> bool:
        """Whether the key or session that opened a socket still holds. For a session this counts as no use.

        Raises:
            DatabaseUnavailable: It cannot be known now.
        """
        # Without what was noted of this connection: it is to be looked at anew.
        asked: Any = {name: value for name, value in scope.items() if name in _WHO}
        if key_of_v3(ASGIConnection(asked)) is not None:
            return await self.identify(asked) is not None
        token = cookies.token_of(asked)
        if token is None or self._sessions is None:
            return False
        return await self._sessions.still_holds(token)

    def forget(self) -> None:
        """Ask the database again about every key: one was revoked or made."""
        self._keys.forget()

    async def _check(self, connection: Connection, wanted: Scope) -> None:
        caller = await self.identify(connection.scope)
        if caller is None:
            self._refuse(connection)
        method = _method_of(caller)
        if not caller.scope.allows(wanted):
            self._count(method, "forbidden")
            raise PermissionDeniedException(_too_little(caller, wanted))
        if self._is_misused(connection, caller):
            self._count(method, "forbidden")
            self._metrics.add("reeld_http_refused_requests_total", cause="origin")
            if connection.scope["type"] == ScopeType.WEBSOCKET:
                raise ForeignRequest(
                    "A socket is opened by a page that reeld itself serves, whose Origin is the address that it is"
                    f" called by, here {origins.own_origin(connection.scope)}. Behind a reverse proxy, list it in"
                    " access.trusted_proxies (REELD_ACCESS_TRUSTED_PROXIES), so that the address of the browser is"
                    " known. Programs use an API key and send no Origin."
                )
            raise ForeignRequest(
                "A session changes something only for reeld's own pages: send its X-CSRF-Token, which GET /api/session"
                " shows, from the same origin. Behind a reverse proxy, list it in access.trusted_proxies. Programs use"
                " an API key."
            )
        connection.scope["auth"] = caller
        self._count(method, "ok")

    def _is_misused(self, connection: Connection, caller: Caller) -> bool:
        if connection.scope["type"] == ScopeType.WEBSOCKET:
            return not origins.may_open_socket(connection.scope, by_cookie=caller.is_person)
        is_change = str(connection.scope.get("method", "GET")) not in _LOOKING
        return caller.is_person and is_change and _is_forged(connection)

    def _refuse(self, connection: Connection) -> Never:
        marks: Any = connection.scope
        if wait := float(marks.get(_WAIT, 0.0)):
            self._count("api_key", "throttled")
            raise waiting(wait)
        self._count("api_key", "refused")
        if (expired := marks.get(_EXPIRED)) is not None:
            raise KeyExpired(
                f"The key {expired.name!r} ended at {expired.ends_at:%Y-%m-%d %H:%M} UTC. Make another one with"
                " `reeld key add` or POST /api/keys."
            )
        raise NotAuthorizedException(
            "Log in at POST /api/login, or send an API key in the X-Api-Key header. Both were printed at the first start;"
            " REELD_API_KEY sets a key of your own, and `reeld user password admin` a new password.",
            headers={"WWW-Authenticate": "Bearer"},
        )

    async def _find_key(self, key: Secret, connection: Connection) -> Caller | None:
        network = networks.network_of(networks.address_of(connection.scope))
        marks: Any = connection.scope
        wait = self._guesses.key_wait(network) if self._guesses else 0.0
        if (fixed := self._fixed_caller(key)) is not None:
            # A key that somebody chose can be guessed: once too many were, only who was known before is listened to.
            if not wait or len(key.reveal()) >= UNGUESSABLE or key in self._shown:
                self._shown.add(key)
                return fixed
            marks[_WAIT] = wait
            return None
        is_repeated = self._keys.is_nobodys(key)
        found = await self._keys.find(key)
        if found is not None and found.has_ended:
            # It was known, so nobody guesses.
            marks[_EXPIRED] = found
            return None
        if found is None and self._guesses is not None:
            # The same wrong key once more is a program with an old one, which guesses nothing.
            marks[_WAIT] = wait if is_repeated else await self._guesses.wrong_key(network)
        return found

    def _fixed_caller(self, key: Secret) -> Caller | None:
        hashed = digest(key.reveal())
        fitting = (
            caller for known, caller in self._fixed.items() if hmac.compare_digest(hashed, known)
        )
        return next(fitting, None)

    async def _find_session(self, connection: Connection) -> Caller | None:
        token = cookies.token_of(connection.scope)
        if token is None or self._sessions is None:
            return None
        return await self._sessions.find(token)

    def _count(self, method: str, outcome: str) -> None:
        self._metrics.add("reeld_auth_attempts_total", method=method, outcome=outcome)

    def _check_metrics_token(self, connection: Connection) -> None:
        if self._metrics_token is None:
            return
        given = (key_of(connection) or "").encode()
        is_right = hmac.compare_digest(given, self._metrics_token.reveal().encode())
        self._count("metrics_token", "ok" if is_right else "refused")
        if not is_right:
            raise NotAuthorizedException(
                "/metrics asks for the token of REELD_METRICS_TOKEN, as `Authorization: Bearer`.",
                headers={"WWW-Authenticate": "Bearer"},
            )


def _method_of(caller: Caller) -> str:
    return "session" if caller.is_person else "api_key"


def _is_forged(connection: Connection) -> bool:
    """Whether a change with a session's cookie does not come from reeld's own pages."""
    token = cookies.token_of(connection.scope)
    if token is None or origins.is_foreign(connection.scope):
        return True
    return not cookies.shows_csrf_token(connection.scope, token)


def _too_little(caller: Caller, wanted: Scope) -> str:
    if caller.is_person:
        return f"{caller.name} may {caller.scope}; this needs {wanted}. Ask an administrator."
    return (
        f"The key {caller.name!r} has the scope {caller.scope}; this needs {wanted}. Use another key, or make one"
        f" with `reeld key add NAME --scope {wanted}`."
    )
