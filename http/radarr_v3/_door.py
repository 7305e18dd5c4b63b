"""The way in for Radarr's clients: paths and query names in any case, and the key wherever they put it.

Seerr and Kometa ask for `/api/v3/qualityProfile`, pyarr for `?tmdbid=`, Bazarr sends the key in the query. Behind this
door a path is lower case, query names are lower case, and the key is in the `X-Api-Key` header and nowhere else, so that
no log, span or metric sees it.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

APPLICATION_VERSION: Final = "5.28.0.10274"
"""The version of Radarr whose API this is. Clients compare it: Prowlarr wants 4.0.4 or newer, Recyclarr looks for 5.9."""

_OURS: Final = re.compile(
    r"/{1,8}(?:api(?:/{1,8}v3(?:/.*)?)?|ping|signalr(?:/.*)?|mediacover(?:/.*)?|feed/{1,8}v3(?:/.*)?)/{0,8}",
    re.IGNORECASE,
)
_SLASHES: Final = re.compile("/{2,}")
_KEY_NAMES: Final = frozenset({"apikey", "access_token"})
_TYPE: Final = b"content-type"
_PROBLEM: Final = b"application/problem+json"
_NAMED: Final = {404: "NotFound", 405: "MethodNotAllowed"}
_LONGEST_QUERY: Final = 16 * 1024


def is_radarrs(path: str) -> bool:
    """Whether a path belongs to Radarr's API, in whatever case and with however many slashes it is written."""
    return _OURS.fullmatch(path) is not None


class RadarrDoor:
    """Makes requests of Radarr's clients uniform, and names the version in every answer to them.

    Args:
        app: The whole application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; one for anything else passes as it is."""
        if scope["type"] not in {"http", "websocket"} or not is_radarrs(scope["path"]):
            await self._app(scope, receive, send)
            return
        _make_uniform(scope)
        await self._app(scope, receive, _Answer(send))


class _Answer:
    """Names the version in an answer, and retells a problem that never reached a route of Radarr's API."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 0
        self._problem: bytearray | None = None
        self._headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, message: Message) -> None:
        """Pass a message of the answer on; those of a problem when it is whole."""
        match message["type"]:
            case "http.response.start":
                await self._begin(message)
            case "http.response.body" if self._problem is not None:
                self._problem += message.get("body", b"")
                if not message.get("more_body", False):
                    await self._retell(bytes(self._problem))
            case _:
                await self._send(message)

    async def _begin(self, message: Any) -> None:
        version = (b"x-application-version", APPLICATION_VERSION.encode())
        self._headers = [*message.get("headers", ()), version]
        self._status = message["status"]
        if _PROBLEM in (value.lower() for name, value in self._headers if name.lower() == _TYPE):
            self._problem = bytearray()
            return
        message["headers"] = self._headers
        await self._send(message)

    async def _retell(self, problem: bytes) -> None:
        """Say a problem (RFC 9457) as Radarr says one."""
        told = msgspec.json.decode(problem)
        said = _NAMED.get(self._status) or told.get("detail") or told.get("title")
        body = msgspec.json.encode({"message": said})
        dropped = {_TYPE, b"content-length"}
        headers = [(name, value) for name, value in self._headers if name.lower() not in dropped]
        headers += [(_TYPE, b"application/json"), (b"content-length", str(len(body)).encode())]
        start: Any = {"type": "http.response.start", "status": self._status, "headers": headers}
        await self._send(start)
        whole: Any = {"type": "http.response.body", "body": body, "more_body": False}
        await self._send(whole)


def _make_uniform(scope: Any) -> None:
    path = _SLASHES.sub("/", scope["path"]).lower().rstrip("/")
    scope["path"] = path
    scope["raw_path"] = path.encode()
    query, key = _without_key(scope.get("query_string", b""))
    scope["query_string"] = query
    if key is not None and not any(name.lower() == b"x-api-key" for name, _ in scope["headers"]):
        scope["headers"] = [*scope["headers"], (b"x-api-key", key.encode())]


def _without_key(query: bytes) -> tuple[bytes, str | None]:
    """Return a query with its names in lower case and without the key, and the key."""
    key: str | None = None
    kept: list[tuple[str, str]] = []
    text = query[:_LONGEST_QUERY].decode("ascii", errors="replace")
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name.lower() in _KEY_NAMES:
            key = key or value
        else:
            kept.append((name.lower(), value))
    return urlencode(kept).encode(), key
