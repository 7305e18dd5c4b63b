from __future__ import annotations

import json
from typing import Any

import httpx
import trio

from reeld import __version__
from reeld.actors import database as database_actor
from reeld.telemetry import impact_of


async def test_liveness_needs_no_key_and_says_which_version_runs(running_daemon: Any) -> None:
    answer = await running_daemon.stranger.get("/health")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/health+json"
    assert answer.json() == {"status": "pass", "version": __version__}


async def test_a_daemon_that_does_its_work_is_ready(running_daemon: Any) -> None:
    answer = await running_daemon.stranger.get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "pass"})


async def test_details_need_the_key_and_show_each_check(running_daemon: Any) -> None:
    assert (await running_daemon.stranger.get("/health/detailed")).status_code == 401
    with trio.fail_after(10):
        while (answer := await running_daemon.http.get("/health/detailed")).status_code != 200:
            await trio.sleep(0.05)
    checks = answer.json()["checks"]
    assert checks["database:answers"][0]["status"] == "pass"
    assert checks["database:answers"][0]["componentType"] == "datastore"
    assert {f"actor:{name}" for name in ("tmdb", "qbit", "importer", "database")} <= set(checks)
    assert {"disk:library", "work:dead", "memory:resident"} <= set(checks)


async def test_details_name_the_breaker_that_a_person_must_see_to(daemon: Any) -> None:
    await daemon.http.post(
        "/control/actors/hdbits/breakers/open", json={"breaker": "hdbits", "reason": "drill"}
    )
    with trio.fail_after(15):
        while True:
            answer = await daemon.http.get("/health/detailed")
            check = answer.json()["checks"].get("breaker:hdbits", [{}])[0]
            if check.get("status") == "fail":
                break
            await trio.sleep(0.1)
    assert check["observedValue"] == "forced_open"
    assert check["output"]


async def test_information_shows_no_secret(daemon: Any, world: Any) -> None:
    answer = await daemon.http.get("/info")
    info = answer.json()
    assert info["version"] == __version__
    assert info["services"]["tmdb"] is True
    assert info["database"] == "external"
    for secret in (world.tmdb.token, world.hdbits.passkey, world.rss.feed_url):
        assert secret not in json.dumps(info)


