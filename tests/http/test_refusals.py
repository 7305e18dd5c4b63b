"""What is said of requests that are wrong: the path, the methods, the field, and what there is."""

from __future__ import annotations

from typing import Any


async def refusal(daemon: Any, method: str, path: str, status: int, **more: Any) -> dict[str, Any]:
    answer = await daemon.http.request(method, path, **more)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return dict(answer.json())


async def test_a_path_with_nothing_at_it_is_named(running_daemon: Any) -> None:
    told = await refusal(running_daemon, "GET", "/api/moveis", 404)
    assert told["detail"].startswith("There is nothing at /api/moveis. GET /api/schema/reference")


async def test_a_method_that_is_not_taken_is_named_with_those_that_are(running_daemon: Any) -> None:
    answer = await running_daemon.http.put("/api/movies")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert answer.json()["detail"] == (
        "PUT is not taken at /api/movies. It takes GET, HEAD, OPTIONS, POST."
    )


ALLOWED = [
    ("/api/movies", "GET, HEAD, OPTIONS, POST"),
    ("/api/movies/1", "DELETE, GET, HEAD, OPTIONS, PUT"),
    ("/api/movies/edit", "OPTIONS, POST"),
    ("/api/settings", "GET, HEAD, OPTIONS, PATCH"),
]


async def test_options_lists_every_method(running_daemon: Any) -> None:
    for path, allowed in ALLOWED:
        answer = await running_daemon.http.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (204, allowed)


async def test_a_parameter_that_is_not_given_is_a_field(running_daemon: Any) -> None:
    for path, name in (("/api/movies/find", "query"), ("/api/releases", "movieId")):
        told = await refusal(running_daemon, "GET", path, 400)
        assert told["reason"] == "invalid_request"
        assert told["errors"] == [{"field": name, "message": "is missing."}]


WRONG = [
    ("/api/movies?stage=zzz", "stage", "must be one of wanted, "),
    ("/api/movies?limit=0", "limit", "must be at least 1."),
    ("/api/movies?limit=x", "limit", "must be a whole number."),
    ("/api/movies?monitored=maybe", "monitored", "must be true or false."),
    ("/api/calendar?from=monday", "from", "must be a date such as 2026-01-31."),
    ("/api/releases?movieId=0", "movieId", "must be at least 1."),
    ("/api/work?state=zzz", "state", "must be one of "),
    ("/api/movies/1/images/zzz", "kind", "must be one of poster"),
    ("/api/discover?language=EN", "language", "must be the two small letters"),
    ("/api/logs?level=loud", "level", "must be one of critical, debug, "),
]


async def test_a_parameter_that_is_wrong_is_told_what_it_must_be(running_daemon: Any) -> None:
    for path, field, sentence in WRONG:
        told = await refusal(running_daemon, "GET", path, 400)
        (entry,) = told["errors"]
        assert entry["field"] == field
        assert entry["message"].startswith(sentence)
        assert told["detail"] == f"{field}: {entry['message']}"


async def test_of_a_body_that_may_be_left_out_nobody_is_told_that_it_is_missing(
    running_daemon: Any,
) -> None:
    told = await refusal(running_daemon, "POST", "/api/commands/zzz", 400)
    assert [each["field"] for each in told["errors"]] == ["command"]
    assert "search-missing" in told["errors"][0]["message"]


NOT_THERE = [
    ("/api/movies?profile=zzz", "profile", "HD-1080p"),
    ("/api/movies?tag=999", "tag", "(kids)"),
    ("/api/movies?root_folder=/nowhere", "root_folder", "/library"),
    ("/api/work?queue=zzz", "queue", "importer"),
]


async def test_a_filter_that_names_what_is_not_there_names_what_is(running_daemon: Any) -> None:
    await running_daemon.http.post("/api/tags", json={"label": "kids"})
    for path, field, there in NOT_THERE:
        told = await refusal(running_daemon, "GET", path, 422)
        (entry,) = told["errors"]
        assert entry["field"] == field
        assert there in entry["message"]


async def test_a_filter_that_names_what_is_there_may_find_nothing(running_daemon: Any) -> None:
    tag = (await running_daemon.http.post("/api/tags", json={"label": "kids"})).json()["id"]
    for query in (f"tag={tag}", "profile=HD-1080p", "stage=wanted", "text=zzz"):
        answer = await running_daemon.http.get(f"/api/movies?{query}")
        assert (answer.status_code, answer.json()["movies"]) == (200, [])


ABOUT_NONE = ["backup", "read-feeds", "search-missing"]


async def test_a_command_that_is_about_no_movies_refuses_their_numbers(running_daemon: Any) -> None:
    for command in ABOUT_NONE:
        body = {"movie_ids": [1]}
        told = await refusal(running_daemon, "POST", f"/api/commands/{command}", 422, json=body)
        assert told["errors"][0]["field"] == "movie_ids"
    assert (await running_daemon.http.get("/api/commands")).json()["commands"] == []


async def test_a_socket_of_a_foreign_page_is_told_what_a_page_of_ours_is(
    running_daemon: Any,
) -> None:
    headers = {
        "Origin": "http://evil.example",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = await running_daemon.http.get("/api/events", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_origin")
    assert str(running_daemon.http.base_url).rstrip("/") in answer.json()["detail"]
    assert "access.trusted_proxies" in answer.json()["detail"]
    assert "X-CSRF-Token" not in answer.json()["detail"]


async def test_a_path_that_was_made_up_to_be_read_somewhere_is_not_repeated(
    running_daemon: Any,
) -> None:
    for path in ("/api/<script>", "/nowhere/%1b[31m", "/api/movies/x%0aforged", "/" + "a" * 300):
        told = await refusal(running_daemon, "GET", path, 404)
        assert told["detail"].startswith("There is nothing at this path.")


CANNOT_BE: list[tuple[str, str, dict[str, Any] | None, str]] = [
    ("POST", "/api/movies", {"tmdb_id": 1, "profile": "zzz"}, "profile"),
    ("POST", "/api/movies", {"tmdb_id": 1, "tags": [999]}, "tags"),
    ("POST", "/api/movies", {"tmdb_id": 1, "root_folder": "/nowhere"}, "root_folder"),
    ("POST", "/api/decide", {"name": "x", "profile": "zzz"}, "profile"),
    ("POST", "/api/commands/search-movies", {}, "movie_ids"),
    ("POST", "/control/keys", {"name": "k", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ("GET", "/api/movies?after=zzz", None, "after"),
    ("GET", "/api/history?before=zzz", None, "before"),
]


async def test_what_is_wellformed_and_cannot_be_names_its_field_too(
    daemon: Any, world: Any
) -> None:
    for method, path, body, field in CANNOT_BE:
        if body and "tmdb_id" in body:
            body["tmdb_id"] = world.films[0].tmdb_id
        told = await refusal(daemon, method, path, 422, json=body)
        assert [each["field"] for each in told["errors"]] == [field], path
        assert told["errors"][0]["message"].endswith("."), path
