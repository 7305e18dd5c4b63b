"""`customformat`: what Recyclarr reads and writes whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import trio
from litestar import Response, delete, get, post, put
from litestar.params import FromPath

from reeld.domain.custom_format import (
    IMPLEMENTATIONS,
    CustomFormat,
    from_radarr,
    probe_format,
    to_radarr,
)
from reeld.domain.errors import NotFound
from reeld.http.radarr_v3._answers import accepted, answered, created
from reeld.http.radarr_v3._asked import AnyRequest, number_of, read_as_written
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import formats

_READERS: Final = trio.CapacityLimiter(1)
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "LanguageSpecification": ("value", "exceptLanguage"),
    "SizeSpecification": ("min", "max"),
    "YearSpecification": ("min", "max"),
}
"""The fields of those conditions that have another one than `value`."""


def format_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of custom formats."""
    audit = frame.surface.audit

    @get("/customformat")
    async def list_formats() -> Response[bytes]:
        found = await formats.every(frame.database)
        return answered([_written(each) for each in sorted(found, key=lambda each: each.id)])

    @get("/customformat/{format_id:int}")
    async def get_format(format_id: FromPath[int]) -> Response[bytes]:
        return answered(_written(await existing(format_id)))

    @get("/customformat/schema")
    async def schema() -> Response[bytes]:
        return answered([_blank(name) for name in IMPLEMENTATIONS])

    @post("/customformat")
    async def add_format(request: AnyRequest) -> Response[bytes]:
        document = await read_as_written(request)
        with audit.change(request, "change_format", str(document.get("name", ""))[:100]):
            return created(await stored(document, 0))

    @put(["/customformat", "/customformat/{format_id:int}"])
    async def change_format(request: AnyRequest) -> Response[bytes]:
        document = await read_as_written(request)
        number = number_of(request, document)
        with audit.change(request, "change_format", str(document.get("name", ""))[:100], id=number):
            await existing(number)
            return accepted(await stored(document, number))

    @delete("/customformat/{format_id:int}", status_code=200)
    async def delete_format(format_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "delete_format", str(format_id)):
            async with frame.database.transaction() as conn:
                if not await formats.delete(conn, format_id):
                    raise Missing
        return answered({})

    async def existing(number: int) -> CustomFormat:
        try:
            return await formats.get(frame.database, number)
        except NotFound:
            raise Missing from None

    async def stored(document: Json, number: int) -> Json:
        # Compiled and tried out: some milliseconds, and up to a second for hundreds of expressions.
        read = await trio.to_thread.run_sync(_read, document, number, limiter=_READERS)
        async with frame.database.transaction() as conn:
            saved = await formats.save(conn, read)
        return _written(replace(read, id=saved))

    return [list_formats, get_format, schema, add_format, change_format, delete_format]


def _read(document: Json, number: int) -> CustomFormat:
    without_id = {name: value for name, value in document.items() if name != "id"}
    read = from_radarr(without_id, format_id=number)
    probe_format(read)
    return read


def _written(custom_format: CustomFormat) -> Json:
    document = dict(to_radarr(custom_format))
    listed = document["specifications"]
    assert isinstance(listed, list), "to_radarr writes a list"
    return {
        **document,
        "id": custom_format.id,
        "includeCustomFormatWhenRenaming": custom_format.include_when_renaming,
        "specifications": [_specification(each) for each in listed],
    }


def _specification(written: Mapping[str, Any]) -> Json:
    """Write a condition in the API's shape, also one that came in the shape of TRaSH's files."""
    fields = written["fields"]
    if isinstance(fields, Mapping):
        fields = [{"name": name, "value": value} for name, value in fields.items()]
    return {
        "implementationName": _called(str(written["implementation"])),
        **written,
        "fields": [{"order": place, **field} for place, field in enumerate(fields)],
    }


def _blank(implementation: str) -> Json:
    names = _FIELDS.get(implementation, ("value",))
    return {
        "name": "",
        "implementation": implementation,
        "implementationName": _called(implementation),
        "infoLink": "",
        "negate": False,
        "required": False,
        "fields": [{"order": place, "name": name} for place, name in enumerate(names)],
        "presets": [],
    }


def _called(implementation: str) -> str:
    """Return the name for people: `ReleaseTitleSpecification` is `Release Title`."""
    bare = implementation.removesuffix("Specification")
    return "".join(f" {char}" if char.isupper() else char for char in bare).strip()
