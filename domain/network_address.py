"""Which network addresses may be reached: judged as an address of the internet protocol, however it is written."""

from __future__ import annotations

import ipaddress
import re
import socket
from enum import Enum
from typing import Final

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_METADATA: Final = frozenset(
    {
        ipaddress.ip_address("fd00:ec2::254"),  # Amazon, over IPv6
        ipaddress.ip_address("100.100.100.200"),  # Alibaba
        ipaddress.ip_address("168.63.129.16"),  # Azure's host agent
    }
)
"""Where clouds serve credentials to their machines, beside the link-local 169.254.0.0/16."""
_NUMBERS: Final = re.compile(
    r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}", re.IGNORECASE | re.ASCII
)
"""What the C library takes for an address of version 4: one to four numbers, each in base 8, 10 or 16."""


class AddressPolicy(Enum):
    """What a connection may reach."""

    CONFIGURED = "configured"
    """An address that the owner wrote down: anything but link-local and metadata addresses."""
    NOT_HERE = "not_here"
    """The same, and nothing of this machine either."""
    GLOBAL_ONLY = "global_only"
    """An address that a stranger supplied: nothing of this machine or this network."""


def refuse_address(text: str, policy: AddressPolicy) -> str | None:
    """Return why an IP address must not be reached, or None when it may."""
    return _refusal(ipaddress.ip_address(text.partition("%")[0]), policy)


def refuse_host(host: str, policy: AddressPolicy) -> str | None:
    """Return why a host that is written as an address must not be reached; None for names and for what may.

    What a name leads to is seen when it is connected to.
    """
    address = _written(host)
    return None if address is None else _refusal(address, policy)


def _written(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        if not _NUMBERS.fullmatch(host):
            return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _refusal(written: _Address, policy: AddressPolicy) -> str | None:
    address = _unwrap(written)
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
