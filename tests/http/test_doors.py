"""The ops surface behind a door of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from reeld.cli.keys import find_local
from reeld.domain.settings import Settings
from reeld.http.doors import Door, Side
from reeld.http.sides import is_of_operations

OPS = ("/ready", "/metrics", "/health/detailed", "/info", "/control/actors")
PEOPLE = ("/api/movies", "/api/queue", "/api/schema/openapi.json")


@pytest.fixture
async def two_doors(run_daemon: Any, daemon_settings: Settings) -> AsyncIterator[Any]:
    server = replace(daemon_settings.server, ops_host="127.0.0.1", ops_port=0)
    async with run_daemon(replace(daemon_settings, server=server)) as running:
        yield running


async def test_each_door_lets_through_its_own_side_and_liveness(two_doors: Any) -> None:
    ops_url = two_doors.started.ops_url
    assert ops_url != two_doors.started.url
    async with httpx.AsyncClient(base_url=ops_url, headers=two_doors.http.headers) as ops:
        for path in ("/health", *OPS):
            assert (await ops.get(path)).status_code == 200, path
        for path in PEOPLE:
            answer = await ops.get(path)
            assert (answer.status_code, answer.json()["reason"]) == (404, "other_door"), path
        for path in ("/health", *PEOPLE):
            assert (await two_doors.http.get(path)).status_code == 200, path
        for path in (*OPS, "//metrics", "///control//actors"):
            answer = await two_doors.http.get(f"{two_doors.started.url}{path}")
            assert (answer.status_code, answer.json()["reason"]) == (404, "other_door"), path
            assert "REELD_OPS_BIND" in answer.json()["detail"]


async def test_both_doors_are_children_of_the_surface(two_doors: Any) -> None:
    async with httpx.AsyncClient(
        base_url=two_doors.started.ops_url, headers=two_doors.http.headers
    ) as ops:
        tree = (await ops.get("/control/actors")).json()
        (surface,) = (each for each in tree["children"] if each["name"] == "surface")
        assert [each["name"] for each in surface["children"]] == ["web", "ops", "events", "health"]
        refused = await ops.post("/control/actors/ops/restart")
        assert refused.json()["reason"] == "answers_this_request"
        # The people's door is no part of this answer: it may be restarted, behind the same address.
    assert (await two_doors.http.get("/api/movies")).status_code == 200


async def test_commands_find_both_doors(two_doors: Any) -> None:
    local = find_local(two_doors.daemon.live.current.data_dir)
    assert local is not None
    assert (local.url, local.ops_url) == (two_doors.started.url, two_doors.started.ops_url)


@pytest.mark.parametrize(
    ("path", "whether"),
    [
        ("/metrics", True),
        ("/metrics/exportarr", True),
        ("/metricsx", False),
        ("/control", True),
        ("/api/test/circuit-breaker", True),
        ("/api/tests", False),
        ("/api/movies", False),
        ("//control/actors", True),
        ("/control//actors", True),
        ("///metrics", True),
        ("/api//test/circuit-breaker", True),
    ],
)
def test_a_path_is_of_one_side(path: str, whether: bool) -> None:
    assert is_of_operations(path) is whether


async def test_a_socket_at_the_wrong_door_is_not_accepted() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def nothing(*_: Any) -> None:
        pytest.fail("it went through")

    scope: Any = {"type": "websocket", "path": "/api/events", "headers": [], "scheme": "ws"}
    await Door(nothing, Side.OPERATIONS)(scope, nothing, send)
    assert [each["type"] for each in sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert sent[0]["status"] == 404
