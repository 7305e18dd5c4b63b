"""Which requests reeld takes at all: what two programs on the way could read differently is read by nobody here."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from reeld.domain.errors import ReeldError

MOST_FIELDS: Final = 128
"""Header fields of a request; browsers behind several proxies send some forty."""
LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's target and header fields together."""
_VERSIONS: Final = frozenset({b"1.0", b"1.1"})
_OF_BODIES: Final = frozenset({b"content-length", b"transfer-encoding"})
_OF_SOCKETS: Final = b"sec-websocket-"

Fields = Sequence[tuple[bytes, bytes]]


class Malformed(ReeldError):
    """A request that is answered by the connection, which ends with that.

    Attributes:
        status: Of the answer.
    """

    default_reason = "malformed_request"

    def __init__(self, status: int, sentence: str, *, reason: str | None = None) -> None:
        super().__init__(sentence, reason=reason)
        self.status = HTTPStatus(status)


def require_wellformed(method: bytes, target: bytes, version: bytes, fields: Fields) -> None:
    """Look at the head of a request. Names of fields are in lower case.

    Raises:
        Malformed: It is not taken.
    """
    names = {name for name, _ in fields}
    if version not in _VERSIONS:
        # HTTP/2 is left to proxies: its resets and continuations are floods that need bounds of their own.
        raise Malformed(505, "reeld speaks HTTP/1.1.", reason="http_version")
    if len(fields) > MOST_FIELDS or _size(target, fields) > LARGEST_HEAD:
        raise _too_large()
    if names >= _OF_BODIES:
        # RFC 9112, 6.3: it may be an attempt to smuggle a second request past a proxy.
        raise Malformed(400, "A request has a Content-Length or a Transfer-Encoding, not both.")
    if is_handshake(method, fields):
        _require_handshake(version, names, fields)


def is_handshake(method: bytes, fields: Fields) -> bool:
    """Whether a request would open a WebSocket (RFC 6455, 4.1)."""
    asked = {token.strip() for token in _value(fields, b"connection").lower().split(b",")}
    is_websocket = _value(fields, b"upgrade").strip().lower() == b"websocket"
    return method == b"GET" and is_websocket and b"upgrade" in asked


def _require_handshake(version: bytes, names: set[bytes], fields: Fields) -> None:
    if names & _OF_BODIES:
        raise Malformed(400, "A request that opens a WebSocket has no body.")
    spoken = (
        value for name, value in fields if name == b"connection" or name.startswith(_OF_SOCKETS)
    )
    if not all(value.isascii() for value in spoken):
        raise Malformed(400, "The fields of a WebSocket's handshake are ASCII.")
    is_known = _value(fields, b"sec-websocket-version") == b"13"
    if version == b"1.0" or not is_known or b"sec-websocket-key" not in names:
        raise Malformed(400, "A WebSocket is opened by HTTP/1.1, in the version 13, with a key.")


def _value(fields: Fields, name: bytes) -> bytes:
    # Of several the last, as hypercorn reads them.
    return next((value for each, value in reversed(fields) if each == name), b"")


def _too_large() -> Malformed:
    sentence = f"A request has at most {MOST_FIELDS} header fields, of {LARGEST_HEAD} bytes with its target."
    return Malformed(431, sentence, reason="head_too_large")


def _size(target: bytes, fields: Fields) -> int:
    return len(target) + sum(len(name) + len(value) for name, value in fields)


def unreadable(status: int) -> Malformed:
    """Return what is said of a request that is no HTTP, or whose head h11 reads no further (431)."""
    if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return _too_large()
    return Malformed(status, "The request is no valid HTTP/1.1.")


def too_slow() -> Malformed:
    """Return what is said of a request whose head does not end."""
    sentence = "The head of the request did not come in time. Send it again, faster."
    return Malformed(408, sentence, reason="request_timeout")


def too_early() -> Malformed:
    """Return what is said of a WebSocket's client that does not wait to be let in (RFC 6455, 4.1)."""
    sentence = "A client of a WebSocket waits for the answer before it sends anything."
    return Malformed(400, sentence)
