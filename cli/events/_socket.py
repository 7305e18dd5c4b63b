"""A WebSocket of the daemon's, read line by line."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import msgspec
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    Ping,
    RejectConnection,
    RejectData,
    Request,
)
from wsproto.utilities import ProtocolError

from reeld.domain.errors import ReeldError, Refused, Unavailable

CONNECT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 75.0
"""The daemon pings every 20 s: who has said nothing for so long is gone."""
POLICY: Final = 1008


class Lost(Exception):
    """The connection ended; it may be opened again."""


class EventSocket:
    """An open socket: iterate over its messages.

    Args:
        url: Of http or https.
        headers: What opens it.

    Raises:
        Lost: Nobody answers.
        ReeldError: The daemon refuses; with its own reason and sentence.
    """

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._is_open = False
        self._part = ""
        self._refusal: bytearray | None = None
        self._socket = _connected(url)
        try:
            self._open(url, headers)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __iter__(self) -> Iterator[str]:
        """Wait for messages, for ever.

        Raises:
            Lost: No more will come.
            ReeldError: The key holds no more (reason `forbidden`).
        """
        while True:
            yield from self._read()

    def _open(self, url: str, headers: dict[str, str]) -> None:
        place = urlsplit(url)
        target = f"{place.path}?{place.query}" if place.query else place.path
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._send(Request(host=place.netloc, target=target, extra_headers=extra))
        while not self._is_open:
            for _ in self._read():
                raise Lost("It speaks before it is asked.")

    def _read(self) -> list[str]:
        try:
            data = self._socket.recv(65536)
            self._protocol.receive_data(data or None)
        except (OSError, ProtocolError) as error:
            raise Lost(str(error)) from error
        texts = [text for event in self._protocol.events() for text in self._take(event)]
        if not data:
            raise Lost("It was closed.")
        return texts

    def _take(self, event: Event) -> Iterator[str]:
        match event:
            case AcceptConnection():
                self._is_open = True
            case Message(data=part, message_finished=is_whole):
                self._part += str(part)
                if is_whole:
                    yield self._part
                    self._part = ""
            case Ping():
                self._send(event.response())
            case RejectConnection():
                self._refusal = bytearray()
            case RejectData(data=body, body_finished=is_whole) if self._refusal is not None:
                self._refusal += body
                if is_whole:
                    raise _refused(bytes(self._refusal))
            case CloseConnection(code=code):
                if code == POLICY:
                    raise Refused("The key holds no more. Use another one.", reason="forbidden")
                raise Lost(f"It was closed with {int(code)}.")
            case _:
                pass

    def _send(self, event: Event) -> None:
        try:
            self._socket.sendall(self._protocol.send(event))
        except OSError as error:
            raise Lost(str(error)) from error


def _connected(url: str) -> socket.socket:
    place = urlsplit(url)
    if place.scheme not in {"http", "https"} or not place.hostname:
        raise Refused("REELD_URL must look like http://127.0.0.1:7878.", reason="invalid_setting")
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        opened = socket.create_connection((place.hostname, port), timeout=CONNECT_SECONDS)
        opened.settimeout(SILENT_SECONDS)
        if place.scheme == "https":
            return ssl.create_default_context().wrap_socket(opened, server_hostname=place.hostname)
    except OSError as error:
        raise Lost(str(error)) from error
    return opened


def _refused(body: bytes) -> ReeldError:
    with suppress(msgspec.MsgspecError, KeyError, TypeError):
        problem: Any = msgspec.json.decode(body)
        kind = Unavailable if problem["status"] >= 500 else ReeldError
        return kind(str(problem["detail"]), reason=str(problem["reason"]))
    return ReeldError(
        "What answers there is no reeld. Check REELD_URL.", reason="unexpected_answer"
    )