async def test_every_answer_carries_the_headers_of_a_careful_server(running_daemon: Any) -> None:
    for path in ("/health", "/ready", "/metrics", "/info", "/api/movies", "/nowhere"):
        headers = (await running_daemon.stranger.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "server" not in headers, path


async def test_head_is_answered_as_get_without_a_body(running_daemon: Any) -> None:
    for path in ("/health", "/ready", "/metrics"):
        answer = await running_daemon.stranger.head(path)
        assert (answer.status_code, answer.content) == (200, b""), path
        assert int(answer.headers["content-length"]) > 0, path


async def test_before_the_database_can_be_reached_the_daemon_lives_and_says_why_it_waits(
    daemon_settings: Any, tmp_path: Any
) -> None:
    from dataclasses import replace

    from reeld.cli.daemon import Daemon
    from reeld.domain.secret import Secret

    nowhere = Secret("postgresql://reeld:hunter22@127.0.0.1:9/reeld")
    daemon = Daemon(replace(daemon_settings, database_url=nowhere))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(daemon.run)
        async with httpx.AsyncClient(base_url=daemon.url, timeout=30) as client:
            with trio.fail_after(30):
                while (answer := await client.get("/ready")).json()["reason"] == "starting":
                    await trio.sleep(0.05)
            assert answer.status_code == 503
            assert answer.json()["status"] == "fail"
            assert answer.json()["reason"] == "database_unavailable"
            assert "hunter22" not in answer.text
            assert (await client.get("/health")).status_code == 200
        daemon.stop()


async def test_liveness_fails_when_the_root_supervisor_does_not_come_round_any_more(
    running_daemon: Any, monkeypatch: Any
) -> None:
    from reeld.cli.notify import Heartbeat

    monkeypatch.setattr(Heartbeat, "age", 61.0)
    answer = await running_daemon.stranger.get("/health")
    assert answer.status_code == 503
    assert "61 s" in answer.json()["output"]
    monkeypatch.setattr(Heartbeat, "age", 59.0)
    assert (await running_daemon.stranger.get("/health")).status_code == 200


async def test_the_real_heart_beats(running_daemon: Any) -> None:
    with trio.fail_after(30):
        while (age := running_daemon.daemon.heartbeat_age) is None:
            await trio.sleep(0.05)
    assert age >= 0


async def test_a_check_that_does_not_pass_says_what_is_affected_what_works_and_where_help_is(
    daemon: Any,
) -> None:
    await daemon.http.post(
        "/control/actors/tmdb/breakers/open", json={"breaker": "tmdb", "reason": "drill"}
    )
    with trio.fail_after(30):
        while True:
            body = (await daemon.http.get("/health/detailed")).json()
            check = body["checks"].get("service:tmdb", [{}])[0]
            if check.get("status") == "fail":
                break
            await trio.sleep(0.1)
    assert "POST /api/movies" in check["affectedEndpoints"]
    assert "go their way" in check["notes"][0]
    assert check["links"] == {"runbook": "docs/runbooks/ReeldExternalErrors.md"}
    assert check["notes"][0] in body["notes"]
    assert "affectedEndpoints" not in body["checks"]["actor:tmdb"][0]


async def test_details_show_every_part(daemon: Any) -> None:
    wanted = {
        *(f"supervisor:{name}" for name in ("root", "core", "surface", "sources", "pipeline")),
        *(f"service:{name}" for name in ("tmdb", "hdbits", "qbittorrent")),
        *(f"database:{name}" for name in ("pool", "migrations", "clock_skew", "query_p95")),
        "breaker:postgresql",
        "configuration:reload",
        "leader:epoch",
        "loop:lag_p99",
        "mailbox:fullest",
        "memory:resident",
        "messages:wait_p95",
        "process:cpu",
        "process:open_files",
        "process:threads",
        "process:uptime",
        "schedule:lateness",
    }
    with trio.fail_after(30):
        while True:
            checks = (await daemon.http.get("/health/detailed")).json()["checks"]
            if wanted <= checks.keys() and "observedValue" in checks["loop:lag_p99"][0]:
                break
            await trio.sleep(0.1)
    assert all(check["time"] and check["since"] for (check,) in checks.values())
    assert checks["loop:lag_p99"][0]["observedUnit"] == "ms"
    assert {impact_of(name) for name in checks} >= {impact_of("leader")}
    assert [name for name in checks if impact_of(name) is None] == []


async def test_no_probe_waits_while_everything_outside_hangs(
    daemon: Any, world: Any, monkeypatch: Any
) -> None:
    """Each probe has two seconds here; what hangs would take five and more."""

    async def hangs(*_: Any, **__: Any) -> Any:
        await trio.sleep_forever()

    for simulator in (world.tmdb, world.hdbits, world.qbittorrent, world.rss):
        simulator.turn(down_for=600.0, down_as="hang")
    monkeypatch.setattr("reeld.storage.pool.Pool.take_idle", lambda *_: None)
    monkeypatch.setattr("reeld.storage.pool.Pool.wait_for_one", hangs)
    monkeypatch.setattr("reeld.storage.connection.TrioConnection.connect", hangs)
    for _ in range(5):
        for path in ("/health", "/ready", "/health/detailed", "/info"):
            with trio.fail_after(5):
                answer = await daemon.http.get(path)
            assert answer.status_code in {200, 503}, path
        await trio.sleep(0.2)


async def test_a_database_that_has_no_room_makes_the_daemon_unready_until_a_write_succeeds(
    run_daemon: Any, daemon_settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(database_actor, "CHECK_SECONDS", 0.2)
    # What PostgreSQL says when its disk is full (53100).
    full = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
    monkeypatch.setattr(database_actor, "TRIAL", full)
    async with run_daemon(daemon_settings) as daemon:
        monkeypatch.setattr("reeld.storage.repositories.feeds._ALL", full)

        async def reason() -> str:
            return str((await daemon.stranger.get("/ready")).json().get("reason", ""))

        with trio.fail_after(30):
            while await reason() != "disk_full":
                await trio.sleep(0.05)
        assert (await daemon.http.get("/api/movies")).status_code == 200
        await trio.sleep(0.6)
        assert await reason() == "disk_full"
        monkeypatch.undo()
        with trio.fail_after(30):
            while await reason():
                await trio.sleep(0.05)
