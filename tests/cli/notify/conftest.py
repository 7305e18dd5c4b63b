"""A service manager's end of the notification socket."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PATIENCE_SECONDS = 30.0


@dataclass
class ManagerSocket:
    """Receives datagrams in a thread of its own, so that a blocked loop cannot hide them."""

    address: str
    datagrams: list[list[str]] = field(default_factory=list)
    news: threading.Condition = field(
        default_factory=lambda: threading.Condition(threading.RLock())
    )

    def receive(self, bound: socket.socket) -> None:
        while (datagram := bound.recv(65536)) != b"end":
            with self.news:
                self.datagrams.append(datagram.decode().split("\n"))
                self.news.notify_all()

    def fields(self, name: str) -> list[str]:
        """Every value of a field so far, oldest first."""
        with self.news:
            each = [line for datagram in self.datagrams for line in datagram]
        return [line.partition("=")[2] for line in each if line.startswith(f"{name}=")]

    def states(self) -> list[str]:
        """READY, RELOADING and STOPPING, as they came."""
        with self.news:
            each = [line for datagram in self.datagrams for line in datagram]
        return [line for line in each if line in {"READY=1", "RELOADING=1", "STOPPING=1"}]

    def wait_for(self, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Block until something is true of what came."""
        end = time.monotonic() + seconds
        with self.news:
            while not condition():
                assert self.news.wait(max(end - time.monotonic(), 0.001)) or condition(), (
                    self.datagrams
                )


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ManagerSocket]:
    """A manager that listens: at a path, and in the abstract namespace."""
    yield from listening(request.param, tmp_path)


@pytest.fixture
def quiet_manager(tmp_path: Path) -> Iterator[ManagerSocket]:
    """A manager that listens at a path, for tests of what is said and not of how."""
    yield from listening("path", tmp_path)


def listening(kind: str, folder: Path) -> Iterator[ManagerSocket]:
    address = str(folder / "notify") if kind == "path" else f"@reeld-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(address.replace("@", "\0", 1))
        made = ManagerSocket(address)
        thread = threading.Thread(target=made.receive, args=(bound,))
        thread.start()
        try:
            yield made
        finally:
            bound.setblocking(True)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"end", address.replace("@", "\0", 1))
            thread.join()
