"""Whether the page that makes a request is reeld's own.

Browsers say so in `Origin` and `Sec-Fetch-Site`, which no page can change. Programs send neither.
"""

from __future__ import annotations

from typing import Any, Final

_PORTS: Final = {"http": "80", "https": "443"}
_OWN_SITES: Final = frozenset({"same-origin", "none"})
"""`none` is a person's own doing: an address that was typed, a bookmark."""


def is_foreign(scope: Any) -> bool:
    """Whether a browser says that a page of another origin makes this request."""
    site = _header(scope, b"sec-fetch-site")
    if site is not None and site not in _OWN_SITES:
        return True
    origin = _header(scope, b"origin")
    return origin is not None and _normal(origin) != own_origin(scope)


def is_own_page(scope: Any) -> bool:
    """Whether a browser says that a page of reeld's own makes this request. Every browser says so of what a form sends."""
    says = _header(scope, b"origin") is not None or _header(scope, b"sec-fetch-site") is not None
    return says and not is_foreign(scope)


def may_open_socket(scope: Any, *, by_cookie: bool) -> bool:
    """Whether a WebSocket may be accepted; browsers open them to any host, with its cookies.

    Args:
        scope: Of the connection.
        by_cookie: It is a session's, so that a browser must say where it comes from.
    """
    return not is_foreign(scope) and (not by_cookie or _header(scope, b"origin") is not None)


def own_origin(scope: Any) -> str:
    """Return the origin under which this request has reached reeld: scheme, host and port."""
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    return _normal(f"{scheme}://{_header(scope, b'host') or ''}")


def _normal(origin: str) -> str:
    scheme, _, host = origin.strip().lower().partition("://")
    port = _PORTS.get(scheme)
    return f"{scheme}://{host.removesuffix(f':{port}') if port else host}"


def _header(scope: Any, name: bytes) -> str | None:
    values = [bytes(value) for key, value in scope["headers"] if bytes(key).lower() == name]
    # Twice is what no browser sends: it equals nothing.
    return b",".join(values).decode("latin-1") if values else None
