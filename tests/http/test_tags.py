from __future__ import annotations

from typing import Any

import trio

from reeld.domain.movie import NewMovie
from reeld.storage import Database
from reeld.storage.repositories import movies


async def test_tags_are_made_renamed_given_to_movies_and_deleted_and_each_change_is_audited(
    running_daemon: Any, database: Database
) -> None:
    http = running_daemon.http
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(1, "Movie", 2001))
    made = await http.post("/api/tags", json={"label": "Kids"})
    assert (made.status_code, made.json()["label"]) == (201, "kids")
    tag_id = made.json()["id"]
    assert (await http.post("/api/tags", json={"label": "kids "})).status_code == 200
    given = await http.put(f"/api/movies/{movie.id}/tags", json={"tags": [tag_id]})
    assert given.json() == [{"id": tag_id, "label": "kids"}]
    renamed = await http.put(f"/api/tags/{tag_id}", json={"label": "children"})
    assert renamed.json() == {"id": tag_id, "label": "children"}
    (listed,) = (await http.get("/api/tags")).json()
    assert (listed["label"], listed["movies"]) == ("children", 1)
    assert (await http.delete(f"/api/tags/{tag_id}")).status_code == 204
    assert (await http.delete(f"/api/tags/{tag_id}")).status_code == 404
    assert (await http.get("/api/tags")).json() == []
    refused = await http.put(f"/api/movies/{movie.id}/tags", json={"tags": [99]})
    assert (refused.status_code, refused.json()["reason"]) == (422, "no_such_tag")
    assert refused.json()["detail"].startswith("tags:")
    noted: list[str] = []
    with trio.fail_after(30):
        while len(noted) < 7:
            noted = [each["action"] for each in (await http.get("/control/audit")).json()]
            await trio.sleep(0.02)
    assert noted.count("save_tag") == 3
    assert noted.count("delete_tag") == noted.count("tag_movie") == 2


async def test_a_malformed_tag_is_refused_with_the_field(running_daemon: Any) -> None:
    for body, field in (({}, "label"), ({"label": ""}, "label"), ({"label": 3}, "label")):
        answer = await running_daemon.http.post("/api/tags", json=body)
        assert answer.status_code == 400, body
        assert answer.json()["errors"][0]["field"] == field
