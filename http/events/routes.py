"""`/api/events`: live events over a WebSocket."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final, Never

import structlog
from litestar import Router, WebSocket, get, websocket
from litestar.exceptions import HTTPException
from litestar.params import QueryParameter
from litestar.status_codes import HTTP_101_SWITCHING_PROTOCOLS, HTTP_426_UPGRADE_REQUIRED

from reeld.domain.errors import ReeldError, Unavailable
from reeld.domain.topics import Topic
from reeld.http.access import Access
from reeld.http.connection import HANG_UP
from reeld.http.events.live import LiveEvents
from reeld.http.events.orders import Order, order_of_query
from reeld.http.events.session import Session
from reeld.http.problems import CONTENT_TYPE, foreseen, refused_by_framework
from reeld.http.surface import Surface

log = structlog.get_logger("reeld.http")

PATH: Final = "/api/events"
Socket = WebSocket[Any, Any, Any]


def event_routes(surface: Surface) -> Sequence[Any]:
    """Return the WebSocket of live events, and what a plain request to it is answered."""
    live, access = surface.live, surface.access

    @get(
        PATH,
        operation_id="followEvents",
        guards=[access.requires_key],
        status_code=HTTP_101_SWITCHING_PROTOCOLS,
    )
    async def without_upgrade(
        since: Annotated[int | None, QueryParameter(ge=0)] = None,  # noqa: ARG001
        topics: Annotated[list[Topic] | None, QueryParameter()] = None,  # noqa: ARG001
    ) -> None:
        """Follow live events over a WebSocket (RFC 6455) at this path.

        Each message is JSON: `seq`, `kind`, `topic`, `at` and `data`; docs/events.md lists the kinds. `since` is the
        `seq` from which to resume, `topics` are separated by commas; a message `{"since": 12, "topics": ["movie"]}`
        says the same on an open socket. A plain request is answered 426.
        """
        _ask_for_upgrade()

    @websocket(PATH)
    async def follow_events(socket: Socket) -> None:
        order = await _admitted(socket, live, access)
        if order is not None:
            await socket.accept()
            await _serve(socket, live, access, order)

    return [Router("/", route_handlers=[without_upgrade, follow_events])]


def _ask_for_upgrade() -> Never:
    raise HTTPException(
        status_code=HTTP_426_UPGRADE_REQUIRED,
        detail="Events come over a WebSocket: open one at this path, with the same key.",
        headers={"Upgrade": "websocket", "Connection": "Upgrade"},
    )


async def _admitted(socket: Socket, live: LiveEvents, access: Access) -> Order | None:
    """Return what a client asks for that may come in; anybody else is answered, and gets None."""
    try:
        await access.requires_key(socket, socket.route_handler)
        order = order_of_query(socket.scope["query_string"])
        if not await live.lets_in():
            raise Unavailable(
                "Events are not told at this moment. Try again in a few seconds.",
                reason="events_not_ready",
                retry_after=1.0,
            )
        live.clients.require_room()
    except (ReeldError, HTTPException) as error:
        await _turn_away(socket, error)
        return None
    return order


async def _turn_away(socket: Socket, error: ReeldError | HTTPException) -> None:
    """Answer instead of accepting (the ASGI extension `websocket.http.response`)."""
    asked: Any = socket
    if isinstance(error, ReeldError):
        answer = foreseen(asked, error)
    else:
        answer = refused_by_framework(asked, error)
    body = answer.content
    headers = {"content-type": CONTENT_TYPE, "content-length": len(body), **answer.headers}
    start: Any = {
        "type": "websocket.http.response.start",
        "status": answer.status_code,
        "headers": [
            (name.lower().encode(), str(value).encode()) for name, value in headers.items()
        ],
    }
    await socket.send(start)
    end: Any = {"type": "websocket.http.response.body", "body": body, "more_body": False}
    await socket.send(end)


async def _serve(socket: Socket, live: LiveEvents, access: Access, order: Order) -> None:
    scope: Any = socket.scope
    session = Session(
        live.hub,
        live.states,
        live.events,
        receive=socket.receive,
        send=socket.send,
        known=partial(access.still_knows, scope),
        hang_up=scope["state"].get(HANG_UP, lambda: None),
    )
    try:
        await session.run(order, live.clients)
    except Exception as error:  # one client must not fill the log with the server's own traces
        log.error("event_client_failed", exc_info=error)
