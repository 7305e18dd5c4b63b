"""Which network addresses a request may reach: checked after the name is resolved, on the address connected to.

A check of the name alone would be undone by a name that resolves differently a moment later. So the name is resolved
once, forbidden addresses are dropped, and the connection goes to one of those that are left.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable

import httpcore
import httpx
import trio
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from reeld.domain.network_address import AddressPolicy, refuse_address


class ForbiddenAddress(httpcore.ConnectError):
    """No address of the host may be reached."""


class UnknownHost(httpcore.ConnectError):
    """The host's name does not resolve."""


class GuardedBackend(AsyncNetworkBackend):
    """Opens TCP connections to allowed addresses only."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._inner = httpcore.TrioBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first allowed address that answers, within `timeout` seconds in all.

        Raises:
            ForbiddenAddress: The host has no allowed address.
            httpcore.ConnectError: The name does not resolve, or nothing answers.
            httpcore.ConnectTimeout: The time is used up.
        """
        deadline = trio.current_time() + (timeout if timeout is not None else 60.0)
        addresses = await self._allowed(host, port, deadline)
        failure: Exception | None = None
        for index, address in enumerate(addresses):
            # A silent first address must leave time for the others.
            share = (deadline - trio.current_time()) / (len(addresses) - index)
            try:
                return await self._inner.connect_tcp(
                    address, port, max(share, 0.001), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def _allowed(self, host: str, port: int, deadline: float) -> list[str]:
        resolved = await self._resolve(host, port, deadline)
        verdicts = {address: refuse_address(address, self._policy) for address in resolved}
        allowed = [address for address, refusal in verdicts.items() if refusal is None]
        if not allowed:
            refusals = sorted({refusal for refusal in verdicts.values() if refusal})
            raise ForbiddenAddress(" and ".join(refusals))
        return allowed

    async def _resolve(self, host: str, port: int, deadline: float) -> list[str]:
        with trio.move_on_at(deadline):
            try:
                found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except OSError as error:
                raise UnknownHost(error.strerror or "no such host") from None
            return list(dict.fromkeys(str(entry[4][0]) for entry in found))
        raise httpcore.ConnectTimeout("resolving the host's name took too long")

    async def sleep(self, seconds: float) -> None:
        """Wait between httpcore's own connection attempts."""
        await trio.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport with every connection opened by a `GuardedBackend`, and no proxy."""

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        tls: ssl.SSLContext,
        connections: int,
        keepalive_expiry: float,
    ) -> None:
        super().__init__(verify=tls, trust_env=False)
        # httpx offers no way to name the network backend; its minor version is pinned for this one line.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=keepalive_expiry,
            http1=True,
            http2=False,
            network_backend=GuardedBackend(policy),
        )
