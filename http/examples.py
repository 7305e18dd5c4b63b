"""Examples for the OpenAPI document: made from the schemas, with the values that this kind of field usually has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_USUAL: Final[Mapping[str, object]] = {
    "added_at": "2026-01-31T12:00:00Z",
    "detail": "There is no movie 7.",
    "errors": [],
    "files": [],
    "first": True,
    "genres": ["Animation", "Fantasy"],
    "imdb_id": "tt1727587",
    "indexer": "hdbits",
    "infohash": "08ada5a7a6183aae1e09d831df6748d566095a10",
    "kind": "in_cinemas",
    "label": "kids",
    "name": "HD-1080p",
    "original_title": "Sintel",
    "overview": "A young woman looks for her dragon.",
    "path": "/films/Sintel (2010)/Sintel (2010) Bluray-1080p.mkv",
    "poster": "/api/movies/1/images/poster",
    "poster_path": "/4BMG9hk9NvSBeQvC82sVmVRK140.jpg",
    "profile": "HD-1080p",
    "progress": 0.5,
    "quality": "Bluray-1080p",
    "query": "Sintel",
    "reason": "not_found",
    "release_title": "Sintel.2010.1080p.BluRay.x264-GRP",
    "root_folder": "/films",
    "runtime_minutes": 15,
    "sentence": "",
    "size": 734003200,
    "stage": "in_library",
    "status": "released",
    "title": "Sintel",
    "tmdb_id": 45745,
    "year": 2010,
}
"""What fields of a name hold in an example."""

_WHOLE: Final[Mapping[str, Mapping[str, object]]] = {
    "DownloadBody": {
        "magnet": "magnet:?xt=urn:btih:08ada5a7a6183aae1e09d831df6748d566095a10&dn=Sintel.2010.1080p.BluRay.x264-GRP",
        "movie_id": 1,
    },
}
"""What is sent under a name of which one field excludes another."""

_FORMATS: Final[Mapping[str, str]] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "PT6H",
    "uuid": "7d444840-9dc0-11d1-b245-5ffdce74fad2",
}
_DEEPEST: Final = 6
_PREFIX: Final = "#/components/schemas/"

Schema = Mapping[str, Any]


def give_examples(document: dict[str, Any]) -> None:
    """Give every body and every JSON answer of a document an example, unless it has one."""
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [each.get("content", {}) for each in operation["responses"].values()]
            for content in contents:
                for kind, media in content.items():
                    if "json" in kind and "schema" in media and "examples" not in media:
                        media.setdefault("example", example_of(media["schema"], schemas))


def example_of(
    schema: Schema, schemas: Mapping[str, Schema], name: str = "", depth: int = 0
) -> Any:
    """Return a value that a schema allows.

    Args:
        schema: The schema.
        schemas: What its references lead to, by name.
        name: What the field is called.
        depth: How deep in the example it stands; deeper than a few levels lists are empty.
    """
    if "$ref" in schema:
        called = schema["$ref"].removeprefix(_PREFIX)
        if called in _WHOLE:
            return _WHOLE[called]
        return example_of(schemas[called], schemas, name, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        usual = _USUAL.get(name)
        return (
            usual if usual in schema["enum"] else next(v for v in schema["enum"] if v is not None)
        )
    for several in ("oneOf", "anyOf", "allOf"):
        if several in schema:
            return _of_several(schema[several], schemas, name, depth)
    return _of_type(schema, schemas, name, depth)


def _of_several(choices: list[Schema], schemas: Mapping[str, Schema], name: str, depth: int) -> Any:
    real = [each for each in choices if each.get("type") != "null"]
    return example_of(real[0], schemas, name, depth) if real else None


def _of_type(schema: Schema, schemas: Mapping[str, Schema], name: str, depth: int) -> Any:
    kinds = schema.get("type", "object" if "properties" in schema else None)
    kind = next((k for k in kinds if k != "null"), None) if isinstance(kinds, list) else kinds
    match kind:
        case "object":
            return _object(schema, schemas, depth)
        case "array":
            return _array(schema, schemas, name, depth)
        case "string":
            return _string(schema, name)
        case "integer" | "number":
            return _number(schema, name)
        case "boolean":
            return schema.get("default", True)
        case _:
            return None


def _object(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> dict[str, Any]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if depth > _DEEPEST:
        properties = {k: v for k, v in properties.items() if k in schema.get("required", ())}
    return {key: example_of(each, schemas, key, depth + 1) for key, each in properties.items()}


def _array(schema: Schema, schemas: Mapping[str, Schema], name: str, depth: int) -> list[Any]:
    usual = _USUAL.get(name)
    if isinstance(usual, list) and usual:
        return usual
    if depth > _DEEPEST or "items" not in schema or not isinstance(schema["items"], dict):
        return []
    return [example_of(schema["items"], schemas, name.removesuffix("s"), depth + 1)]


def _string(schema: Schema, name: str) -> str:
    usual = _USUAL.get(name)
    if isinstance(usual, str) and "format" not in schema:
        return usual
    text = _FORMATS.get(schema.get("format", ""), str(schema.get("default") or "text"))
    return text.ljust(schema.get("minLength", 0), "x")


def _number(schema: Schema, name: str) -> int | float:
    usual = _USUAL.get(name)
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    if isinstance(usual, int | float) and usual >= least:
        return usual
    default = schema.get("default")
    return default if isinstance(default, int | float) else max(1, least)
