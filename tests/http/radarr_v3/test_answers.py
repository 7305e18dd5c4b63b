"""Every answer against Radarr's own OpenAPI document, where REELD_RADARR_OPENAPI says where that is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

READ = (
    "alttitle?movieId={movie}",
    "autotagging",
    "blocklist",
    "calendar?start=1960-01-01&end=2030-01-01&unmonitored=true",
    "collection",
    "command",
    "config/downloadclient",
    "config/host",
    "config/importlist",
    "config/indexer",
    "config/mediamanagement",
    "config/metadata",
    "config/naming",
    "config/ui",
    "credit?movieId={movie}",
    "customfilter",
    "customformat",
    "customformat/schema",
    "delayprofile",
    "delayprofile/1",
    "diskspace",
    "downloadclient",
    "downloadclient/1",
    "downloadclient/schema",
    "exclusions",
    "exclusions/paged",
    "extrafile?movieId={movie}",
    "health",
    "history",
    "history/movie?movieId={movie}&includeMovie=true",
    "history/since?date=2020-01-01",
    "importlist",
    "indexer",
    "indexer/1",
    "indexer/schema",
    "indexerflag",
    "language",
    "language/1",
    "log",
    "log/file",
    "manualimport?downloadId=0000",
    "manualimport?movieId={movie}",
    "metadata",
    "movie",
    "movie/{movie}",
    "movie/lookup?term=charade",
    "movie/lookup/tmdb?tmdbId={tmdb}",
    "moviefile?movieId={movie}",
    "notification",
    "parse?title=Night.of.the.Living.Dead.1968.720p.WEB-DL-X",
    "qualitydefinition",
    "qualitydefinition/1",
    "qualityprofile",
    "qualityprofile/1",
    "qualityprofile/schema",
    "queue?includeMovie=true",
    "queue/details",
    "queue/status",
    "releaseprofile",
    "remotepathmapping",
    "rename?movieId={movie}",
    "rootfolder",
    "rootfolder/1",
    "system/backup",
    "system/status",
    "system/task",
    "tag",
    "tag/detail",
    "update",
    "wanted/cutoff",
    "wanted/missing",
)


UNSAID: dict[str, dict[str, Any]] = {
    "credit": {"type": "array", "items": {"$ref": "#/components/schemas/CreditResource"}},
    "customformat/schema": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/CustomFormatSpecificationSchema"},
    },
    "movie/lookup/tmdb": {"$ref": "#/components/schemas/MovieResource"},
}
"""What Radarr's document does not say."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    path = os.environ.get("REELD_RADARR_OPENAPI")
    if not path:
        pytest.skip("REELD_RADARR_OPENAPI does not say where Radarr's openapi.json is.")
    return dict(json.loads(Path(path).read_text()))


@pytest.fixture(scope="module")
def library(radarr: Any) -> dict[str, int]:
    """A library with a tag, a format, profiles, an exclusion, a movie with a file, and one without."""
    tag = radarr.send("POST", "tag", {"label": "Classic"}, 201)["id"]
    radarr.send("POST", "releaseprofile", {"ignored": ["cam"], "tags": [tag]}, 201)
    radarr.send("POST", "exclusions", {"tmdbId": 9, "movieTitle": "X", "movieYear": 1999}, 201)
    specification = {
        "name": "group",
        "implementation": "ReleaseGroupSpecification",
        "fields": [{"name": "value", "value": "PUBDOM"}],
    }
    radarr.send("POST", "customformat", {"name": "Dom", "specifications": [specification]}, 201)
    first, second = radarr.films[:2]
    movie = radarr.add(first, tags=[tag])["id"]
    radarr.add(second, minimumAvailability="inCinemas", addOptions={"searchForMovie": False})
    radarr.imported(movie)
    radarr.send("POST", "command", {"name": "RefreshMovie", "movieIds": [movie]}, 201)
    return {"movie": movie, "tmdb": first.tmdb_id}


@pytest.mark.parametrize("path", READ)
def test_an_answer_is_as_radarrs_document_says(
    radarr: Any, document: dict[str, Any], library: dict[str, int], path: str
) -> None:
    found = radarr.get(path.format(**library))
    template = template_of(document, path.partition("?")[0].format(**library))
    answer = document["paths"][template]["get"]["responses"]["200"]
    stated = answer.get("content", {}).get("application/json", {}).get("schema")
    schema = stated or UNSAID[path.partition("?")[0]]
    assert list(complaints(found, schema, document)) == []


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ({"id": "1"}, "$.id: '1' is no integer int32"),
        ({"title": None}, "$.title: is null"),
        ({"status": "done"}, "$.status: 'done' is none of"),
        ({"added": "2020-01-01"}, "$.added: '2020-01-01' is no string date-time"),
        ({"more": 1}, "$.more: Radarr has no such property"),
        ({"tags": [1.5]}, "$.tags[0]: 1.5 is no integer"),
    ],
)
def test_what_is_wrong_would_be_seen(
    document: dict[str, Any], broken: dict[str, Any], complaint: str
) -> None:
    schema = {"$ref": "#/components/schemas/MovieResource"}
    (said,) = complaints(broken, schema, document)
    assert said.startswith(complaint)


def template_of(document: dict[str, Any], path: str) -> str:
    full = f"/api/v3/{path}"
    if full in document["paths"]:
        return full
    for template in document["paths"]:
        if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", template), full):
            return str(template)
    raise AssertionError(f"Radarr has no {path}")


def complaints(value: Any, schema: dict[str, Any], document: Any, at: str = "$") -> Iterator[str]:
    """Say where a value is not what a schema of OpenAPI 3.0 allows. A null is a fault everywhere: Radarr leaves it out."""
    if reference := schema.get("$ref"):
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
        return
    kind = schema.get("type")
    if value is None:
        yield f"{at}: is null"
    elif kind == "object" or "properties" in schema:
        yield from of_object(value, schema, document, at)
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{at}: is no list"
            return
        for place, each in enumerate(value):
            yield from complaints(each, schema["items"], document, f"{at}[{place}]")
    elif kind is not None and not fits(value, kind, schema.get("format")):
        yield f"{at}: {value!r} is no {kind} {schema.get('format', '')}"


def of_object(value: Any, schema: dict[str, Any], document: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: is no object"
        return
    properties = schema.get("properties", {})
    for name, each in value.items():
        if name in properties:
            yield from complaints(each, properties[name], document, f"{at}.{name}")
        elif schema.get("additionalProperties", True) is False:
            yield f"{at}.{name}: Radarr has no such property"
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from complaints(each, schema["additionalProperties"], document, f"{at}.{name}")


def fits(value: Any, kind: str, form: str | None) -> bool:
    match kind:
        case "string" if form == "date-time":
            return isinstance(value, str) and value.endswith("Z") and is_time(value)
        case "string" if form == "date-span":
            return isinstance(value, str) and bool(
                re.fullmatch(r"(\d+\.)?\d\d:\d\d:\d\d(\.\d+)?", value)
            )
        case "string":
            return isinstance(value, str)
        case "integer":
            limit = 2**31 if form == "int32" else 2**63
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < limit
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return True


def is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
