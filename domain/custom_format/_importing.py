"""What the import of formats changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reeld.domain.custom_format._format import CustomFormat, InvalidFormat
from reeld.domain.custom_format._radarr import from_radarr, probe_format, to_radarr


class Change(StrEnum):
    """What an import does to what is there."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class PlannedFormat:
    """A format that came in; its number is that of the one it replaces, or 0."""

    change: Change
    format: CustomFormat


def plan_formats(
    documents: Sequence[object], present: Iterable[CustomFormat]
) -> tuple[PlannedFormat, ...]:
    """Read formats, and find out which of those that are there each one replaces.

    It is the one of the same name, else of the same `trash_id`. Compiles and probes every expression: up to a second for hundreds of formats.

    Raises:
        InvalidFormat: A document is wrong, or two have one name; the error names the field, such as
            `[3].specifications[0].implementation`.
    """
    there = tuple(present)
    by_name = {each.name: each for each in there}
    by_trash_id = {_trash_id(each): each for each in there if _trash_id(each)}
    planned: dict[str, PlannedFormat] = {}
    replaced: set[int] = set()
    for n, document in enumerate(documents):
        read = _read(n, document)
        former = by_name.get(read.name) or by_trash_id.get(_trash_id(read))
        if read.name in planned or (former and former.id in replaced):
            raise InvalidFormat(f"[{n}].name", f"{read.name!r} comes twice; leave one out.")
        planned[read.name] = _planned(read, former)
        replaced |= {former.id} if former else set()
    return tuple(planned.values())


def _trash_id(custom_format: CustomFormat) -> str:
    found = custom_format.rest.get("trash_id")
    return found if isinstance(found, str) else ""


def _read(n: int, document: object) -> CustomFormat:
    try:
        read = from_radarr(document)
        probe_format(read)
    except InvalidFormat as error:
        raise InvalidFormat(f"[{n}].{error.field}", error.complaint) from None
    return read


def _planned(read: CustomFormat, former: CustomFormat | None) -> PlannedFormat:
    if former is None:
        return PlannedFormat(Change.NEW, read)
    same = _compared(read) == _compared(former)
    numbered = replace(read, id=former.id)
    return PlannedFormat(Change.UNCHANGED if same else Change.CHANGED, numbered)


def _compared(custom_format: CustomFormat) -> dict[str, object]:
    """Everything but the number that another Radarr gave it."""
    document = to_radarr(custom_format)
    document.pop("id", None)
    return document
