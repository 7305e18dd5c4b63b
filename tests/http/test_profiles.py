"""Profiles, custom formats and size limits through the API of a daemon that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
import trio

FORMATS: Final = Path(__file__).parents[1] / "domain" / "custom_format" / "formats"
RELEASE: Final = "Sintel.2010.1080p.WEB-DL.10bit.H.265-ONE"
PLAIN: Final = {
    "name": "Web",
    "conditions": [{"name": "web", "kind": "Source", "fields": {"value": 7}}],
}
OWN: Final = {
    "name": "Own",
    "items": [
        {"qualities": ["DVD"], "allowed": False},
        {"qualities": ["WEBDL-1080p", "WEBRip-1080p"], "name": "WEB"},
        {"qualities": ["Bluray-1080p"]},
    ],
    "cutoff": "WEB",
}


def documents() -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(FORMATS.glob("*.json"))]


async def audited(daemon: Any) -> list[tuple[str, str, str]]:
    entries = (await daemon.http.get("/control/audit")).json()
    return [(each["action"], each["target"], each["outcome"]) for each in entries]


@pytest.fixture
async def http(running_daemon: Any) -> Any:
    return running_daemon.http


async def test_a_format_is_made_changed_shown_and_removed(http: Any) -> None:
    made = await http.post("/api/customformats", json=PLAIN)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert made.json()["conditions"][0]["fields"] == {"value": 7}
    changed = await http.put(f"/api/customformats/{number}", json={**PLAIN, "name": "From the web"})
    assert (changed.status_code, changed.json()["name"]) == (200, "From the web")
    assert (await http.get(f"/api/customformats/{number}")).json() == changed.json()
    assert (await http.get("/api/customformats")).json() == [changed.json()]
    assert (await http.delete(f"/api/customformats/{number}")).status_code == 204
    for answer in (
        await http.get(f"/api/customformats/{number}"),
        await http.delete(f"/api/customformats/{number}"),
        await http.put(f"/api/customformats/{number}", json=PLAIN),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")


async def test_formats_come_out_as_they_came_in(http: Any) -> None:
    tried = await http.post("/api/customformats/import?dry_run=true", json=documents())
    assert not tried.json()["stored"]
    assert {each["change"] for each in tried.json()["formats"]} == {"new"}
    assert (await http.get("/api/customformats")).json() == []
    stored = await http.post("/api/customformats/import", json=documents())
    assert stored.json()["stored"]
    exported = (await http.get("/api/customformats/export")).json()
    by_name = {each["name"]: each for each in documents()}
    assert {each["name"]: each for each in exported} == by_name
    again = await http.post("/api/customformats/import", json=documents())
    assert {each["change"] for each in again.json()["formats"]} == {"unchanged"}
    other = {**by_name["Free"], "includeCustomFormatWhenRenaming": True}
    changed = (await http.post("/api/customformats/import", json=other)).json()["formats"]
    assert [(each["name"], each["change"]) for each in changed] == [("Free", "changed")]
    number = changed[0]["id"]
    assert (await http.get(f"/api/customformats/{number}/export")).json() == other


async def test_of_several_formats_with_one_wrong_none_is_stored(http: Any) -> None:
    wrong = {**documents()[0], "name": "wrong"}
    wrong["specifications"] = [{**wrong["specifications"][0], "implementation": "NewSpecification"}]
    answer = await http.post("/api/customformats/import", json=[*documents(), wrong])
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid_format")
    assert answer.json()["errors"][0]["field"] == "[10].specifications[0].implementation"
    twice = await http.post("/api/customformats/import", json=[documents()[0], documents()[0]])
    assert twice.json()["errors"][0]["field"] == "[1].name"
    assert (await http.post("/api/customformats/import", json=[])).status_code == 422
    assert (await http.get("/api/customformats")).json() == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value": "("}, "conditions[0].fields.value"),
        ({"value": "(a|aa)+$"}, "conditions[0].fields.value"),
        ({}, "conditions[0].fields.value"),
    ],
)
async def test_a_broken_or_endless_expression_names_its_field(
    http: Any, fields: dict[str, Any], field: str
) -> None:
    condition = {"name": "title", "kind": "ReleaseTitle", "fields": fields}
    answer = await http.post(
        "/api/customformats", json={"name": "wrong", "conditions": [condition]}
    )
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid_format")
    assert answer.json()["errors"][0]["field"] == field
    assert (await http.get("/api/customformats")).json() == []


async def test_a_release_is_tried_on_every_format(http: Any) -> None:
    await http.post("/api/customformats/import", json=documents())
    body = {"name": RELEASE, "flags": ["internal"], "size": 6 * 1024**3, "year": 2010}
    answer = (await http.post("/api/customformats/test", json=body)).json()
    assert answer["parsed"]["group"] == "ONE"
    matches = [each["name"] for each in answer["formats"] if each["matches"]]
    assert {"Deep colour", "Free", "From the web", "Careful groups"} <= set(matches)
    assert not {"Ultra HD", "Silent era", "Longer cut"} & set(matches)
    (ultra,) = (each for each in answer["formats"] if each["name"] == "Ultra HD")
    assert ultra["conditions"] == [
        {
            "name": "2160p",
            "kind": "Resolution",
            "negate": False,
            "required": True,
            "satisfied": False,
        }
    ]
    for wrong, field in (
        ({"flags": ["x"]}, "flags[0]"),
        ({"original_language": "x"}, "original_language"),
    ):
        refused = await http.post("/api/customformats/test", json={"name": RELEASE, **wrong})
        assert refused.json()["errors"][0]["field"] == field


async def test_a_profile_is_made_changed_shown_and_removed(http: Any) -> None:
    await http.post("/api/customformats", json=PLAIN)
    made = await http.post("/api/profiles", json={**OWN, "format_scores": {"Web": 10}})
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert made.json()["format_scores"] == {"Web": 10}
    assert made.json()["items"][1]["id"] == 1000
    assert made.json()["upgrades_allowed"] is None
    body = {key: value for key, value in made.json().items() if key != "id"}
    changed = await http.put(f"/api/profiles/{number}", json={**body, "upgrades_allowed": True})
    assert changed.json() == {**made.json(), "upgrades_allowed": True}
    assert (await http.get("/api/profiles")).json()[-1] == changed.json()
    assert len((await http.get("/api/profiles")).json()) == 7
    assert (await http.delete(f"/api/profiles/{number}")).status_code == 204
    assert (await http.get(f"/api/profiles/{number}")).status_code == 404


async def test_a_wrong_profile_names_the_field_and_is_not_stored(http: Any) -> None:
    for changes, field in (
        ({"cutoff": "DVD"}, "cutoff"),
        ({"cutoff": "Best"}, "cutoff"),
        ({"items": [{"qualities": ["DVD"], "allowed": False}], "cutoff": "DVD"}, "items"),
        ({"items": [*OWN["items"], OWN["items"][0]]}, "items"),
        ({"items": [{"qualities": ["Best"]}]}, "items[0].qualities[0]"),
        ({"format_scores": {"Gone": 1}}, "format_scores.Gone"),
        ({"language": "Klingon"}, "language"),
        ({"name": "SD"}, "name"),
    ):
        answer = await http.post("/api/profiles", json={**OWN, **changes})
        assert answer.status_code == 422, changes
        assert answer.json()["errors"][0]["field"] == field
    assert len((await http.get("/api/profiles")).json()) == 6


async def test_profiles_come_out_as_they_came_in(http: Any) -> None:
    await http.post("/api/customformats", json=PLAIN)
    exported = (await http.get("/api/profiles/export")).json()
    renamed = [{**each, "name": f"Copy of {each['name']}"} for each in exported]
    renamed[0]["formatItems"][0]["score"] = 25
    renamed[0]["language"] = {"id": 2, "name": "French"}
    tried = await http.post("/api/profiles/import?dry_run=true", json=renamed)
    assert {each["change"] for each in tried.json()["profiles"]} == {"new"}
    stored = (await http.post("/api/profiles/import", json=renamed)).json()
    assert stored["stored"]
    for document, told in zip(renamed, stored["profiles"], strict=True):
        out = (await http.get(f"/api/profiles/{told['id']}/export")).json()
        assert out == {**document, "id": told["id"]}
    again = (await http.post("/api/profiles/import", json=renamed)).json()
    assert {each["change"] for each in again["profiles"]} == {"unchanged"}
    wrong = await http.post("/api/profiles/import", json=[*renamed, {**renamed[0], "cutoff": 0}])
    assert wrong.json()["errors"][0]["field"] == "[6].cutoff"


async def test_a_profile_that_movies_use_is_not_removed(daemon: Any, world: Any) -> None:
    film = world.films[0]
    await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id, "profile": "SD"})
    (used,) = (p for p in (await daemon.http.get("/api/profiles")).json() if p["name"] == "SD")
    answer = await daemon.http.delete(f"/api/profiles/{used['id']}")
    assert (answer.status_code, answer.json()["reason"]) == (422, "profile_in_use")
    assert "1 movies use this profile" in answer.json()["detail"]


async def test_limits_of_a_quality_are_set_and_reset(http: Any) -> None:
    before = (await http.get("/api/qualitydefinitions")).json()
    assert len(before) == 30
    assert all(each["is_default"] for each in before)
    body = {"quality": "HDTV-720p", "minimum": 17.1, "preferred": 1999, "maximum": 2000}
    assert (await http.put("/api/qualitydefinitions", json=[body])).status_code == 200
    after = {each["quality"]: each for each in (await http.get("/api/qualitydefinitions")).json()}
    assert after["HDTV-720p"] == {**body, "id": 4, "is_default": False}
    for wrong, field in (
        ({"quality": "Best"}, "[0].quality"),
        ({"minimum": -1}, "[0].minimum"),
        ({"maximum": 5}, "[0].maximum"),
        ({"preferred": 5}, "[0].preferred"),
    ):
        answer = await http.put("/api/qualitydefinitions", json=[{**body, **wrong}])
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await http.delete("/api/qualitydefinitions/HDTV-720p")).status_code == 204
    assert (await http.delete("/api/qualitydefinitions/Best")).status_code == 404
    assert (await http.get("/api/qualitydefinitions")).json() == before


async def test_changes_are_audited(running_daemon: Any) -> None:
    http = running_daemon.http
    await http.post("/api/customformats", json=PLAIN)
    await http.post("/api/customformats", json=PLAIN)
    await http.post("/api/customformats/import?dry_run=true", json=documents())
    await http.post("/api/profiles", json=OWN)
    body = {"quality": "DVD", "minimum": 1, "preferred": None, "maximum": None}
    await http.put("/api/qualitydefinitions", json=[body])
    with_rows: list[tuple[str, str, str]] = []
    with trio.fail_after(30):
        while len(with_rows) < 4:
            with_rows = await audited(running_daemon)
            await trio.sleep(0.05)
    assert with_rows == [
        ("change_quality_limits", "DVD", "ok"),
        ("change_profile", "Own", "ok"),
        ("change_format", "Web", "name_taken"),
        ("change_format", "Web", "ok"),
    ]
