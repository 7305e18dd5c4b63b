"""Which network addresses a request may reach: checked after the name is resolved, on the address connected to.

A check of the name alone would be undone by a name that resolves differently a moment later. So the name is resolved
once, forbidden addresses are dropped, and the connection goes to one of those that are left.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from enum import Enum

import httpcore
import httpx
import trio
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_METADATA = frozenset(
    {
        ipaddress.ip_address("fd00:ec2::254"),  # Amazon, over IPv6
        ipaddress.ip_address("100.100.100.200"),  # Alibaba
        ipaddress.ip_address("168.63.129.16"),  # Azure's host agent
    }
)
"""Where clouds serve credentials to their machines, beside the link-local 169.254.0.0/16."""


class AddressPolicy(Enum):
    """What a connection may reach."""

    CONFIGURED = "configured"
    """An address that the owner wrote down: anything but link-local and metadata addresses."""
    NOT_HERE = "not_here"
    """The same, and nothing of this machine either."""
    GLOBAL_ONLY = "global_only"
    """An address that a stranger supplied: nothing of this machine or this network."""


class ForbiddenAddress(httpcore.ConnectError):
    """No address of the host may be reached."""


class UnknownHost(httpcore.ConnectError):
    """The host's name does not resolve."""


def refuse_address(text: str, policy: AddressPolicy) -> str | None:
    """Return why an IP address must not be reached, or None when it may."""
    address = _unwrap(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_link_local or address in _METADATA:
        return "a link-local or cloud metadata address"
    if address.is_multicast or address.is_unspecified:
        return "no address of a single machine"
    if policy is AddressPolicy.NOT_HERE and address.is_loopback:
        return "an address of this machine"
    if policy is AddressPolicy.GLOBAL_ONLY and not address.is_global:
        return "an address of this machine or this network"
    return None


def _unwrap(address: _Address) -> _Address:
    """Return the IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or address


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
