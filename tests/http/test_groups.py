"""Release groups over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.domain.reputation import PRIOR_LOWER
from reeld.domain.settings import DecisionSettings
from reeld.simulators.catalogue import NOSFERATU
from reeld.simulators.offers import Layout, Offer
from reeld.simulators.world import World
from reeld.storage import Database


async def remember(database: Database, group: str, **kinds: int) -> None:
    """Write evidence of 30 days ago."""
    async with database.transaction() as conn:
        for kind, times in kinds.items():
            await conn.execute(
                "INSERT INTO group_evidence (group_key, group_name, kind, release_title, at)"
                " SELECT lower(%s), %s, %s, 'Movie.2020-' || %s, now() - interval '30 days'"
                " FROM generate_series(1, %s)",
                (group, group, kind, group, times),
            )


async def three_groups(database: Database) -> None:
    await remember(database, "GOOD", grabbed=24, completed=24, kept=23, replaced_by_repack=1)
    await remember(database, "Fair", grabbed=1, completed=1)
    await remember(database, "BAD", grabbed=2, wrong_content=2)


async def names(http: Any, **params: object) -> list[str]:
    page = (await http.get("/api/groups", params=params)).json()
    return [each["group"] for each in page["groups"]]


async def test_groups_are_listed_worst_first_or_as_asked(
    running_daemon: Any, database: Database
) -> None:
    await three_groups(database)
    http = running_daemon.http
    assert await names(http) == ["BAD", "Fair", "GOOD"]
    assert await names(http, order="best") == ["GOOD", "Fair", "BAD"]
    assert await names(http, order="name") == ["BAD", "Fair", "GOOD"]
    assert await names(http, order="evidence") == ["GOOD", "BAD", "Fair"]
    assert set(await names(http, order="latest")) == {"BAD", "Fair", "GOOD"}
    assert await names(http, search="OO") == ["GOOD"]
    first = (await http.get("/api/groups", params={"limit": 2})).json()
    assert (first["total"], first["next"]) == (3, 2)
    rest = (await http.get("/api/groups", params={"limit": 2, "offset": 2})).json()
    assert ([each["group"] for each in rest["groups"]], rest["next"]) == (["GOOD"], None)


async def test_a_group_is_shown_with_how_its_reputation_comes_about(
    running_daemon: Any, database: Database
) -> None:
    await three_groups(database)
    shown = (await running_daemon.http.get("/api/groups/good")).json()
    group = shown["group"]
    assert group["evidence"] == "23 of 24 imports kept, 1 replaced by a repack"
    assert (group["group"], group["band"], group["rule"]) == ("GOOD", "proven", None)
    assert 0.8 < group["reputation"] < group["mean"] < 1
    shares = {each["kind"]: each for each in shown["shares"]}
    left = 0.5 ** (30 / 180)
    assert shares["kept"]["remembered"] == pytest.approx(23 * left, abs=0.01)
    assert shares["replaced_by_repack"]["bad"] == pytest.approx(0.5 * left, abs=0.01)
    assert shares["grabbed"]["good"] == shares["grabbed"]["bad"] == 0
    assert shown["indexers"]["offers"] == 0
    assert len(shown["events"]) == 72
    assert shown["events"][0]["release_title"] == "Movie.2020-GOOD"
    page = {"limit": 2, "before": shown["events"][1]["id"]}
    more = (await running_daemon.http.get("/api/groups/good", params=page)).json()["events"]
    assert more == shown["events"][2:4]


async def test_a_person_blocks_and_prefers_groups_and_takes_it_back(
    running_daemon: Any, database: Database
) -> None:
    http = running_daemon.http
    begun = datetime.now(UTC)
    body = {"rule": "block", "note": "cuts the credits"}
    put = await http.put("/api/groups/YIFY/rule", json=body)
    assert put.status_code == 200
    assert (put.json()["rule"], put.json()["note"]) == ("block", "cuts the credits")
    assert datetime.fromisoformat(put.json()["at"]) >= begun.replace(microsecond=0)
    [listed] = (await http.get("/api/groups", params={"rule": "block"})).json()["groups"]
    assert (listed["group"], listed["standing"]) == ("YIFY", -1)
    assert listed["reputation"] == pytest.approx(PRIOR_LOWER, abs=1e-4)
    assert (await http.put("/api/groups/yify/rule", json={"rule": "prefer"})).status_code == 200
    assert (await http.get("/api/groups/YIFY")).json()["group"]["standing"] == 1
    assert (await http.delete("/api/groups/Yify/rule")).status_code == 204
    again = await http.delete("/api/groups/Yify/rule")
    assert (again.status_code, again.json()["reason"]) == (404, "no_such_group")
    audit = (await http.get("/control/audit")).json()
    told = [(each["action"], each["target"], each["outcome"]) for each in reversed(audit)]
    assert told[-4:] == [
        ("set_group_rule", "YIFY", "ok"),
        ("set_group_rule", "yify", "ok"),
        ("clear_group_rule", "Yify", "ok"),
        ("clear_group_rule", "Yify", "no_such_group"),
    ]
    assert audit[-1]["reason"] == "cuts the credits"


NONSENSE: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/api/groups/nobody", None, 404, "no_such_group"),
    ("GET", "/api/groups/%E2%80%AE", None, 422, "invalid_group"),
    ("GET", "/api/groups/a%00b", None, 422, "invalid_group"),
    ("GET", "/api/groups/%FF", None, 404, "no_such_group"),
    ("GET", "/api/groups/" + "x" * 101, None, 422, "invalid_group"),
    ("GET", "/api/groups?order=random", None, 400, "invalid_request"),
    ("GET", "/api/groups?limit=0", None, 400, "invalid_request"),
    ("GET", "/api/groups?offset=-1", None, 400, "invalid_request"),
    ("PUT", "/api/groups/a%00b/rule", {"rule": "block"}, 422, "invalid_group"),
    ("PUT", "/api/groups/GRP/rule", {"rule": "love"}, 400, "invalid_request"),
    ("PUT", "/api/groups/GRP/rule", {"rule": "block", "more": 1}, 400, "invalid_request"),
    ("PUT", "/api/groups/GRP/rule", {"rule": "block", "note": "a\x00b"}, 400, "invalid_request"),
    ("DELETE", "/api/groups/a%00b/rule", None, 404, "no_such_group"),
]


async def test_what_makes_no_sense_is_refused(running_daemon: Any) -> None:
    for method, path, body, status, reason in NONSENSE:
        answer = await running_daemon.http.request(method, path, json=body)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason), path


async def test_groups_are_counted_for_the_metrics_and_never_named(
    run_daemon: Any, world_settings: Any, database: Database
) -> None:
    await three_groups(database)
    async with run_daemon(world_settings) as daemon:
        metrics = daemon.started.metrics
        with trio.fail_after(30):
            while metrics.value("reeld_release_groups", rule="none") != 3:
                await trio.sleep(0.05)
        text = (await daemon.stranger.get("/metrics")).text
    assert 'reeld_release_group_reputations{reputation="proven"} 1.0' in text
    assert 'reeld_release_group_reputations{reputation="poor"} 1.0' in text
    assert 'reeld_release_group_reputations{reputation="doubtful"} 0.0' in text
    assert 'reeld_release_groups{rule="block"} 0.0' in text
    assert 'reeld_group_evidence_total{kind="kept"} 0.0' in text
    assert "GOOD" not in text


LIAR = Offer(NOSFERATU, "Nosferatu.1922.720p.BluRay.x264-LIAR", 2, 90, Layout.SAMPLE)
FIRST = Offer(NOSFERATU, "Nosferatu.1922.720p.WEB-DL.AAC2.0.H.264-FIRST", 2, 50)
PROPER = Offer(NOSFERATU, "Nosferatu.1922.PROPER.720p.WEB-DL.AAC2.0.H.264-MENDER", 2, 40)


@pytest.fixture
async def flawed_world(tmp_path: Path) -> AsyncIterator[World]:
    """The best offer is a sample, the next one has a flaw that a proper mends later."""
    offers = (LIAR, FIRST, PROPER)
    async with World.open(tmp_path / "world", download_seconds=0.2, offers=offers) as opened:
        yield opened


async def test_the_pipeline_teaches_what_groups_are_worth(
    run_daemon: Any, daemon_settings: Any, flawed_world: World
) -> None:
    world = flawed_world
    proper = world.hdbits.uploads.pop()
    settings = replace(
        daemon_settings,
        tmdb=world.tmdb_settings(),
        hdbits=world.hdbits_settings(poll_seconds=0.5, spacing_seconds=0.05),
        qbittorrent=world.qbittorrent_settings(poll_seconds=0.1),
        decision=DecisionSettings(profile="HD - 720p/1080p", upgrades_allowed=True),
    )

    async with run_daemon(settings) as daemon:

        async def told(group: str, *kinds: str) -> Any:
            while True:
                answer = await daemon.http.get(f"/api/groups/{group}")
                if answer.status_code == 200:
                    shown = answer.json()
                    if [each["kind"] for each in reversed(shown["events"])] == list(kinds):
                        return shown
                await trio.sleep(0.05)

        with trio.fail_after(60):
            await daemon.http.post("/api/movies", json={"tmdb_id": NOSFERATU.tmdb_id})
            liar = await told("LIAR", "grabbed", "completed", "wrong_content")
            first = await told("FIRST", "grabbed", "completed", "kept")
            world.hdbits.upload(proper)
            mended = await told("FIRST", "grabbed", "completed", "replaced_by_proper")
            await told("MENDER", "grabbed", "completed", "kept")
        assert liar["events"][0]["detail"]["reason"] == "sample_only"
        assert liar["group"]["standing"] < 0
        assert liar["indexers"]["offers"] == 1
        assert first["group"]["evidence"] == "1 of 1 import kept"
        assert mended["group"]["evidence"] == "0 of 1 import kept, 1 replaced by a proper"
        assert mended["group"]["reputation"] < first["group"]["reputation"]
        counted = daemon.started.metrics.value("reeld_group_evidence_total", kind="kept")
        assert counted == 2
