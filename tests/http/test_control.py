from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import trio

from reeld.actors.kernel import DeadReason
from reeld.domain.messages import Message, Sweep


@dataclass(frozen=True, slots=True)
class Unknown(Message[None]):
    """No actor handles it."""

    content: str = "confidential content"


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for node in tree["children"]:
        yield node
        yield from nodes(node)


async def tree(daemon: Any) -> dict[str, Any]:
    return dict((await daemon.http.get("/control/actors")).json())


async def node(daemon: Any, name: str) -> dict[str, Any]:
    return dict((await daemon.http.get(f"/control/actors/{name}")).json())


async def until_node(daemon: Any, name: str, **wanted: Any) -> dict[str, Any]:
    with trio.fail_after(20):
        while True:
            found = await node(daemon, name)
            if all(found[key] == value for key, value in wanted.items()):
                return found
            await trio.sleep(0.05)


async def test_the_tree_is_that_of_the_design(running_daemon: Any) -> None:
    seen = await tree(running_daemon)
    shape = {
        group["name"]: [each["name"] for each in group["children"]] for group in seen["children"]
    }
    assert shape == {
        "surface": ["web", "events", "health"],
        "core": ["database", "dispatcher", "scheduler"],
        "sources": ["tmdb", "hdbits", "rss", "indexers", "torznab"],
        "pipeline": ["decision", "qbit", "importer", "backup"],
    }
    assert (seen["restarts"], seen["dead_letters"], seen["parked"]) == (0, 0, [])
    assert seen["restarts_left"] == seen["restart_limit"] > 0


async def test_each_actor_shows_its_state_its_mailbox_its_budget_and_its_breakers(
    daemon: Any,
) -> None:
    by_name = {each["name"]: each for each in nodes(await tree(daemon))}
    for name in ("tmdb", "hdbits", "rss", "decision", "qbit", "importer", "dispatcher"):
        actor = by_name[name]
        assert (actor["kind"], actor["state"]) == ("actor", "running")
        assert actor["mailbox"]["capacity"] > actor["mailbox"]["depth"] >= 0
        assert actor["restarts_left"] == actor["restart_limit"] == 3
        assert actor["incarnation"]
    assert by_name["web"]["kind"] == "task"
    assert by_name["core"]["strategy"] == "rest_for_one"
    for name in ("tmdb", "hdbits", "qbit"):
        (breaker,) = by_name[name]["breakers"]
        assert (breaker["name"], breaker["state"]) == (name, "closed")


async def test_a_restart_gives_a_new_incarnation_and_costs_no_budget(running_daemon: Any) -> None:
    before = await node(running_daemon, "qbit")
    answer = await running_daemon.http.post(
        "/control/actors/qbit/restart", json={"reason": "a drill"}
    )
    assert answer.status_code == 200
    after = answer.json()
    assert (after["state"], after["restarts"]) == ("running", 1)
    assert after["incarnation"] != before["incarnation"]
    assert after["restarts_left"] == before["restarts_left"]
    assert (await tree(running_daemon))["restarts"] == 1


async def test_a_restart_may_come_without_a_body(running_daemon: Any) -> None:
    assert (await running_daemon.http.post("/control/actors/rss/restart")).status_code == 200


async def test_the_web_server_is_not_restarted_by_a_request_that_it_answers(
    running_daemon: Any,
) -> None:
    answer = await running_daemon.http.post("/control/actors/web/restart")
    assert (answer.status_code, answer.json()["reason"]) == (422, "answers_this_request")


async def test_a_drill_crashes_an_actor_as_a_fault_would(running_daemon: Any) -> None:
    assert (await running_daemon.http.post("/control/actors/rss/crash")).status_code == 200
    after = await until_node(running_daemon, "rss", restarts=1, state="running")
    assert after["last_error_reason"] == "InducedCrash"
    assert after["restarts_left"] == after["restart_limit"] - 1
    metrics = running_daemon.started.metrics
    assert metrics.value("reeld_actor_restarts_total", actor="rss", cause="crashed") == 1


async def test_the_database_actor_can_crash_and_work_goes_on(running_daemon: Any) -> None:
    await running_daemon.http.post("/control/actors/database/crash")
    await until_node(running_daemon, "database", restarts=1, state="running")
    with trio.fail_after(20):
        while (await running_daemon.stranger.get("/ready")).status_code != 200:
            await trio.sleep(0.05)
    await until_node(running_daemon, "scheduler", restarts=1, state="running")
    assert (await running_daemon.http.get("/api/movies")).status_code == 200


async def test_a_crash_of_the_web_server_is_over_in_a_moment(running_daemon: Any) -> None:
    with suppress(httpx.HTTPError):  # its own answer may be lost with it
        await running_daemon.http.post("/control/actors/web/crash")
    with trio.fail_after(10):
        while True:
            try:
                found = await node(running_daemon, "web")
            except httpx.HTTPError:
                await trio.sleep(0.05)
                continue
            break
    assert found["restarts"] == 1


async def test_a_paused_actor_keeps_its_messages_until_it_is_resumed(running_daemon: Any) -> None:
    post = running_daemon.http.post
    assert (await post("/control/actors/decision/pause")).json()["paused"] is True
    assert (await post("/control/actors/decision/poll")).status_code == 202
    waiting = await node(running_daemon, "decision")
    assert waiting["mailbox"]["depth"] >= 1
    assert (await post("/control/actors/decision/resume")).json()["paused"] is False
    with trio.fail_after(10):
        while (await node(running_daemon, "decision"))["mailbox"]["depth"]:
            await trio.sleep(0.05)


