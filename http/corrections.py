"""What the framework writes into the OpenAPI document that does not hold, and how it is put right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_WITHOUT_BODY: Final = ("101", "204", "304")
_PREFIX: Final = "#/components/schemas/"


def correct(document: dict[str, Any]) -> None:
    """Put a document right, in place."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            for status in _WITHOUT_BODY:
                operation["responses"].get(status, {}).pop("content", None)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _close(content.get("schema", {}), schemas)
    _as_openapi_31(schemas)
    _as_openapi_31(document["paths"])


def _close(body: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Say of what is sent that it has no other fields: each body refuses those that it does not know."""
    seen: set[str] = set()
    waiting = [*_references(body)]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if "properties" in schemas[name]:
            schemas[name].setdefault("additionalProperties", False)
        waiting += _references(schemas[name])


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference.removeprefix(_PREFIX)
        case dict():
            for each in value.values():
                yield from _references(each)
        case list():
            for each in value:
                yield from _references(each)
        case _:
            pass


def _as_openapi_31(value: Any) -> None:
    """Write unions and tuples as JSON Schema 2020-12 does.

    A union is `anyOf`: a whole number is an integer and a number, and `oneOf` would refuse it for that. What a tuple
    holds is `prefixItems`.
    """
    match value:
        case dict():
            if isinstance(value.get("oneOf"), list):
                value["anyOf"] = value.pop("oneOf")
            if isinstance(value.get("items"), list):
                value["prefixItems"] = value.pop("items")
                value["items"] = False
            for each in value.values():
                _as_openapi_31(each)
        case list():
            for each in value:
                _as_openapi_31(each)
        case _:
            pass
