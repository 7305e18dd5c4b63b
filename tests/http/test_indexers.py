"""Indexers through the API of a daemon that runs, each with an actor of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from reeld.simulators import Torrent, TorznabItem, TorznabSimulator, serve
from reeld.simulators.torrents import Text, single_file

MASK = "********"


def torrent(number: int) -> Torrent:
    content = Text(b"x" * 2_000_000 + bytes([number]))
    return single_file(f"Sintel.2010.{number}.mkv", content, announce="http://a/x")


@pytest.fixture
async def simulator() -> AsyncIterator[TorznabSimulator]:
    item = TorznabItem(
        1, "Sintel.2010.1080p.BluRay.x264-ONE", torrent(1), 1_700_000_000.0, imdb_id="tt1727587"
    )
    made = TorznabSimulator([item])
    async with serve(made):
        yield made


def body(simulator: TorznabSimulator, **more: Any) -> dict[str, Any]:
    return {"name": "Open", "base_url": simulator.url, "api_key": simulator.api_key} | more


async def until(holds: Any) -> Any:
    with trio.fail_after(30):
        while not (found := await holds()):
            await trio.sleep(0.05)
        return found


async def actors(daemon: Any) -> dict[str, str]:
    tree = (await daemon.http.get("/control/actors")).json()
    found: dict[str, str] = {}

    def walk(nodes: Any) -> None:
        for node in nodes:
            found[node["name"]] = node["state"]
            walk(node.get("children", ()))

    walk(tree["children"])
    return found


async def test_an_indexer_is_entered_shown_changed_and_removed(
    running_daemon: Any, simulator: TorznabSimulator
) -> None:
    http = running_daemon.http
    made = await http.post("/api/indexers", json=body(simulator, tags=["kids"], priority=5))
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert made.json()["api_key"] == MASK
    assert simulator.api_key not in made.text
    part = f"torznab:{number}"

    async def runs() -> bool:
        return (await actors(running_daemon)).get(part) == "running"

    await until(runs)
    changed = await http.put(
        f"/api/indexers/{number}", json=body(simulator, name="New", api_key=MASK)
    )
    assert (changed.status_code, changed.json()["name"]) == (200, "New")
    assert changed.json()["api_key"] == MASK

    async def restarted() -> bool:
        node = (await http.get(f"/control/actors/{part}")).json()
        return bool(node["restarts"] == 1 and node["state"] == "running")

    await until(restarted)
    assert [each["name"] for each in (await http.get("/api/indexers")).json()] == ["New"]
    assert (await http.delete(f"/api/indexers/{number}")).status_code == 204

    async def is_gone() -> bool:
        return part not in await actors(running_daemon)

    await until(is_gone)
    for answer in (
        await http.get(f"/api/indexers/{number}"),
        await http.delete(f"/api/indexers/{number}"),
        await http.put(f"/api/indexers/{number}", json=body(simulator)),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")
    audit = (await http.get("/control/audit")).json()
    assert {"add_indexer", "change_indexer", "delete_indexer"} <= {e["action"] for e in audit}
    assert simulator.api_key not in str(audit)


async def test_a_test_says_what_works_and_what_does_not(
    running_daemon: Any, simulator: TorznabSimulator
) -> None:
    async def tried(**more: Any) -> dict[str, Any]:
        answer = await running_daemon.http.post("/api/indexers/test", json=body(simulator, **more))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    good = await tried()
    assert (good["ok"], good["offers"], good["warnings"]) == (True, 1, [])
    assert "imdbid" in good["searches_by"]
    wrong = await tried(api_key="wrong")
    assert (wrong["ok"], wrong["reason"]) == (False, "credentials_rejected")
    assert (await tried(base_url="http://127.0.0.1:9"))["reason"] == "unreachable"
    assert (await tried(categories=[9999]))["warnings"]
    simulator.turn(usenet=True)
    (warning,) = (await tried(implementation="Newznab"))["warnings"]
    assert "Usenet" in warning
    assert (await running_daemon.http.get("/api/indexers")).json() == []


async def test_a_stored_key_never_travels_to_another_place(
    running_daemon: Any, simulator: TorznabSimulator
) -> None:
    http = running_daemon.http
    number = (await http.post("/api/indexers", json=body(simulator))).json()["id"]
    same = await http.post("/api/indexers/test", json=body(simulator, id=number, api_key=MASK))
    assert same.json()["ok"], same.text
    stranger = TorznabSimulator([], api_key="other")
    async with serve(stranger):
        elsewhere = {"base_url": stranger.url, "api_key": MASK}
        for answer in (
            await http.post("/api/indexers/test", json=body(simulator, id=number, **elsewhere)),
            await http.put(f"/api/indexers/{number}", json=body(simulator, **elsewhere)),
            await http.post("/api/indexers", json=body(simulator, name="B", **elsewhere)),
        ):
            assert answer.status_code == 422, answer.text
            assert answer.json()["errors"][0]["field"] == "api_key"
        assert not stranger.calls


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "http://169.254.169.254/latest"),
        ("base_url", "http://[fe80::1]:9696"),
        ("base_url", "file:///etc/passwd"),
        ("base_url", "http://host/\nx"),
        ("name", "hdbits"),
        ("name", "a\u0000b"),
        ("tags", ["Upper"]),
        ("required_flags[0]", ["free"]),
    ],
)
async def test_what_cannot_work_is_refused_with_its_field(
    running_daemon: Any, simulator: TorznabSimulator, field: str, value: Any
) -> None:
    given = body(simulator) | {field.partition("[")[0]: value}
    for path in ("/api/indexers", "/api/indexers/test"):
        answer = await running_daemon.http.post(path, json=given)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == field
    assert (await running_daemon.http.get("/api/indexers")).json() == []


@pytest.mark.parametrize(
    "wrong", [{"priority": 0}, {"categories": ["x"]}, {"nonsense": 1}, {"name": None}]
)
async def test_a_body_of_the_wrong_shape_is_refused(
    running_daemon: Any, simulator: TorznabSimulator, wrong: dict[str, Any]
) -> None:
    answer = await running_daemon.http.post("/api/indexers", json=body(simulator) | wrong)
    assert answer.status_code == 400, answer.text


async def test_two_indexers_cannot_have_one_name(
    running_daemon: Any, simulator: TorznabSimulator
) -> None:
    http = running_daemon.http
    assert (await http.post("/api/indexers", json=body(simulator))).status_code == 201
    again = await http.post("/api/indexers", json=body(simulator))
    assert (again.status_code, again.json()["reason"]) == (422, "name_taken")


async def test_the_schema_names_every_field_of_both_kinds(running_daemon: Any) -> None:
    kinds = (await running_daemon.http.get("/api/indexers/schema")).json()
    assert [each["implementation"] for each in kinds] == ["Torznab", "Newznab"]
    fields = {each["name"]: each for each in kinds[0]["fields"]}
    assert fields["api_key"]["type"] == "secret"
    assert (fields["priority"]["type"], fields["priority"]["default"]) == ("number", 25)
    assert fields["base_url"]["is_required"]


async def test_hdbits_and_feeds_stand_beside_and_cannot_be_changed(
    daemon: Any, world: Any, simulator: TorznabSimulator
) -> None:
    await daemon.http.post("/api/indexers", json=body(simulator))
    listed = (await daemon.http.get("/api/indexers")).json()
    assert [(each["name"], each["id"] is None) for each in listed] == [
        ("hdbits", True),
        ("open-movies", True),
        ("Open", False),
    ]
    assert world.hdbits.passkey not in str(listed)
    assert world.rss.passkey not in str(listed)
    taken = await daemon.http.post("/api/indexers", json=body(simulator, name="open-movies"))
    assert (taken.status_code, taken.json()["reason"]) == (422, "name_taken")


async def test_what_an_indexer_does_is_seen_in_metrics_under_bounded_labels(
    daemon: Any, simulator: TorznabSimulator
) -> None:
    made = (await daemon.http.post("/api/indexers", json=body(simulator))).json()
    part = f"torznab:{made['id']}"

    async def is_read() -> bool:
        shown = (await daemon.http.get(f"/api/indexers/{made['id']}")).json()
        return shown["state"]["last_read_at"] is not None

    await daemon.http.post("/control/tasks/run", json={})
    await until(is_read)
    text = (await daemon.http.get("/metrics")).text
    assert f'reeld_breaker_state{{service="{part}",state="closed"}} 1.0' in text
    assert 'reeld_actors_running{actor="torznab"} 1.0' in text
    assert 'reeld_rss_interval_seconds{indexer="Open"} 900.0' in text
    assert f'actor="{part}"' not in text
    assert f'queue="{part}"' not in text
    assert simulator.api_key not in text
