"""Names under which reeld answers.

A page from the internet can have its own name point to this machine, and its visitors' browsers then call reeld as if it
were that page (DNS rebinding, CVE-2018-5702 of Transmission). Addresses, `localhost` and names of one word cannot be
pointed anywhere from outside; every other name has to be set.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

from litestar.types import ASGIApp, Receive, Scope, Send

from reeld.domain.settings import AccessSettings
from reeld.http.identity.refusals import refuse
from reeld.http.problems import Problem, encoded
from reeld.telemetry import Metrics, redaction

UNCHECKED: Final = frozenset({"/health", "/ready"})
"""Asked by orchestrators under whatever name; they give nothing away."""
_WORD: Final = re.compile(r"[a-z0-9_-]{1,63}", re.ASCII)
_BRACKETED: Final = re.compile(r"\[(?P<address>[0-9a-f:.]+)\](:[0-9]+)?", re.ASCII | re.IGNORECASE)
_LONGEST: Final = 255


def is_own(host: str, names: tuple[str, ...]) -> bool:
    """Whether a `Host` is one under which reeld may be called, whatever its port."""
    name = without_port(host.lower()).rstrip(".")
    if name == "localhost" or name.endswith(".localhost") or name in names:
        return True
    return _WORD.fullmatch(name) is not None or _is_address(name)


def without_port(host: str) -> str:
    """Return a host's name or address."""
    if bracketed := _BRACKETED.fullmatch(host):
        return bracketed["address"]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class Hosts:
    """Answers only to its own names: 421 (RFC 9110, 15.5.20) for any other.

    Args:
        app: What answers.
        settings: Name the hosts.
        metrics: Counts refusals.
    """

    def __init__(
        self, app: ASGIApp, settings: Callable[[], AccessSettings], metrics: Metrics
    ) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        host = _host_of(scope)
        names = self._settings().hosts
        if host is None or scope["path"] in UNCHECKED or is_own(host, names):
            await self._app(scope, receive, send)
            return
        self._metrics.add("reeld_http_refused_requests_total", cause="host")
        name = redaction.text(without_port(host))[:_LONGEST]
        sentence = (
            f"reeld is not called {name!r}. Call it by its address, or add that name to the setting access.hosts"
            " (REELD_ACCESS_HOSTS)."
        )
        body = encoded(Problem("Misdirected Request", 421, "unknown_host", sentence))
        await refuse(scope, send, body, 421, [])


def _host_of(scope: Any) -> str | None:
    # A request of HTTP/1.0 may have none: no browser sends such.
    values = [bytes(value) for key, value in scope["headers"] if bytes(key).lower() == b"host"]
    return values[0].decode("latin-1") if values else None