async def test_what_is_not_in_the_tree_is_not_found(running_daemon: Any) -> None:
    for action in ("restart", "pause", "resume", "crash", "poll"):
        answer = await running_daemon.http.post(f"/control/actors/nobody/{action}")
        assert (answer.status_code, answer.json()["reason"]) == (404, "no_such_child"), action


async def test_only_what_has_work_can_be_polled(running_daemon: Any) -> None:
    for name in ("health", "database", "web", "sources"):
        answer = await running_daemon.http.post(f"/control/actors/{name}/poll")
        assert (answer.status_code, answer.json()["reason"]) == (422, "no_work")
    for name in ("tmdb", "hdbits", "rss", "decision", "qbit", "importer"):
        assert (await running_daemon.http.post(f"/control/actors/{name}/poll")).status_code == 202
    assert (await tree(running_daemon))["dead_letters"] == 0


async def test_a_breaker_is_held_open_until_it_is_reset(daemon: Any, world: Any) -> None:
    post = daemon.http.post
    order = {"breaker": "tmdb", "reason": "maintenance"}
    opened = (await post("/control/actors/tmdb/breakers/open", json=order)).json()
    assert opened["breakers"][0]["state"] == "forced_open"
    refused = await post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
    assert (refused.status_code, refused.json()["reason"]) == (503, "breaker_forced_open")
    reset = (await post("/control/actors/tmdb/breakers/reset", json={"breaker": "tmdb"})).json()
    assert reset["breakers"][0]["state"] != "forced_open"
    added = await post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
    assert added.status_code == 201
    assert (await node(daemon, "tmdb"))["breakers"][0]["state"] == "closed"


async def test_a_breaker_whose_name_is_a_path_can_be_steered(daemon: Any, world: Any) -> None:
    # The breaker of a folder is there from the first import into it on.
    await daemon.http.post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
    with trio.fail_after(20):
        while not (await node(daemon, "importer"))["breakers"]:
            await trio.sleep(0.05)
    (breaker,) = (await node(daemon, "importer"))["breakers"]
    assert "/" in breaker["name"]
    order = {"breaker": breaker["name"]}
    opened = (await daemon.http.post("/control/actors/importer/breakers/open", json=order)).json()
    assert opened["breakers"][0]["state"] == "forced_open"


async def test_an_order_for_a_breaker_that_does_not_exist_is_refused(daemon: Any) -> None:
    post = daemon.http.post
    answer = await post("/control/actors/tmdb/breakers/reset", json={"breaker": "x"})
    assert (answer.status_code, answer.json()["reason"]) == (404, "no_such_breaker")
    answer = await post("/control/actors/tmdb/breakers/reset")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "body"


async def test_dead_letters_are_listed_without_their_content_and_only_replayed_to_who_understands_them(
    running_daemon: Any,
) -> None:
    surface = running_daemon.daemon
    root = surface._root
    root.directory["rss"].tell(Unknown())
    with trio.fail_after(10):
        while not (letters := (await running_daemon.http.get("/control/dead-letters")).json()):
            await trio.sleep(0.05)
    (letter,) = letters
    assert (letter["actor"], letter["message"], letter["reason"]) == ("rss", "Unknown", "unhandled")
    assert "confidential content" not in str(letters)
    # Its type is gone, so it would only die again.
    replay = f"/control/dead-letters/{letter['id']}/replay"
    refused = await running_daemon.http.post(replay)
    assert (refused.status_code, refused.json()["reason"]) == (422, "unhandled_message")
    assert "Discard it" in refused.json()["detail"]
    discard = f"/control/dead-letters/{letter['id']}/discard"
    assert (await running_daemon.http.post(discard)).json()["id"] == letter["id"]
    assert (await running_daemon.http.post(replay)).status_code == 404


async def test_a_message_that_was_refused_by_a_parked_actor_is_replayed(
    running_daemon: Any,
) -> None:
    kit = running_daemon.daemon._root.kit
    kit.dead_letters.add(running_daemon.daemon._root.directory["rss"], Sweep(), DeadReason.PARKED)
    (letter,) = (await running_daemon.http.get("/control/dead-letters")).json()
    replayed = await running_daemon.http.post(f"/control/dead-letters/{letter['id']}/replay")
    assert replayed.json()["id"] == letter["id"]
    assert (await running_daemon.http.get("/control/dead-letters")).json() == []


async def test_an_actor_that_restarts_may_be_restarted(running_daemon: Any) -> None:
    before = (await node(running_daemon, "rss"))["incarnation"]
    seen: list[dict[str, Any]] = []

    async def restart() -> None:
        answer = await running_daemon.http.post("/control/actors/rss/restart")
        assert answer.status_code == 200, answer.text
        seen.append(answer.json())

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(restart)
    assert {each["state"] for each in seen} == {"running"}
    assert before not in {each["incarnation"] for each in seen}
    assert (await tree(running_daemon))["parked"] == []


async def test_settings_that_come_from_nowhere_do_not_change(running_daemon: Any) -> None:
    answer = await running_daemon.http.post("/control/reload")
    assert (answer.status_code, answer.json()) == (200, {"changed": False, "needs_restart": []})


async def test_no_link_or_image_changes_anything(running_daemon: Any) -> None:
    for path in ("actors/qbit/restart", "actors/qbit/crash", "reload", "dead-letters/1/replay"):
        answer = await running_daemon.http.get(f"/control/{path}")
        assert (answer.status_code, answer.json()["reason"]) == (405, "method_not_allowed"), path
    assert (await tree(running_daemon))["restarts"] == 0
