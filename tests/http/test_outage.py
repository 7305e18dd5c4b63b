"""A daemon whose PostgreSQL goes away, and comes back."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import psycopg
import pytest
import trio
from psycopg.conninfo import conninfo_to_dict

from reeld.domain.secret import Secret
from reeld.domain.settings import Settings
from reeld.storage.embedded import EmbeddedServer

LITTLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
}
SECONDS = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server of its own, which may be stopped."""
    own = EmbeddedServer(tmp_path_factory.mktemp("own"), settings=LITTLE)
    trio.run(own.start)
    yield own
    trio.run(own.stop)


@pytest.fixture
def settings(server: EmbeddedServer, tmp_path: Path, daemon_settings: Settings) -> Settings:
    options = conninfo_to_dict(server.conninfo)
    name = options.pop("dbname")
    return replace(
        daemon_settings,
        database_url=Secret(f"postgresql:///{name}?{urlencode(options)}"),
        server=replace(daemon_settings.server, rehearsals=True),
    )


@pytest.fixture
async def running(run_daemon: Any, settings: Settings) -> AsyncIterator[Any]:
    async with run_daemon(settings) as daemon:
        yield daemon


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    with trio.fail_after(SECONDS):
        while not await holds():
            await trio.sleep(0.05)


async def is_stale(daemon: Any, path: str = "/api/movies") -> bool:
    answer = await daemon.http.get(path, timeout=30)
    return answer.status_code == 200 and "x-reeld-stale" in answer.headers


async def is_fresh(daemon: Any, path: str = "/api/movies") -> bool:
    answer = await daemon.http.get(path, timeout=30)
    return answer.status_code == 200 and "x-reeld-stale" not in answer.headers


async def breaker_of(daemon: Any) -> dict[str, Any]:
    node = (await daemon.http.get("/control/actors/database")).json()
    (breaker,) = [each for each in node["breakers"] if each["name"] == "postgresql"]
    return dict(breaker)


def attempts_of(server: EmbeddedServer) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.conninfo) as connection:
        return connection.execute("SELECT id, attempt, state FROM work ORDER BY id").fetchall()


def ask_for_work(server: EmbeddedServer) -> int:
    """Ask for work that is done by looking into the rows, and only so."""
    with psycopg.connect(server.conninfo) as connection:
        row = connection.execute(
            "INSERT INTO work (queue, kind, args) VALUES ('decision', 'match-releases', %s) RETURNING id",
            ('{"release_ids": [1]}',),
        ).fetchone()
        assert row is not None
        return int(row[0])


def state_of(server: EmbeddedServer, work_id: int) -> tuple[str, int]:
    with psycopg.connect(server.conninfo) as connection:
        row = connection.execute(
            "SELECT state, attempt FROM work WHERE id = %s", (work_id,)
        ).fetchone()
        assert row is not None
        return str(row[0]), int(row[1])


def processes(server: EmbeddedServer) -> list[psutil.Process]:
    postmaster = psutil.Process(server.pid)
    return [postmaster, *postmaster.children(recursive=True)]


async def test_while_postgresql_is_stopped_reads_are_stale_changes_refused_and_then_all_goes_on(
    running: Any, server: EmbeddedServer
) -> None:
    assert await is_fresh(running)
    assert await is_fresh(running, "/api/queue/status")
    done = ask_for_work(server)

    async def is_done() -> bool:
        return state_of(server, done)[0] == "done"

    await until(is_done)
    before = attempts_of(server)
    await server.stop()
    try:
        await until(lambda: is_stale(running))
        answer = await running.http.get("/api/movies")
        assert answer.json()["movies"] == []
        assert answer.headers["warning"].startswith("110 ")
        assert answer.headers["age"] == answer.headers["x-reeld-stale"]
        assert (await breaker_of(running))["state"] in {"open", "half_open"}

        never_asked = await running.http.get("/api/movies?limit=7")
        change = await running.http.post("/api/work/1/retry")
        for refused in (never_asked, change):
            assert refused.status_code == 503
            assert refused.json()["reason"] == "database_unavailable"
            assert int(refused.headers["retry-after"]) >= 1
        unknown = await running.stranger.get("/api/movies", headers={"X-Api-Key": "another"})
        assert unknown.status_code == 503

        # Each would wait five seconds for a connection, were it not refused at once.
        with trio.fail_after(SECONDS):
            for _ in range(60):
                assert (await running.http.post("/api/work/1/retry")).status_code == 503

        async def is_shown() -> bool:
            checks = (await running.http.get("/health/detailed")).json()["checks"]
            return bool(checks["breaker:postgresql"][0]["status"] == "warn")

        await until(is_shown)
        assert (await running.stranger.get("/health")).status_code == 200
        metrics = running.daemon.metrics
        assert metrics.value("reeld_http_stale_answers_total", route="/api/movies") >= 2
        assert metrics.value("reeld_http_stale_answers_total", route="/api/work") == 0
    finally:
        await server.start()
    await until(lambda: is_fresh(running))

    async def is_closed() -> bool:
        return bool((await breaker_of(running))["state"] == "closed")

    await until(is_closed)
    assert (await running.http.post("/api/work/999999/retry")).status_code == 404
    assert attempts_of(server) == before
    done = ask_for_work(server)
    await until(is_done)
    assert state_of(server, done) == ("done", 1)
    tree = running.started.control.tree()
    assert (tree.restarts, tree.parked) == (0, ())


