"""A mask that comes back means unchanged, and a stored key goes nowhere but to the place that it was entered for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import httpx
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.errors import InvalidField
from reeld.domain.settings import Settings
from reeld.domain.torznab import NewIndexer, same_place
from reeld.simulators import TorznabSimulator, serve
from reeld.storage import Database
from reeld.storage.repositories import indexers
from reeld.storage.vault import Vault

MASK = "********"
KEY = "canary-of-the-indexer"

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
async def simulator() -> AsyncIterator[TorznabSimulator]:
    made = TorznabSimulator([], api_key=KEY)
    async with serve(made):
        yield made


class Desk:
    """One way in: where an indexer is read, and where what was read is sent back."""

    def __init__(self, http: httpx.AsyncClient, number: int, *, radarr: bool) -> None:
        self.http, self.radarr = http, radarr
        self.listed = "/api/v3/indexer" if radarr else "/api/indexers"
        self.path = f"{self.listed}/{number}"

    async def read(self) -> Any:
        return (await self.http.get(self.path)).json()

    async def changed(self, base_url: str | None) -> Any:
        """What was read, as a form that leads elsewhere when one says so."""
        shown = await self.read()
        if self.radarr:
            for each in shown["fields"]:
                if each["name"] == "baseUrl" and base_url is not None:
                    each["value"] = base_url
            return shown
        known = ("name", "implementation", "base_url", "api_path", "api_key", "categories", "id")
        body = {name: shown[name] for name in known}
        return body if base_url is None else body | {"base_url": base_url}

    async def put(self, body: Any) -> httpx.Response:
        if not self.radarr:
            body = {name: value for name, value in body.items() if name != "id"}
        return await self.http.put(
            f"{self.path}?forceSave=true" if self.radarr else self.path, json=body
        )

    async def put_without_number(self, body: Any) -> httpx.Response:
        """Radarr's clients may name it in the body alone."""
        return await self.http.put(f"{self.listed}?forceSave=true", json=body)

    async def test(self, body: Any) -> httpx.Response:
        return await self.http.post(f"{self.listed}/test", json=body)


@pytest.fixture
async def desks(running_daemon: Any, simulator: TorznabSimulator) -> dict[str, Desk]:
    body = {"name": "Open", "base_url": simulator.url, "api_key": KEY}
    http = running_daemon.http
    native = Desk(http, (await http.post("/api/indexers", json=body)).json()["id"], radarr=False)
    (shown,) = (await http.get("/api/v3/indexer")).json()
    return {"native": native, "radarr": Desk(http, shown["id"], radarr=True)}


async def stored_key(database: Database, settings: Settings) -> str:
    (indexer,) = await indexers.every(database)
    vault = await trio.to_thread.run_sync(Vault.from_file, settings.key_file)
    return indexers.unsealed(vault, indexer).api_key.reveal()


async def test_what_is_read_and_sent_back_leaves_the_secret_as_it_is(
    desks: dict[str, Desk], database: Database, daemon_settings: Settings
) -> None:
    for name, desk in desks.items():
        shown = await desk.read()
        assert KEY not in str(shown), name
        assert MASK in str(shown), name
        ways = (desk.put, desk.put_without_number) if desk.radarr else (desk.put,)
        for way in ways:
            answer = await way(await desk.changed(None))
            assert answer.is_success, (name, answer.text)
            assert KEY not in answer.text
            assert await stored_key(database, daemon_settings) == KEY, (name, way)
        tried = await desk.test(await desk.changed(None))
        assert tried.is_success, tried.text
        assert desk.radarr or tried.json()["ok"], tried.text


async def test_a_stored_key_never_travels_to_another_host_port_or_scheme_nor_with_a_name_before_the_host(
    desks: dict[str, Desk],
    simulator: TorznabSimulator,
    database: Database,
    daemon_settings: Settings,
) -> None:
    stranger = TorznabSimulator([], api_key=KEY)
    async with serve(stranger):
        here, there = httpx.URL(simulator.url), httpx.URL(stranger.url)
        places = {
            "port": stranger.url,
            "host": str(here.copy_with(host="localhost")).rstrip("/"),
            "scheme": str(here.copy_with(scheme="https")).rstrip("/"),
            "name": f"http://name:word@{here.host}:{here.port}",
            "host as a name": f"http://{here.host}:{here.port}@{there.host}:{there.port}",
            "backslash": f"http://{there.host}:{there.port}\\@{here.host}:{here.port}",
        }
        before = len(simulator.calls)
        for name, desk in desks.items():
            for place, url in places.items():
                body = await desk.changed(url)
                ways = (desk.put, desk.test)
                for way in ways:
                    answer = await way(body)
                    assert answer.status_code in {400, 422}, (name, place, answer.text)
                    assert KEY not in answer.text
        assert not stranger.calls
        assert len(simulator.calls) == before
    assert await stored_key(database, daemon_settings) == KEY
    (indexer,) = await indexers.every(database)
    assert indexer.base_url == simulator.url


async def test_a_stored_key_does_not_follow_a_redirect(
    running_daemon: Any, nursery: trio.Nursery
) -> None:
    stranger = TorznabSimulator([], api_key=KEY)
    async with serve(stranger):
        asked: list[bytes] = []

        async def redirect(stream: trio.SocketStream) -> None:
            request = await stream.receive_some(65536)
            asked.append(request)
            target = request.split(b" ")[1].decode()
            await stream.send_all(
                f"HTTP/1.1 302 Found\r\nLocation: {stranger.url}{target}\r\nContent-Length: 0\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            await stream.aclose()

        (listener,) = await nursery.start(partial(trio.serve_tcp, redirect, 0, host="127.0.0.1"))
        url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        body = {"name": "Open", "base_url": url, "api_key": KEY}
        tried = (await running_daemon.http.post("/api/indexers/test", json=body)).json()
        assert not tried["ok"]
        assert KEY not in str(tried)
        assert any(KEY.encode() in each for each in asked)
        assert not stranger.calls
        nursery.cancel_scope.cancel()


parts = st.sampled_from(
    [
        "http://",
        "HTTP://",
        "https://",
        "good",
        "evil",
        "GOOD",
        ":",
        "@",
        "/",
        "\\",
        "80",
        "443",
        "9696",
        "?",
        "#",
        ".",
        "[::1]",
        "%2f",
        "%40",
        ";",
        "\t",
        "é",
    ]
)


@given(one=st.lists(parts, max_size=8), other=st.lists(parts, max_size=8))
def test_two_addresses_of_one_place_are_one_place_for_the_client_that_asks_too(
    one: list[str], other: list[str]
) -> None:
    urls = [f"http://{''.join(each)}" for each in (one, other)]
    try:
        for url in urls:
            NewIndexer(name="x", base_url=url)
        asked = [httpx.URL(url) for url in urls]
    except (InvalidField, httpx.InvalidURL):
        return
    if same_place(*urls):
        first, second = ((each.scheme, each.host, each.port) for each in asked)
        assert first == second, urls
