"""SignalR's hub as Bazarr listens to it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import wsproto
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    RejectConnection,
    Request,
    TextMessage,
)

END = "\x1e"


class Hub:
    """A WebSocket to the hub."""

    def __init__(self, url: str, target: str, **headers: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), 30)
        self._protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        request = Request(host=parts.netloc, target=target, extra_headers=extra)
        self._socket.sendall(self._protocol.send(request))
        self._waiting: list[Any] = []
        self._text = ""
        self.answer = self._event()

    def say(self, message: Any) -> None:
        text = json.dumps(message) + END
        self._socket.sendall(self._protocol.send(TextMessage(data=text)))

    def hear(self) -> Any:
        """Return the next message; None when the hub has hung up."""
        while END not in self._text:
            event = self._event()
            if isinstance(event, CloseConnection) or event is None:
                return None
            if isinstance(event, TextMessage):
                self._text += event.data
        first, _, self._text = self._text.partition(END)
        return json.loads(first)

    def until(self, action: str) -> Any:
        """Return the resource of the next message about a movie with that action."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            message = self.hear()
            assert message is not None, "the hub hung up"
            said = message["arguments"][0] if message["type"] == 1 else {}
            if said.get("name") == "movie" and said["body"]["action"] == action:
                return said["body"]["resource"]
        raise AssertionError("it was not told in time")

    def close(self) -> None:
        self._socket.close()

    def _event(self) -> Any:
        while not self._waiting:
            received = self._socket.recv(65536)
            if not received:
                return None
            self._protocol.receive_data(received)
            self._waiting = list(self._protocol.events())
        return self._waiting.pop(0)


@pytest.fixture
def hub(radarr: Any) -> Iterator[Hub]:
    """A socket that has shaken hands and was told the version."""
    opened = Hub(radarr.url, f"/signalr/messages?access_token={radarr.key}&id=1")
    assert isinstance(opened.answer, AcceptConnection)
    opened.say({"protocol": "json", "version": 1})
    assert opened.hear() == {}
    version = opened.hear()
    assert version["target"] == "receiveMessage"
    assert version["arguments"][0]["name"] == "version"
    yield opened
    opened.close()


def test_a_client_negotiates_a_websocket(radarr: Any) -> None:
    path = "/signalr/messages/negotiate"
    query = {"access_token": radarr.key, "negotiateVersion": "1"}
    answer = radarr.stranger.post(path, params=query)
    assert answer.status_code == 200
    assert answer.json()["availableTransports"][0]["transport"] == "WebSockets"
    assert answer.json()["connectionToken"]
    assert radarr.stranger.post(path).status_code == 401


def test_it_hears_of_movies_that_come_change_and_go(radarr: Any, hub: Hub) -> None:
    movie = radarr.add(radarr.films[0], addOptions={"searchForMovie": False})
    told = hub.until("updated")
    assert {name: told[name] for name in ("id", "title", "year")} == {
        name: movie[name] for name in ("id", "title", "year")
    }
    radarr.send("PUT", "movie/editor", {"movieIds": [movie["id"]], "monitored": False}, 202)
    while hub.until("updated")["monitored"]:
        pass
    radarr.send("DELETE", f"movie/{movie['id']}")
    assert hub.until("deleted") == {"id": movie["id"]}


def test_another_protocol_is_refused_with_a_reason(radarr: Any) -> None:
    hub = Hub(radarr.url, f"/signalr/messages?access_token={radarr.key}")
    hub.say({"protocol": "messagepack", "version": 1})
    assert "json" in hub.hear()["error"]
    assert hub.hear() is None
    hub.close()


@pytest.mark.parametrize("query", ["", "?access_token=wrong"])
def test_nobody_listens_without_a_key(radarr: Any, query: str) -> None:
    hub = Hub(radarr.url, f"/signalr/messages{query}")
    assert isinstance(hub.answer, RejectConnection) or hub.answer is None
    hub.close()
