"""Names under which reeld answers: not those that somebody outside can point to it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reeld.domain.settings import AccessSettings, InvalidSetting
from reeld.http.identity.hosts import Hosts, is_own
from reeld.telemetry import Metrics


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:7878",
        "reeld.localhost",
        "127.0.0.1:7878",
        "192.168.1.5",
        "[::1]:7878",
        "[fe80::1]",
        "nas:7878",
        "NAS",
        "movies.example",
        "Movies.Example:443",
        "movies.example.",
    ],
)
def test_addresses_words_and_names_that_were_set_are_its_own(host: str) -> None:
    assert is_own(host, ("movies.example",))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7878",
        "movies.example.evil.example",
        "xmovies.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "[::1].evil.example",
        "",
        "evil example",
        "evil\nexample",
    ],
)
def test_every_other_name_is_not(host: str) -> None:
    assert not is_own(host, ("movies.example",))


async def call(host: str, path: str, metrics: Metrics, *names: str) -> httpx.Response:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    guarded = Hosts(app, lambda: AccessSettings(hosts=names), metrics)
    transport = httpx.ASGITransport(app=guarded)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.get(path, headers={"Host": host})


async def test_a_name_that_was_pointed_at_us_is_told_what_to_set() -> None:
    metrics = Metrics()
    answer = await call("evil.example:7878", "/api/movies", metrics)
    assert (answer.status_code, answer.json()["reason"]) == (421, "unknown_host")
    assert "REELD_ACCESS_HOSTS" in answer.json()["detail"]
    assert "evil.example" in answer.json()["detail"]
    assert metrics.value("reeld_http_refused_requests_total", cause="host") == 1
    assert (await call("evil.example", "/api/movies", metrics, "evil.example")).text == "in"


async def test_probes_are_answered_under_any_name() -> None:
    for path in ("/health", "/ready"):
        assert (await call("pod.svc.cluster.local", path, Metrics())).text == "in"


async def test_a_socket_under_a_strange_name_is_answered_and_never_open() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/api/events", "headers": [(b"host", b"evil.example")]}
    app: Any = None
    await Hosts(app, AccessSettings, Metrics())(scope, None, send)  # type: ignore[arg-type]
    assert [each["type"] for each in sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert sent[0]["status"] == 421


@pytest.mark.parametrize("host", ["https://movies.example", "movies.example:80", "*.example", ""])
def test_what_is_no_name_is_refused_as_a_setting(host: str) -> None:
    with pytest.raises(InvalidSetting, match="hosts"):
        AccessSettings(hosts=(host,))
