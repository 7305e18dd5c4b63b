"""Browsers and people for the tests of who may come in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

PASSWORD = "correct horse battery"


class Browser:
    """Keeps a cookie, and sends the token of its session with each change, as reeld's own pages do."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.csrf = ""

    async def log_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.http.post(
            "/api/login", json={"username": username, "password": password}
        )
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf_token"]
        return answer

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"X-CSRF-Token": self.csrf, **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    @property
    def token(self) -> str:
        return str(self.http.cookies["reeld-session"])

    def take(self, token: str) -> None:
        """Have a cookie that was planted or stolen."""
        self.http.cookies.clear()
        self.http.cookies.set("reeld-session", token, domain="127.0.0.1", path="/")


@pytest.fixture
def browse() -> Any:
    """Opens a browser on a daemon; the address that it comes from may be given where the daemon trusts 127.0.0.1."""

    @asynccontextmanager
    async def opened(daemon: Any, address: str | None = None) -> AsyncIterator[Browser]:
        headers = {} if address is None else {"X-Forwarded-For": address}
        async with httpx.AsyncClient(
            base_url=daemon.daemon.url, headers=headers, timeout=30
        ) as http:
            yield Browser(http)

    return opened


@pytest.fixture
def person() -> Any:
    """Makes a person on a daemon, and returns the number."""

    async def made(daemon: Any, name: str, role: str = "viewer") -> int:
        body = {"username": name, "password": PASSWORD, "role": role}
        answer = await daemon.http.post("/api/users", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    return made