async def test_a_postgresql_that_hangs_is_noticed_and_nobody_waits_for_it_twice(
    running: Any, server: EmbeddedServer
) -> None:
    assert await is_fresh(running)
    frozen = processes(server)
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    try:
        await until(lambda: is_stale(running))
        with trio.fail_after(SECONDS):
            for _ in range(60):
                refused = await running.http.post("/api/work/1/retry", timeout=30)
                assert refused.status_code == 503
                assert "retry-after" in refused.headers
    finally:
        for process in frozen:
            process.send_signal(signal.SIGCONT)
    await until(lambda: is_fresh(running))
    tree = running.started.control.tree()
    assert (tree.restarts, tree.parked) == (0, ())


async def test_a_person_may_rehearse_an_outage_with_the_breaker(running: Any) -> None:
    assert await is_fresh(running)
    order = {"breaker": "postgresql", "reason": "drill"}
    opened = await running.http.post("/control/actors/database/breakers/open", json=order)
    assert opened.status_code == 200
    assert await is_stale(running)
    answer = await running.http.post("/api/work/1/retry")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    await running.http.post("/control/actors/database/breakers/reset", json=order)
    await until(lambda: is_fresh(running))


async def test_a_rehearsed_outage_is_an_outage_from_its_first_moment_to_its_last(
    running: Any, server: EmbeddedServer
) -> None:
    rehearsal = "/api/test/circuit-breaker/postgresql"
    assert await is_fresh(running)
    begun = await running.http.post(rehearsal, json={"seconds": 600})
    assert [each["service"] for each in begun.json()] == ["postgresql"]
    opened = await breaker_of(running)
    # Nobody has asked for anything yet: it did not take a call in vain to find out.
    assert (opened["state"], opened["reason"]) == ("open", "database_unavailable")
    assert "rehearses" in opened["sentence"]
    assert await is_stale(running)
    change = await running.http.post("/api/work/1/retry")
    assert (change.status_code, "retry-after" in change.headers) == (503, True)
    waiting = ask_for_work(server)

    async def is_probed_in_vain() -> bool:
        return int((await breaker_of(running))["opened_in_a_row"]) > 1

    await until(is_probed_in_vain)
    assert state_of(server, waiting) == ("available", 0)
    assert (await running.http.post(f"{rehearsal}/end")).json() == []

    async def is_closed() -> bool:
        return bool((await breaker_of(running))["state"] == "closed")

    await until(is_closed)
    await until(lambda: is_fresh(running))

    async def is_done() -> bool:
        return state_of(server, waiting) == ("done", 1)

    await until(is_done)
    tree = running.started.control.tree()
    assert (tree.restarts, tree.parked) == (0, ())


async def test_a_rehearsed_outage_that_nobody_ends_is_over_by_itself(running: Any) -> None:
    assert await is_fresh(running)
    await running.http.post("/api/test/circuit-breaker/postgresql", json={"seconds": 1.0})
    assert (await breaker_of(running))["state"] in {"open", "half_open"}
    await until(lambda: is_fresh(running))
    assert (await running.http.get("/api/test/circuit-breaker")).json() == []
