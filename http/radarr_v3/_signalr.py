"""SignalR's hub, to which Bazarr listens: negotiation, and a WebSocket with the JSON protocol.

The protocol is ASP.NET Core's (`HubProtocol.md`): messages are JSON objects that end with 0x1e. What changed comes from
the outbox, so each change is told once and in order, as long as the socket is open; who connects anew reads the lists.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
import trio
from litestar import Response, WebSocket, get, post, websocket
from litestar.exceptions import WebSocketException

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.history import EventKind
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._door import APPLICATION_VERSION
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json
from reeld.storage.events import Events, OutboxEvent

END: Final = "\x1e"
PING_SECONDS: Final = 15.0
"""SignalR's own; clients give up after 30 without a word."""
LOOK_SECONDS: Final = 0.5
SEND_SECONDS: Final = 10.0
KNOWN_SECONDS: Final = 5.0
"""How often it is looked whether the key still holds, as for live events."""
HANDSHAKE_SECONDS: Final = 15.0
MOST_SOCKETS: Final = 32
AT_ONCE: Final = 100
LARGEST_MESSAGE: Final = 32 * 1024
_TRY_LATER: Final = 1013
_PROTOCOL_ERROR: Final = 1002
_POLICY: Final = 1008
_PING: Final[Json] = {"type": 6}
_CHANGED: Final = frozenset(
    {
        EventKind.MOVIE_ADDED,
        EventKind.MOVIE_CHANGED,
        EventKind.MOVIE_MOVED,
        EventKind.MOVIE_REFRESHED,
        EventKind.MOVIE_IMPORTED,
        EventKind.FILE_RETIRED,
    }
)

Socket = WebSocket[Any, Any, Any]


def hub_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of the hub."""
    sockets = trio.CapacityLimiter(MOST_SOCKETS)

    async def negotiate() -> Response[bytes]:
        token = secrets.token_urlsafe(16)
        return answered(
            {
                "negotiateVersion": 1,
                "connectionId": token,
                "connectionToken": token,
                "availableTransports": [
                    {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]}
                ],
            }
        )

    @websocket("/signalr/messages")
    async def listen(socket: Socket) -> None:
        await socket.accept()
        try:
            sockets.acquire_nowait()
        except trio.WouldBlock:
            await socket.close(_TRY_LATER)
            return
        try:
            await _Listener(frame, socket).run()
        finally:
            sockets.release()

    path = "/signalr/messages/negotiate"
    return [get(path)(negotiate), post(path, status_code=200)(negotiate), listen]


class _Listener:
    """One client that listens."""

    def __init__(self, frame: Frame, socket: Socket) -> None:
        self._frame = frame
        self._socket = socket
        self._events = Events(frame.database)

    async def run(self) -> None:
        """Greet, and tell what changes until the client leaves, falls silent, or takes nothing any more."""
        if not await self._shake_hands():
            await self._socket.close(_PROTOCOL_ERROR)
            return
        place = await self._events.last_position()
        await self._send(_message("version", {"version": APPLICATION_VERSION}))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell_from, place, nursery.cancel_scope)
            nursery.start_soon(self._turn_out_when_unknown, nursery.cancel_scope)
            await self._hear()
            nursery.cancel_scope.cancel()

    async def _shake_hands(self) -> bool:
        """Agree on the protocol: JSON, in the version 1."""
        with trio.move_on_after(HANDSHAKE_SECONDS):
            text = await self._socket.receive_text()
            wanted = _first(text)
            if wanted.get("protocol") != "json":
                await self._send({"error": "The hub speaks 'json' only."})
                return False
            await self._send({})
            return True
        return False

    async def _hear(self) -> None:
        """Read until the client says goodbye or is gone. It has nothing to ask: its pings need no answer."""
        while True:
            try:
                text = await self._socket.receive_text()
            except WebSocketException:
                return
            if len(text) > LARGEST_MESSAGE or _first(text).get("type") == 7:
                return

    async def _turn_out_when_unknown(self, gone: trio.CancelScope) -> None:
        """Look whether the key or session still holds: who has logged out hears nothing more."""
        while True:
            await trio.sleep(KNOWN_SECONDS)
            with suppress(DatabaseUnavailable):
                if not await self._frame.surface.access.still_knows(self._socket.scope):
                    break
        with trio.move_on_after(SEND_SECONDS):
            await self._socket.close(_POLICY)
        gone.cancel()

    async def _tell_from(self, place: int, gone: trio.CancelScope) -> None:
        """Tell what happens after a place in the outbox."""
        told_at = trio.current_time()
        while True:
            try:
                found = await self._events.read_from(place, AT_ONCE)
            except DatabaseUnavailable:
                found = []
            messages = await self._messages_of(found)
            if not messages and trio.current_time() - told_at >= PING_SECONDS:
                messages = [_PING]
            for message in messages:
                if not await self._send(message):
                    gone.cancel()
                    return
                told_at = trio.current_time()
            place = found[-1].id if found else place
            if len(found) < AT_ONCE:
                await trio.sleep(LOOK_SECONDS)

    async def _messages_of(self, found: Sequence[OutboxEvent]) -> list[Json]:
        """Write what happened: each movie once, as it is now."""
        changed = [each.movie_id for each in found if each.kind in _CHANGED and each.movie_id]
        movies = await self._frame.movie_documents(changed) if changed else {}
        messages = [
            _change("movie", "updated", movies[number])
            for number in dict.fromkeys(changed)
            if number in movies
        ]
        messages += [
            _change("movie", "deleted", {"id": each.movie_id})
            for each in found
            if each.kind is EventKind.MOVIE_REMOVED
        ]
        if any(each.kind is EventKind.ACQUISITION_MOVED for each in found):
            messages.append(_change("queue", "sync", None))
        return messages

    async def _send(self, message: Json) -> bool:
        """Send a message; False when the client did not take it in time."""
        with trio.move_on_after(SEND_SECONDS):
            await self._socket.send_text(msgspec.json.encode(message).decode() + END)
            return True
        return False


def _message(name: str, body: Json) -> Json:
    return {"type": 1, "target": "receiveMessage", "arguments": [{"name": name, "body": body}]}


def _change(name: str, action: str, resource: Json | None) -> Json:
    body = {"action": action} if resource is None else {"action": action, "resource": resource}
    return _message(name, body)


def _first(text: str) -> Mapping[str, Any]:
    """Return the first message of a text; an empty one where it is none."""
    try:
        read = msgspec.json.decode(text.partition(END)[0].encode()[:LARGEST_MESSAGE])
    except (msgspec.MsgspecError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
