"""Who may change what through the control port, what is left of it in the audit, and what a repeated request does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest
import trio

from reeld.domain.settings import Settings
from reeld.storage.repositories import audit as audit_rows

UNTIL = 20.0


async def entries(daemon: Any, **params: Any) -> list[dict[str, Any]]:
    return list((await daemon.http.get("/control/audit", params=params)).json())


async def until_noted(daemon: Any, count: int, **params: Any) -> list[dict[str, Any]]:
    with trio.fail_after(UNTIL):
        while len(found := await entries(daemon, **params)) < count:
            await trio.sleep(0.02)
    return found


async def key_of(daemon: Any, scope: str) -> httpx.AsyncClient:
    made = await daemon.http.post("/control/keys", json={"name": f"a {scope} key", "scope": scope})
    assert made.status_code == 201, made.text
    return httpx.AsyncClient(
        base_url=daemon.daemon.url, headers={"X-Api-Key": made.json()["key"]}, timeout=30
    )


@pytest.fixture
def rehearsing_settings(daemon_settings: Settings) -> Settings:
    return replace(daemon_settings, server=replace(daemon_settings.server, rehearsals=True))


async def test_a_change_is_a_row_that_says_who_what_why_and_how_it_ended(
    running_daemon: Any,
) -> None:
    post = running_daemon.http.post
    await post("/control/actors/rss/pause", json={"reason": "the feed moves"})
    await post("/control/actors/nobody/pause")
    refused, paused = await until_noted(running_daemon, 2)
    assert (paused["action"], paused["target"], paused["outcome"]) == ("pause", "rss", "ok")
    assert (paused["who"], paused["reason"]) == ("administrator", "the feed moves")
    assert paused["origin"] == "127.0.0.1"
    assert (refused["target"], refused["outcome"]) == ("nobody", "no_such_child")
    assert await entries(running_daemon, target="rss") == [paused]
    assert await entries(running_daemon, before=refused["id"], limit=1) == [paused]


async def test_every_change_of_the_control_port_leaves_a_row(
    run_daemon: Any, rehearsing_settings: Settings
) -> None:
    async with run_daemon(rehearsing_settings) as daemon:
        document = (await daemon.http.get("/api/schema/openapi.json")).json()
        paths = [
            path
            for path, item in document["paths"].items()
            if "post" in item and path.startswith(("/control", "/api/test", "/api/work"))
        ]
        assert len(paths) > 15
        for count, path in enumerate(paths, start=1):
            await daemon.http.post(_filled(path), json=_body(path))
            await until_noted(daemon, count)
        assert {each["who"] for each in await entries(daemon)} == {"administrator"}


def _filled(path: str) -> str:
    for name, value in (("name", "rss"), ("service", "tmdb")):
        path = path.replace(f"{{{name}}}", value)
    while "{" in path:
        path = path[: path.index("{")] + "4711" + path[path.index("}") + 1 :]
    return path


def _body(path: str) -> dict[str, Any] | None:
    bodies = {
        "/breakers/": {"breaker": "rss"},
        "/limits/": {"factor": 0.5},
        "/log-levels": {"logger": "reeld", "level": "info"},
        "/keys": {"name": "k"},
    }
    if path.endswith(("/reset", "/revoke")) and "breakers" not in path:
        return None
    return next((body for part, body in bodies.items() if part in path), None)


async def test_a_key_for_looking_changes_nothing_and_one_for_operating_breaks_nothing(
    running_daemon: Any,
) -> None:
    async with await key_of(running_daemon, "read") as reader:
        assert (await reader.get("/control/actors")).status_code == 200
        answer = await reader.post("/control/actors/rss/pause")
        assert (answer.status_code, answer.json()["reason"]) == (403, "forbidden")
        assert "reeld key add" in answer.json()["detail"]
        assert (await reader.get("/control/keys")).status_code == 403
    async with await key_of(running_daemon, "operate") as operator:
        assert (await operator.post("/control/actors/rss/pause")).status_code == 200
        for path in ("actors/rss/crash", "dead-letters/1/discard", "keys"):
            assert (await operator.post(f"/control/{path}")).status_code == 403, path
        (entry,) = await until_noted(running_daemon, 1, target="rss")
        assert entry["who"] == "a operate key"


async def test_a_revoked_key_ends_at_once(running_daemon: Any) -> None:
    async with await key_of(running_daemon, "read") as reader:
        assert (await reader.get("/control/actors")).status_code == 200
        (key,) = (
            each
            for each in (await running_daemon.http.get("/control/keys")).json()
            if each["name"] == "a read key"
        )
        assert "key" not in key
        revoked = await running_daemon.http.post(f"/control/keys/{key['id']}/revoke")
        assert revoked.status_code == 204
        assert (await reader.get("/control/actors")).status_code == 401


async def test_a_repeated_request_gets_its_first_answer_and_is_not_carried_out_again(
    running_daemon: Any,
) -> None:
    post = running_daemon.http.post
    mark = {"Idempotency-Key": "restart-1"}
    first = await post("/control/actors/rss/restart", headers=mark)
    again = await post("/control/actors/rss/restart", headers=mark)
    assert first.status_code == again.status_code == 200
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    tree = (await running_daemon.http.get("/control/actors")).json()
    assert tree["restarts"] == 1
    other = await post("/control/actors/tmdb/restart", headers=mark)
    assert (other.status_code, other.json()["reason"]) == (422, "idempotency_key_reused")
    dry = {"headers": {"Idempotency-Key": "import-1"}, "json": []}
    await post("/api/customformats/import?dry_run=true", **dry)
    in_earnest = await post("/api/customformats/import?dry_run=false", **dry)
    assert in_earnest.json()["reason"] == "idempotency_key_reused"
    stranger = await running_daemon.stranger.post("/control/actors/rss/restart", headers=mark)
    assert stranger.status_code == 401


async def test_the_answer_is_known_to_the_next_daemon_too(
    run_daemon: Any, daemon_settings: Settings
) -> None:
    mark = {"Idempotency-Key": "pause-1"}
    async with run_daemon(daemon_settings) as daemon:
        first = await daemon.http.post("/control/actors/rss/pause", headers=mark)
    again_settings = replace(daemon_settings, server=replace(daemon_settings.server, port=0))
    async with run_daemon(again_settings) as daemon:
        again = await daemon.http.post("/control/actors/rss/pause", headers=mark)
        assert again.json() == first.json()
        assert not (await daemon.http.get("/control/actors/rss")).json()["paused"]


async def test_two_requests_at_once_under_one_key_are_one(running_daemon: Any) -> None:
    statuses: list[int] = []

    async def restart() -> None:
        answer = await running_daemon.http.post(
            "/control/actors/rss/restart", headers={"Idempotency-Key": "at-once"}
        )
        statuses.append(answer.status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(restart)
    assert set(statuses) <= {200, 409}
    assert 200 in statuses
    assert (await running_daemon.http.get("/control/actors")).json()["restarts"] == 1


async def test_the_text_of_a_new_key_is_answered_once_and_kept_nowhere(
    running_daemon: Any, database_url: str
) -> None:
    order = {"json": {"name": "once"}, "headers": {"Idempotency-Key": "k"}}
    made = await running_daemon.http.post(f"{running_daemon.daemon.url}//control//keys", **order)
    assert made.status_code == 201
    text = made.json()["key"]
    again = await running_daemon.http.post("/control/keys", **order)
    assert (again.status_code, again.json()["reason"]) == (422, "name_taken")
    with psycopg.connect(database_url) as connection:
        (kept,) = connection.execute("SELECT count(*) FROM idempotent_answer").fetchall()
        rows = connection.execute("SELECT t::text FROM api_key t").fetchall()
    assert kept == (0,)
    assert text not in str(rows)


async def test_an_actor_is_drained_and_begins_nothing_until_it_is_resumed(
    running_daemon: Any,
) -> None:
    drained = await running_daemon.http.post("/control/actors/decision/drain", json={"seconds": 10})
    assert drained.status_code == 200, drained.text
    state = drained.json()
    assert (state["paused"], state["working"], state["mailbox"]["in_flight"]) == (True, 0, 0)
    resumed = await running_daemon.http.post("/control/actors/decision/resume")
    assert not resumed.json()["paused"]


async def test_a_disabled_breaker_lets_everything_through_until_it_is_reset(daemon: Any) -> None:
    order = {"breaker": "tmdb", "reason": "drill"}
    disabled = await daemon.http.post("/control/actors/tmdb/breakers/disable", json=order)
    assert disabled.json()["breakers"][0]["state"] == "disabled"
    reset = await daemon.http.post("/control/actors/tmdb/breakers/reset", json=order)
    assert reset.json()["breakers"][0]["state"] == "half_open"


async def test_a_limit_is_slowed_down_and_never_made_faster_than_the_settings_allow(
    daemon: Any, world: Any
) -> None:
    await daemon.http.get("/api/movies/find", params={"query": "The General"})
    (limit,) = (
        each for each in (await daemon.http.get("/control/limits")).json() if each["name"] == "tmdb"
    )
    slowed = (
        await daemon.http.post("/control/limits/tmdb", json={"factor": 0.25, "seconds": 60})
    ).json()
    assert slowed["per_second"] == pytest.approx(limit["per_second"] / 4)
    assert 0 < slowed["seconds_left"] <= 60
    whole = (await daemon.http.post("/control/limits/tmdb", json={"factor": 1})).json()
    assert whole["per_second"] == pytest.approx(limit["per_second"])
    faster = await daemon.http.post("/control/limits/tmdb", json={"factor": 2})
    assert faster.status_code == 400
    unknown = await daemon.http.post("/control/limits/none", json={"factor": 0.5})
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "no_such_limiter")


async def test_an_outage_is_rehearsed_as_if_it_were_real_and_ends(
    run_daemon: Any, world_settings: Settings, world: Any
) -> None:
    settings = replace(world_settings, server=replace(world_settings.server, rehearsals=True))
    async with run_daemon(settings) as daemon:
        post, find = daemon.http.post, {"query": "The General"}
        begun = await post("/api/test/circuit-breaker/tmdb", json={"seconds": 600})
        assert begun.json()[0]["service"] == "tmdb"
        calls = world.tmdb.requests.total()
        answer = await daemon.http.get("/api/movies/find", params=find)
        assert answer.status_code in (502, 503), answer.text
        assert "rehearses" in answer.json()["detail"]
        assert world.tmdb.requests.total() == calls
        assert (await post("/api/test/circuit-breaker/tmdb/end")).json() == []
        await post("/control/actors/tmdb/breakers/reset", json={"breaker": "tmdb"})
        assert (await daemon.http.get("/api/movies/find", params=find)).status_code == 200


async def test_an_outage_of_the_database_is_rehearsed_and_control_goes_on(
    run_daemon: Any, rehearsing_settings: Settings
) -> None:
    async with run_daemon(rehearsing_settings) as daemon:
        post = daemon.http.post
        await post("/api/test/circuit-breaker/postgresql", json={"seconds": 600})
        answer = await daemon.http.get("/api/movies")
        assert (answer.status_code, answer.json()["reason"]) == (503, "rehearsed_outage")
        assert int(answer.headers["retry-after"]) > 0
        assert (await post("/control/actors/rss/pause")).status_code == 200
        await post("/api/test/circuit-breaker/postgresql/end")
        # What was done while the database was away is in the audit when it is back.
        await until_noted(daemon, 1, target="rss")
        wrong = await post("/api/test/circuit-breaker/postgresql", json={"outage": "slow"})
        assert (wrong.status_code, wrong.json()["reason"]) == (422, "outage_not_possible")


async def test_rehearsals_are_off_unless_the_settings_allow_them(running_daemon: Any) -> None:
    answer = await running_daemon.http.post("/api/test/circuit-breaker/tmdb")
    assert (answer.status_code, answer.json()["reason"]) == (422, "rehearsals_off")
    assert "REELD_REHEARSALS" in answer.json()["detail"]


async def test_a_dump_shows_every_task_and_thread_and_no_value(running_daemon: Any) -> None:
    dump = (await running_daemon.http.get("/control/tasks")).json()
    functions = {frame["function"] for task in dump["tasks"] for frame in task["stack"]}
    assert "WebServer.run" in functions
    assert any("Incarnation" in function for function in functions)
    assert dump["tasks"][0]["depth"] == 0
    assert {frame for task in dump["tasks"] for each in task["stack"] for frame in each} == {
        "file",
        "line",
        "function",
    }
    assert any(thread["name"] == "MainThread" for thread in dump["threads"])
    assert not dump["truncated"]


async def test_a_row_that_the_database_refuses_takes_no_other_with_it(
    running_daemon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = audit_rows.append

    async def refuse_one(conn: Any, entry: Any) -> None:
        if entry.target == "tmdb":
            await conn.execute("SELECT 1/0")
        await append(conn, entry)

    monkeypatch.setattr(audit_rows, "append", refuse_one)
    for name in ("rss", "tmdb", "hdbits", "qbit"):
        await running_daemon.http.post(f"/control/actors/{name}/pause")
    found = await until_noted(running_daemon, 3)
    assert {each["target"] for each in found} == {"rss", "hdbits", "qbit"}


async def test_a_name_that_no_row_can_hold_is_cleaned(running_daemon: Any) -> None:
    order = {"breaker": "x"}
    await running_daemon.http.post("/control/actors/a%00b/breakers/reset", json=order)
    (entry,) = await until_noted(running_daemon, 1)
    assert entry["detail"] == {"actor": "ab"}
