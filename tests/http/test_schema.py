from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from reeld.domain.topics import Topic
from reeld.http.reference import resolved

OPEN = {"/health", "/ready", "/metrics"}
DOOR = "/api/login"
ROUTES = {
    "GET /health",
    "GET /ready",
    "GET /health/detailed",
    "GET /info",
    "GET /metrics",
    "GET /api/movies",
    "POST /api/movies",
    "GET /api/movies/find",
    "GET /api/movies/{movie_id}",
    "GET /api/movies/{movie_id}/releases",
    "POST /api/movies/{movie_id}/search",
    "PUT /api/movies/{movie_id}",
    "DELETE /api/movies/{movie_id}",
    "POST /api/movies/edit",
    "POST /api/movies/delete",
    "GET /api/movies/{movie_id}/images/{kind}",
    "GET /api/images/{kind}/{name}",
    "GET /api/rootfolders",
    "POST /api/rootfolders",
    "DELETE /api/rootfolders/{root_id}",
    "GET /api/exclusions",
    "POST /api/exclusions",
    "DELETE /api/exclusions/{exclusion_id}",
    "GET /api/downloads",
    "POST /api/downloads",
    "POST /api/downloads/{download_id}/{order}",
    "DELETE /api/downloads/{download_id}",
    "GET /api/blocklist",
    "DELETE /api/blocklist/{blocked_id}",
    "GET /api/commands",
    "POST /api/commands/{command}",
    "GET /api/commands/{command}",
    "DELETE /api/commands/{command}",
    "GET /api/calendar",
    "POST /api/calendar/token",
    "DELETE /api/calendar/token",
    "GET /api/calendar.ics",
    "POST /api/search",
    "GET /api/discover",
    "GET /api/collections",
    "GET /api/statistics",
    "GET /api/settings",
    "GET /api/settings/sources",
    "PATCH /api/settings",
    "GET /api/logs",
    "GET /api/queue",
    "GET /api/queue/status",
    "GET /api/history",
    "GET /api/events",
    "GET /api/wanted/missing",
    "GET /api/wanted/cutoff",
    "GET /api/work",
    "POST /api/work/{work_id}/retry",
    "POST /api/work/{work_id}/discard",
    "GET /api/groups",
    "GET /api/groups/{name}",
    "PUT /api/groups/{name}/rule",
    "DELETE /api/groups/{name}/rule",
    "GET /api/downloads/{download_id}",
    "GET /api/tags/{tag_id}",
    "GET /api/rootfolders/{root_id}",
    "GET /api/exclusions/{exclusion_id}",
    "GET /api/delayprofiles/{profile_id}",
    "GET /api/releaseprofiles/{profile_id}",
    "GET /api/history/{entry_id}",
    "GET /api/work/{work_id}",
    "GET /api/collections/{collection_id}",
    "GET /api/feeds",
    "GET /api/feeds/{name}",
    "GET /api/downloadclients",
    "GET /api/downloadclients/{name}",
    "POST /api/downloadclients/{name}/test",
    "GET /api/tags",
    "POST /api/tags",
    "PUT /api/tags/{tag_id}",
    "DELETE /api/tags/{tag_id}",
    "PUT /api/movies/{movie_id}/tags",
    "POST /api/decide",
    "GET /api/releases",
    "POST /api/releases/{release_id}/grab",
    "GET /api/movies/{movie_id}/decisions",
    "GET /api/delayprofiles",
    "POST /api/delayprofiles",
    "PUT /api/delayprofiles/{profile_id}",
    "DELETE /api/delayprofiles/{profile_id}",
    "POST /api/delayprofiles/{profile_id}/move",
    "GET /api/releaseprofiles",
    "POST /api/releaseprofiles",
    "PUT /api/releaseprofiles/{profile_id}",
    "DELETE /api/releaseprofiles/{profile_id}",
    "GET /control/actors",
    "GET /control/actors/{name}",
    "POST /control/actors/{name}/restart",
    "POST /control/actors/{name}/pause",
    "POST /control/actors/{name}/resume",
    "POST /control/actors/{name}/crash",
    "POST /control/actors/{name}/poll",
    "POST /control/actors/{name}/breakers/reset",
    "POST /control/actors/{name}/breakers/open",
    "GET /control/dead-letters",
    "POST /control/dead-letters/{letter_id}/replay",
    "POST /control/reload",
    "GET /control/audit",
    "GET /control/keys",
    "POST /control/keys",
    "POST /control/keys/{key_id}/revoke",
    "GET /control/limits",
    "POST /control/limits/{name}",
    "GET /control/tasks",
    "POST /control/actors/{name}/unpark",
    "POST /control/actors/{name}/drain",
    "POST /control/actors/{name}/breakers/disable",
    "POST /control/dead-letters/{letter_id}/discard",
    "GET /api/test/circuit-breaker",
    "POST /api/test/circuit-breaker/{service}",
    "POST /api/test/circuit-breaker/{service}/end",
    "POST /api/login",
    "POST /api/logout",
    "GET /api/session",
    "GET /api/sessions",
    "DELETE /api/sessions/{session_id}",
    "GET /api/users",
    "POST /api/users",
    "PUT /api/users/{user_id}",
    "DELETE /api/users/{user_id}",
    "PUT /api/users/{user_id}/password",
    "GET /api/keys",
    "POST /api/keys",
    "DELETE /api/keys/{key_id}",
    "GET /control/log-levels",
    "POST /control/log-levels",
    "POST /control/log-levels/reset",
    "GET /api/profiles",
    "POST /api/profiles",
    "GET /api/profiles/{profile_id}",
    "PUT /api/profiles/{profile_id}",
    "DELETE /api/profiles/{profile_id}",
    "POST /api/profiles/import",
    "GET /api/profiles/export",
    "GET /api/profiles/{profile_id}/export",
    "GET /api/customformats",
    "POST /api/customformats",
    "GET /api/customformats/{format_id}",
    "PUT /api/customformats/{format_id}",
    "DELETE /api/customformats/{format_id}",
    "POST /api/customformats/import",
    "GET /api/customformats/export",
    "GET /api/customformats/{format_id}/export",
    "POST /api/customformats/test",
    "GET /api/indexers",
    "POST /api/indexers",
    "GET /api/indexers/schema",
    "POST /api/indexers/test",
    "GET /api/indexers/{indexer_id}",
    "PUT /api/indexers/{indexer_id}",
    "DELETE /api/indexers/{indexer_id}",
    "GET /api/qualitydefinitions",
    "PUT /api/qualitydefinitions",
    "DELETE /api/qualitydefinitions/{label}",
}


