"""Who may call: API keys, compared by hash, and the token of `/metrics`."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import trio
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers.base import BaseRouteHandler

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.secret import Secret
from reeld.telemetry import Metrics

REMEMBERED_KEYS = 256
REMEMBERED_SECONDS = 60.0
"""How long a key that was found in the database is believed without asking again: so soon a revoked one ends."""

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


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
        stored: Tells whether the database knows a key.
        metrics: Counts attempts.
        fixed: Hashes of keys that hold without a database: the administrator's from the settings, and the one that
            the local command line reads from a private file.
        metrics_token: What `/metrics` asks for; None leaves it open.
    """

    def __init__(
        self,
        stored: Callable[[Secret], Awaitable[bool]],
        metrics: Metrics,
        *,
        fixed: tuple[bytes, ...] = (),
        metrics_token: Secret | None = None,
    ) -> None:
        self._stored = stored
        self._metrics = metrics
        self._fixed = fixed
        self._metrics_token = metrics_token
        self._remembered: OrderedDict[bytes, float] = OrderedDict()

        # Litestar copies its routes deeply, and with a bound method all that it is bound to. Functions stay what they are.
        async def requires_key(connection: Connection, _handler: BaseRouteHandler) -> None:
            await self._check_key(connection)

        async def requires_metrics_token(
            connection: Connection, _handler: BaseRouteHandler
        ) -> None:
            self._check_metrics_token(connection)

        self.requires_key: Guard = requires_key
        """Guards a route: passes with a valid API key, answers 401 otherwise."""
        self.requires_metrics_token: Guard = requires_metrics_token
        """Guards `/metrics`: passes when no token is set, or with the token."""

    async def _check_key(self, connection: Connection) -> None:
        key = key_of(connection)
        if key is not None and await self._is_valid(Secret(key)):
            self._metrics.add("reeld_auth_attempts_total", method="api_key", outcome="ok")
            return
        self._metrics.add("reeld_auth_attempts_total", method="api_key", outcome="refused")
        raise NotAuthorizedException(
            "Send the API key in the X-Api-Key header. It was printed at the first start; REELD_API_KEY sets one of your own.",
            headers={"WWW-Authenticate": "Bearer"},
        )

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

    async def _is_valid(self, key: Secret) -> bool:
        hashed = digest(key.reveal())
        if any(hmac.compare_digest(hashed, each) for each in self._fixed):
            return True
        now = trio.current_time()
        if self._remembered.get(hashed, 0.0) > now:
            return True
        try:
            found = await self._stored(key)
        except DatabaseUnavailable:
            # An outage must not lock the owner out of `/control`, where it is seen and ended.
            if hashed in self._remembered:
                return True
            raise
        if not found:
            self._remembered.pop(hashed, None)
            return False
        self._remembered[hashed] = now + REMEMBERED_SECONDS
        while len(self._remembered) > REMEMBERED_KEYS:
            self._remembered.popitem(last=False)
        return True
