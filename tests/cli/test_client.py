from __future__ import annotations

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from reeld.cli import client
from reeld.cli.client import Daemon
from reeld.domain.errors import DeadlineExceeded, ReeldError, Refused, Unavailable


class Server:
    """Answers every request alike, and remembers the keys that were sent."""

    def __init__(self, status: int, body: bytes, delay: float = 0.0) -> None:
        outer = self
        self.keys: list[str | None] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.keys.append(self.headers.get("X-Api-Key"))
                if delay:
                    outer.released.wait(delay)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        from threading import Event

        self.released = Event()
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def served() -> Iterator[Any]:
    servers: list[Server] = []

    def start(status: int, body: bytes, delay: float = 0.0) -> Server:
        servers.append(Server(status, body, delay))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"REELD_DATA_DIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}


def note(folder: Path, url: str) -> None:
    (folder / "daemon.json").write_text(json.dumps({"url": url, "key": "local-key"}))


def test_the_daemon_of_the_data_directory_is_called_with_its_own_key(
    environ: dict[str, str], tmp_path: Path, served: Any
) -> None:
    server = served(200, b"[1]")
    note(tmp_path, server.url)
    assert Daemon(environ).get("/api/x", nothing=None) == [1]
    assert server.keys == ["local-key"]


def test_a_url_and_a_key_that_are_given_win(
    environ: dict[str, str], tmp_path: Path, served: Any
) -> None:
    server = served(200, b"")
    note(tmp_path, "http://127.0.0.1:9")
    given = {"REELD_URL": server.url + "/", "REELD_API_KEY": "given-key"}
    assert Daemon({**environ, **given}).get("/x") is None
    Daemon({**environ, "REELD_URL": server.url}).get("/x")
    assert server.keys == ["given-key", "local-key"]


def test_without_a_daemon_the_sentence_says_how_to_have_one(environ: dict[str, str]) -> None:
    with pytest.raises(Unavailable, match="reeld run") as caught:
        Daemon(environ)
    assert caught.value.reason == "no_daemon"
    assert "REELD_URL" in caught.value.sentence


def test_a_data_directory_of_somebody_else_is_told(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Unavailable, match="belongs to another user"):
        Daemon(environ)


def test_a_daemon_that_is_gone_is_told(environ: dict[str, str], tmp_path: Path) -> None:
    note(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"No daemon answers at http://127\.0\.0\.1:9"):
        Daemon(environ).get("/x")


def test_a_daemon_that_hangs_is_told(
    environ: dict[str, str], served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.1)
    server = served(200, b"{}", delay=5.0)
    with pytest.raises(DeadlineExceeded, match="did not answer"):
        Daemon({**environ, "REELD_URL": server.url}).get("/x")


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "http://[::bad", "http://host:port"])
def test_a_url_that_is_none_is_told_by_its_variable(environ: dict[str, str], url: str) -> None:
    with pytest.raises(Refused, match="REELD_URL"):
        Daemon({**environ, "REELD_URL": url}).get("/x")


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (502, b"<html>"), (500, b"[]"), (404, b'{"detail": "x"}')],
)
def test_something_else_at_that_url_is_told(
    environ: dict[str, str], served: Any, status: int, body: bytes
) -> None:
    server = served(status, body)
    with pytest.raises(ReeldError, match="is no reeld") as caught:
        Daemon({**environ, "REELD_URL": server.url}).get("/x")
    assert str(status) in caught.value.sentence


def test_an_error_of_the_daemon_keeps_its_reason_and_sentence(
    environ: dict[str, str], served: Any
) -> None:
    server = served(422, b'{"detail": "It is wrong.", "reason": "wrong"}')
    with pytest.raises(ReeldError, match="It is wrong") as caught:
        Daemon({**environ, "REELD_URL": server.url}).get("/x")
    assert caught.value.reason == "wrong"
