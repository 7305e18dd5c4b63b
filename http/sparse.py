"""Answers with some of their fields only, which the framework takes for whole ones: their schemas in the document."""

from __future__ import annotations

from typing import Any, Final

_PREFIX: Final = "#/components/schemas/"
_WHOLE: Final = ("MoviePage", "MovieView")
"""What is answered with the fields alone that a client names by `fields`."""
_REFERENCES: Final = {f"{_PREFIX}{name}": f"{_PREFIX}Sparse{name}" for name in _WHOLE}


def allow_sparse(document: dict[str, Any]) -> None:
    """Say of the operations that know `fields` that every field but the id may be left out of their answers."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            if any(each["name"] == "fields" for each in operation.get("parameters", ())):
                operation["responses"] = _sparse(operation["responses"])
    schemas |= {f"Sparse{name}": _sparse(schemas[name]) for name in _WHOLE}
    schemas["SparseMovieView"]["required"] = ["id"]


def _sparse(value: Any) -> Any:
    """Return what holds schemas with the sparse one in the place of each whole one."""
    match value:
        case {"$ref": str(reference)}:
            return {**value, "$ref": _REFERENCES.get(reference, reference)}
        case dict():
            return {key: _sparse(each) for key, each in value.items()}
        case list():
            return [_sparse(each) for each in value]
        case _:
            return value
