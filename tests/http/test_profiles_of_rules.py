"""Delay profiles and release profiles over HTTP."""

from __future__ import annotations

from typing import Any


async def test_delay_profiles_are_made_ordered_changed_and_deleted(running_daemon: Any) -> None:
    http = running_daemon.http
    tags = [(await http.post("/api/tags", json={"label": each})).json()["id"] for each in "ab"]
    (last,) = (await http.get("/api/delayprofiles")).json()
    assert (last["id"], last["tags"], last["torrent_delay_minutes"]) == (1, [], 0)
    made = []
    for tag in tags:
        body = {"tags": [tag], "torrent_delay_minutes": 90, "bypass_from_format_score": 100}
        answer = await http.post("/api/delayprofiles", json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    moved = await http.post(f"/api/delayprofiles/{made[1]}/move", json={"after": None})
    assert [each["id"] for each in moved.json()] == [made[1], made[0], 1]
    body = {"tags": [tags[0]], "preferred_protocol": "torrent", "torrent_delay_minutes": 5}
    changed = (await http.put(f"/api/delayprofiles/{made[0]}", json=body)).json()
    assert (changed["torrent_delay_minutes"], changed["bypass_from_format_score"]) == (5, None)
    assert (await http.put("/api/delayprofiles/99", json=body)).status_code == 404
    assert (await http.delete(f"/api/delayprofiles/{made[0]}")).status_code == 204
    fixed = await http.delete("/api/delayprofiles/1")
    assert (fixed.status_code, fixed.json()["reason"]) == (422, "profile_fixed")
    assert [each["id"] for each in (await http.get("/api/delayprofiles")).json()] == [made[1], 1]


async def test_release_profiles_are_made_changed_and_deleted(running_daemon: Any) -> None:
    http = running_daemon.http
    body = {
        "name": "No cams",
        "required": ["1080p"],
        "ignored": ["/\\bcam\\b/i"],
        "preferred": [{"term": "GROUP", "score": 25}],
    }
    made = await http.post("/api/releaseprofiles", json=body)
    assert made.status_code == 201, made.text
    assert made.json() == {**body, "id": 1, "enabled": True, "indexer": None, "tags": []}
    changed = await http.put("/api/releaseprofiles/1", json={**body, "enabled": False})
    assert changed.json()["enabled"] is False
    assert (await http.get("/api/releaseprofiles")).json() == [changed.json()]
    assert (await http.put("/api/releaseprofiles/99", json=body)).status_code == 404
    assert (await http.delete("/api/releaseprofiles/1")).status_code == 204
    assert (await http.delete("/api/releaseprofiles/1")).status_code == 404


async def test_what_is_wrong_with_a_profile_is_said_with_its_field_and_nothing_is_saved(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    for path, body, status, field in (
        ("delayprofiles", {"torrent_delay_minutes": -1}, 400, "torrent_delay_minutes"),
        ("delayprofiles", {"preferred_protocol": "carrier pigeon"}, 400, "preferred_protocol"),
        ("delayprofiles", {"torrent_delay_minutes": 5}, 422, "tags"),
        ("releaseprofiles", {"required": ["/(/"]}, 422, "required"),
        ("releaseprofiles", {"ignored": [" "]}, 422, "ignored"),
        ("releaseprofiles", {"ignored": [""]}, 400, "ignored"),
        ("releaseprofiles", {"preferred": [{"term": "/[/", "score": 1}]}, 422, "preferred"),
    ):
        answer = await http.post(f"/api/{path}", json=body)
        assert answer.status_code == status, (body, answer.text)
        problem = answer.json()
        assert problem["errors"][0]["field"].startswith(field), (body, problem)
        assert field in problem["detail"]
    assert len((await http.get("/api/delayprofiles")).json()) == 1
    assert (await http.get("/api/releaseprofiles")).json() == []
