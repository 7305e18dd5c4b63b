"""Who may call, and what for: API keys with scopes, compared by hash, and the token of `/metrics`."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import trio
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Scope as Scope_

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.telemetry import Metrics

REMEMBERED_KEYS = 256
REMEMBERED_SECONDS = 60.0
"""How long a key that was found in the database is believed without asking again: so soon a revoked one ends."""

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the name of the key, and what it allows."""

    name: str
    scope: Scope


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


class Access:
    """Decides whether a request may pass.

    Args:
        stored: Tells whose key it is, by the database; None when it is nobody's.
        metrics: Counts attempts.
        fixed: By their hashes, keys that hold without a database: the administrator's from the settings, and the one
            that the local command line reads from a private file.
        metrics_token: What `/metrics` asks for; None leaves it open.
    """

    def __init__(
        self,
        stored: Callable[[Secret], Awaitable[Caller | None]],
        metrics: Metrics,
        *,
        fixed: Mapping[bytes, Caller] | None = None,
        metrics_token: Secret | None = None,
    ) -> None:
        self._stored = stored
        self._metrics = metrics
        self._fixed = dict(fixed or {})
        self._metrics_token = metrics_token
        self._generation = 0
        self._remembered: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

        # Litestar copies its routes deeply, and with a bound method all that it is bound to. Functions stay what they are.
        async def requires_key(connection: Connection, _handler: BaseRouteHandler) -> None:
            method = str(connection.scope.get("method", "GET"))
            await self._check_key(connection, Scope.READ if method in _LOOKING else Scope.OPERATE)

        async def requires_admin(connection: Connection, _handler: BaseRouteHandler) -> None:
            await self._check_key(connection, Scope.ADMIN)

        async def requires_metrics_token(
            connection: Connection, _handler: BaseRouteHandler
        ) -> None:
            self._check_metrics_token(connection)

        self.requires_key: Guard = requires_key
        """Guards a route: passes with a valid API key, answers 401 otherwise. Looking asks for the scope `read`, any
        other method for `operate`: 403 otherwise."""
        self.requires_admin: Guard = requires_admin
        """Guards a route that only a key of the scope `admin` may use."""
        self.requires_metrics_token: Guard = requires_metrics_token
        """Guards `/metrics`: passes when no token is set, or with the token."""

    async def _check_key(self, connection: Connection, wanted: Scope) -> None:
        key = key_of(connection)
        caller = None if key is None else await self._find(Secret(key))
        if caller is None:
            self._count("refused")
            raise NotAuthorizedException(
                "Send the API key in the X-Api-Key header. It was printed at the first start; REELD_API_KEY sets one of your own.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not caller.scope.allows(wanted):
            self._count("forbidden")
            raise PermissionDeniedException(
                f"The key {caller.name!r} has the scope {caller.scope}; this needs {wanted}. Use another key, or make one"
                f" with `reeld key add NAME --scope {wanted}`."
            )
        connection.scope["auth"] = caller
        self._count("ok")

    def _count(self, outcome: str) -> None:
        self._metrics.add("reeld_auth_attempts_total", method="api_key", outcome=outcome)

    def _check_metrics_token(self, connection: Connection) -> None:
        if self._metrics_token is None:
            return
        given = (key_of(connection) or "").encode()
        is_right = hmac.compare_digest(given, self._metrics_token.reveal().encode())
        self._metrics.add(
            "reeld_auth_attempts_total",
            method="metrics_token",
            outcome="ok" if is_right else "refused",
        )
        if not is_right:
            raise NotAuthorizedException(
                "/metrics asks for the token of REELD_METRICS_TOKEN, as `Authorization: Bearer`.",
                headers={"WWW-Authenticate": "Bearer"},
            )

    async def _find(self, key: Secret) -> Caller | None:
        hashed = digest(key.reveal())
        for known, caller in self._fixed.items():
            if hmac.compare_digest(hashed, known):
                return caller
        remembered, until = self._remembered.get(hashed, (None, 0.0))
        now = trio.current_time()
        if until > now:
            return remembered
        generation = self._generation
        try:
            found = await self._stored(key)
        except DatabaseUnavailable:
            # An outage must not lock the owner out of `/control`, where it is seen and ended.
            if remembered is not None:
                return remembered
            raise
        if found is None:
            self._remembered.pop(hashed, None)
            return None
        if generation != self._generation:
            return found  # a key was revoked while the database was asked: this one, perhaps
        self._remembered[hashed] = found, now + REMEMBERED_SECONDS
        while len(self._remembered) > REMEMBERED_KEYS:
            self._remembered.popitem(last=False)
        return found

    async def knows(self, scope: Scope_) -> bool:
        """Whether a request comes with a valid key, of whatever scope."""
        key = key_of(ASGIConnection(scope))
        try:
            return key is not None and await self._find(Secret(key)) is not None
        except DatabaseUnavailable:
            return False

    def forget(self) -> None:
        """Ask the database again about every key: one was revoked."""
        self._generation += 1
        self._remembered.clear()
