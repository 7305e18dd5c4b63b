"""From where a request comes: the address behind proxies that are trusted, and the network that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, TypeAlias

from litestar.types import ASGIApp, Receive, Scope, Send

from reeld.domain.settings import AccessSettings

Address: TypeAlias = IPv4Address | IPv6Address

UNKNOWN: Final = "unknown"
MOST_HOPS: Final = 20
"""So many entries of `X-Forwarded-For` are looked at, from the right."""


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """Return the /24 or /64 of an address: whom one caller can easily be within it, is counted as one."""
    parsed = _parsed(address)
    if parsed is None:
        return UNKNOWN
    length = 24 if isinstance(parsed, IPv4Address) else 64
    return str(ip_network((parsed, length), strict=False))


def address_of(scope: Any) -> str:
    """Return the address that a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN


class Forwarded:
    """Believes what a trusted proxy says of the client: address, scheme and host. Nobody else is believed.

    The client is the right-most address of `X-Forwarded-For` that is no trusted proxy: all to the left of it was
    written by somebody who is not trusted.

    Args:
        app: What answers.
        settings: Name the proxies.
    """

    def __init__(self, app: ASGIApp, settings: Callable[[], AccessSettings]) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as it was when it reached the proxy."""
        trusted = self._settings().trusted_proxies
        if trusted and is_trusted(address_of(scope), trusted):
            _restore(scope, trusted)
        await self._app(scope, receive, send)


def is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    """Whether an address is that of a trusted proxy."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in each for each in _networks(trusted))


def client_behind(peer: str, forwarded: str, trusted: tuple[str, ...]) -> str:
    """Return the client's address.

    Args:
        peer: The trusted proxy that is connected.
        forwarded: What it says in `X-Forwarded-For`.
        trusted: The proxies that are believed.
    """
    client = peer
    for hop in reversed(forwarded.rsplit(",", MOST_HOPS)[-MOST_HOPS:]):
        address = _parsed(_without_port(hop.strip()))
        if address is None:
            break
        client = str(address)
        if not is_trusted(client, trusted):
            break
    return client


def _restore(scope: Any, trusted: tuple[str, ...]) -> None:
    if forwarded := _said(scope, b"x-forwarded-for"):
        scope["client"] = (client_behind(address_of(scope), forwarded, trusted), 0)
    scheme = _said(scope, b"x-forwarded-proto").rsplit(",", 1)[-1].strip().lower()
    if scheme in {"http", "https"}:
        is_socket = scope["type"] == "websocket"
        scope["scheme"] = scheme.replace("http", "ws") if is_socket else scheme
    if host := _said(scope, b"x-forwarded-host").rsplit(",", 1)[-1].strip():
        others = [each for each in scope["headers"] if bytes(each[0]).lower() != b"host"]
        scope["headers"] = [(b"host", host.encode("latin-1")), *others]


def _said(scope: Any, name: bytes) -> str:
    values = [bytes(value) for key, value in scope["headers"] if bytes(key).lower() == name]
    return b",".join(values).decode("latin-1")


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _parsed(address: str) -> Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    # ::ffff:192.0.2.1 is a client of IPv4 at a socket of IPv6.
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


@lru_cache(maxsize=16)
def _networks(trusted: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(_Network(each) for each in trusted)


class _Network:
    """A network that addresses of the other family are simply not in."""

    def __init__(self, text: str) -> None:
        self._network = ip_network(text, strict=False)

    def __contains__(self, address: Address) -> bool:
        return isinstance(address, IPv6Address) is isinstance(self._network, IPv6Network) and (
            address in self._network
        )
