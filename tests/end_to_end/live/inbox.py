"""Servers of the test: where Alertmanager posts its notifications, and a collector of traces that may refuse them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Inbox:
    """Keeps what was told of each alert, by receiver and status."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, str]] = set()

    def take(self, path: str, body: bytes) -> int:
        """Note one notification; the path is the receiver's name."""
        for alert in json.loads(body)["alerts"]:
            self._told.add((path.strip("/"), alert["status"], alert["labels"]["alertname"]))
        return 200

    def told(self, status: str, *receivers: str) -> set[str]:
        """The names of the alerts that arrived as `firing` or `resolved`, at some receivers or at any."""
        return {
            name
            for receiver, how, name in tuple(self._told)
            if how == status and (not receivers or receiver in receivers)
        }


class Collector:
    """Takes traces, when it does.

    Attributes:
        refuses: Whether it does not.
    """

    def __init__(self) -> None:
        self.refuses = False

    def take(self, _path: str, _body: bytes) -> int:
        """Take a batch of spans, or not."""
        return 400 if self.refuses else 200


@contextmanager
def listening(take: Callable[[str, bytes], int]) -> Iterator[str]:
    """Hand what is posted to a function that returns the status; the block gets the address."""

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(take(self.path, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
