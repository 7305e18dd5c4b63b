"""What may be shown of an address: never a name, a password or a key in it."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def origin_of(url: str) -> str:
    """Return scheme, host and port: of a feed's address the rest may be a key."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{_port_of(parts)}"


def address_of(url: str) -> str:
    """Return scheme, host, port and path."""
    return origin_of(url) + urlsplit(url).path.rstrip("/")


def _port_of(parts: SplitResult) -> str:
    try:
        return "" if parts.port is None else f":{parts.port}"
    except ValueError:  # no number, or none of a port: what stands there is no port
        return ""