@pytest.fixture
async def document(running_daemon: Any) -> dict[str, Any]:
    answer = await running_daemon.http.get("/api/schema/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def references(value: object) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)


async def test_the_document_names_every_route(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert {f"{method} {path}" for method, path, _ in operations(document)} == ROUTES


async def test_the_messages_of_each_topic_have_a_schema(document: dict[str, Any]) -> None:
    told = document["paths"]["/api/events"]["get"]["x-messages"]
    assert set(told) == {*map(str, Topic), "stream"}
    for topic, reference in told.items():
        schema = document["components"]["schemas"][reference["$ref"].rpartition("/")[2]]
        assert schema["properties"]["topic"]["const"] == topic
        assert schema["properties"]["kind"]["enum"]


async def test_an_answer_with_the_named_fields_alone_is_one_that_the_document_allows(
    daemon: Any, world: Any
) -> None:
    added = await daemon.http.post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
    number = added.json()["id"]
    document = (await daemon.http.get("/api/schema/openapi.json")).json()
    for path, url in (
        ("/api/movies", "/api/movies?fields=title"),
        ("/api/movies/{movie_id}", f"/api/movies/{number}?fields=title"),
    ):
        said = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        body = (await daemon.http.get(url)).json()
        within = said["schema"] | {"components": document["components"]}
        jsonschema_rs.validate(within, body)
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(within, {"movies": [{}], "next": None})


async def test_each_operation_says_what_it_does_answers_and_needs(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["description"], where
        assert "default" not in operation["responses"], where
        good = [status for status in operation["responses"] if status[0] == "2" or status == "101"]
        assert good, where
        assert operation.get("security", document["security"]) == (
            [] if path in OPEN | {DOOR} else document["security"]
        ), where
        placeholders = {each.strip("{}") for each in path.split("/") if each.startswith("{")}
        parameters = [resolved(each, document) for each in operation.get("parameters", [])]
        named = {p["name"] for p in parameters if p["in"] == "path"}
        assert placeholders == named, where


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    assert len(set(references(document))) > 100
    for reference in references(document):
        assert resolved({"$ref": reference}, document)
    for scheme in document["security"]:
        assert set(scheme) <= set(document["components"]["securitySchemes"])


async def test_everything_but_health_readiness_and_metrics_needs_the_key(
    running_daemon: Any, document: dict[str, Any]
) -> None:
    free = OPEN | {DOOR}
    paths = [(method, path) for method, path, _ in operations(document) if path not in free]
    for method, path in [*paths, ("GET", "/api/schema"), ("GET", "/api/schema/openapi.json")]:
        for headers in ({}, {"X-Api-Key": "wrong"}, {"Authorization": "Bearer wrong"}):
            filled = re.sub(r"{\w+_id}", "1", path).replace("{", "").replace("}", "")
            answer = await running_daemon.stranger.request(method, filled, headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (401, "unauthorized"), path
            assert answer.headers["www-authenticate"]
    for path in sorted(OPEN):
        assert (await running_daemon.stranger.get(path)).status_code == 200


async def test_what_does_not_exist_is_a_problem(running_daemon: Any) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/api/movies/x", 404),
        ("DELETE", "/health", 405),
        ("PUT", "/api/movies", 405),
        ("BREW", "/api/movies", 405),
    ):
        answer = await running_daemon.http.request(method, path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json", path
        assert answer.json()["status"] == status


async def test_no_fault_of_our_own_shows_its_insides(
    running_daemon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reeld.storage.repositories import downloads

    async def fail(*_: object) -> None:
        raise ZeroDivisionError("insides of the code, and hunter2-the-password")

    monkeypatch.setattr(downloads, "active", fail)
    answer = await running_daemon.http.get("/api/queue")
    assert (answer.status_code, answer.json()["reason"]) == (500, "internal_error")
    for part in ("insides", "hunter2", "Traceback", "ZeroDivision", ".py"):
        assert part not in answer.text


async def test_every_body_and_every_answer_has_an_example_that_it_allows(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    seen = 0
    for method, path, operation in operations(document):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [each.get("content", {}) for each in operation["responses"].values()]
        for content in contents:
            for kind, media in content.items():
                if "json" in kind:
                    seen += 1
                    complaint = objection(media["example"], media["schema"], schemas)
                    assert complaint is None, f"{method} {path}: {complaint}"
    assert seen > 100


TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def objection(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> str | None:
    """Say why a schema does not allow a value, as far as types, enums, limits and fields go."""
    if "$ref" in schema:
        return objection(value, schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        found = [objection(value, each, schemas) for each in choices]
        return None if None in found else f"{value!r}: {found}"
    if "enum" in schema:
        return None if value in schema["enum"] else f"{value!r} is none of {schema['enum']}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[kind]) for kind in kinds):
        return f"{value!r} is no {kinds}"
    if isinstance(value, int | float) and value < schema.get("minimum", value):
        return f"{value!r} is too small"
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        return f"{value!r} is too short"
    if isinstance(value, list) and "items" in schema:
        found = [objection(each, schema["items"], schemas) for each in value]
        return next((each for each in found if each), None)
    if isinstance(value, dict):
        missing = set(schema.get("required", ())) - set(value)
        fields = schema.get("properties", {})
        found = [f"{missing} missing"] if missing else []
        found += [
            complaint
            for name, each in value.items()
            if name in fields and (complaint := objection(each, fields[name], schemas))
        ]
        return found[0] if found else None
    return None


async def test_the_reference_is_one_page_that_needs_nothing_else(running_daemon: Any) -> None:
    answer = await running_daemon.http.get("/api/schema/reference")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text
    for forbidden in ("<script", "http://", "https://", "@import", "url("):
        assert forbidden not in page, forbidden
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]
    for route in ROUTES:
        assert f"<code>{route}</code>" in page, route
    assert (await running_daemon.stranger.get("/api/schema/reference")).status_code == 401


async def test_the_example_of_a_download_names_one_torrent(document: dict[str, Any]) -> None:
    body = document["paths"]["/api/downloads"]["post"]["requestBody"]["content"]["application/json"]
    names = {"release_id", "magnet", "url", "torrent"}
    assert len(body["example"].keys() & names) == 1
    assert names <= document["components"]["schemas"]["DownloadBody"]["properties"].keys()
