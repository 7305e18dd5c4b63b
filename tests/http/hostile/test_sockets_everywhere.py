"""Every WebSocket: who may open it, and for how long."""

from __future__ import annotations

import json
import struct
from typing import Any, Final

import httpx
import pytest
import trio

from reeld.http.events import clients
from reeld.http.radarr_v3 import _signalr

KEY: Final = {"X-Api-Key": "the-key-of-the-tests"}
PERSON: Final = {"username": "eve", "password": "correct horse battery"}
END: Final = b"\x1e"


class Socket:
    """One that was asked for; `status` and `body` of the answer."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.heard = b""

    @classmethod
    async def ask(cls, url: str, target: str, headers: dict[str, str]) -> Socket:
        host, _, port = url.removeprefix("http://").rpartition(":")
        fields = {
            "Host": f"{host}:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            **headers,
        }
        asked = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        socket = cls(await trio.open_tcp_stream(host, int(port)))
        await socket.stream.send_all(f"GET {target} HTTP/1.1\r\n{asked}\r\n".encode())
        await socket.until(b"\r\n\r\n")
        return socket

    async def until(self, what: bytes) -> None:
        with trio.fail_after(30):
            while what not in self.heard and (part := await self.stream.receive_some()):
                self.heard += part

    async def until_the_end(self) -> None:
        with trio.fail_after(30):
            while part := await self.stream.receive_some():
                self.heard += part
        await self.stream.aclose()

    async def say(self, text: bytes) -> None:
        await self.stream.send_all(struct.pack("!BB", 0x81, 0x80 | len(text)) + bytes(4) + text)

    @property
    def status(self) -> int:
        return int(self.heard.split()[1])

    @property
    def body(self) -> Any:
        return json.loads(self.heard.partition(b"\r\n\r\n")[2])


@pytest.fixture(autouse=True)
def _looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "KNOWN_SECONDS", 0.1)
    monkeypatch.setattr(_signalr, "KNOWN_SECONDS", 0.1)


async def test_nobody_opens_one_who_may_not_and_each_is_told_why(
    doors: Any, running_daemon: Any
) -> None:
    url = running_daemon.daemon.url
    await running_daemon.http.post("/api/users", json={**PERSON, "role": "admin"})
    async with httpx.AsyncClient(base_url=url) as browser:
        await browser.post("/api/login", json=PERSON)
        cookie = {"Cookie": f"reeld-session={browser.cookies['reeld-session']}"}
    evil = {"Origin": "https://evil.example"}
    expected = [
        ({}, 401),
        ({"X-Api-Key": "wrong"}, 401),
        ({"Cookie": "reeld-session=wrong", "Origin": url}, 401),
        (cookie, 403),
        (cookie | evil, 403),
        (cookie | {"Origin": "null"}, 403),
        (KEY | evil, 403),
        (KEY | {"Host": "evil.example"}, 421),
        (KEY | {"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ]
    assert len(doors.sockets()) >= 2
    for target in doors.sockets():
        for headers, status in expected:
            socket = await Socket.ask(url, target, headers)
            await socket.until_the_end()
            assert (socket.status, socket.body["status"]) == (status, status), (target, headers)
            assert socket.body["detail"]


async def test_a_path_that_is_no_socket_says_so(running_daemon: Any) -> None:
    for target in ("/nowhere", "/api/events%00", "/api/movies", "/api/v3/movie"):
        socket = await Socket.ask(running_daemon.daemon.url, target, KEY)
        await socket.until_the_end()
        assert socket.status in {400, 404}, target
        assert socket.body["status"] == socket.status


def _word(target: str) -> str:
    return target.strip("/").replace("/", "-")


@pytest.mark.parametrize("ending", ["logout", "revocation"])
async def test_an_open_one_ends_with_what_opened_it(
    doors: Any, running_daemon: Any, ending: str
) -> None:
    url, http = running_daemon.daemon.url, running_daemon.http
    await http.post("/api/users", json={**PERSON, "role": "admin"})
    for target in doors.sockets():
        async with httpx.AsyncClient(base_url=url) as browser:
            answer = await browser.post("/api/login", json=PERSON)
            browser.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
            made = (await browser.post("/api/keys", json={"name": _word(target)})).json()
            cookie = {"Cookie": f"reeld-session={browser.cookies['reeld-session']}", "Origin": url}
            headers = cookie if ending == "logout" else {"X-Api-Key": made["key"]}
            socket = await Socket.ask(url, target, headers)
            assert socket.status == 101
            if "signalr" in target:
                await socket.say(b'{"protocol":"json","version":1}' + END)
                await socket.until(b'"version"')
            else:
                await socket.until(b'"current"')
            if ending == "logout":
                assert (await browser.post("/api/logout")).status_code == 204
            else:
                keys = (await http.get("/control/keys")).json()
                number = next(each["id"] for each in keys if each["name"] == _word(target))
                assert (await http.post(f"/control/keys/{number}/revoke")).is_success
            await socket.until_the_end()
        assert struct.pack("!H", 1008) in socket.heard, target


@pytest.mark.parametrize("said", [b"[" * 120, b"\xff", b"{}", b""])
async def test_what_is_no_message_is_no_fault(running_daemon: Any, doors: Any, said: bytes) -> None:
    for target in doors.sockets():
        socket = await Socket.ask(running_daemon.daemon.url, target, KEY)
        await socket.say(said)
        if "signalr" in target or said == b"\xff":
            await socket.until_the_end()
        else:
            await socket.until(b"question_not_understood" if said != b"{}" else b'"current"')
            await socket.stream.aclose()
    assert (await running_daemon.stranger.get("/health")).status_code == 200
