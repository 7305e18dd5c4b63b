"""What msgspec says of a value that does not fit, as sentences for people.

msgspec's messages name types of its own and regular expressions, and of an enum not what it allows. Each kind of message
that it has becomes a sentence that says what must be there instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import inspect

_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$(?P<path>[^`]*)`$")
_STEP: Final = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?:\d+|\.\.\.)\]")
_TYPE: Final = re.compile(r"Expected `(?P<wanted>[^`]+)`(?:, got `(?P<got>[^`]+)`)?")
_NUMBER: Final = re.compile(
    r"Expected `(?:int|float|decimal)` (?P<bound>>=|<=|>|<) (?P<limit>-?[\d.e+]+)"
)
_MULTIPLE: Final = re.compile(r"Expected `(?:int|float)` that's a multiple of (?P<of>[\d.]+)")
_LENGTH: Final = re.compile(
    r"Expected `(?P<of>\w+)` of (?:at (?P<most>least|most) )?length (?:(?P<bound>>=|<=) )?(?P<limit>\d+(?: to \d+)?)"
)
_PATTERN: Final = re.compile(r"Expected `str` matching regex (?P<pattern>.+)")
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_NO_CHOICE: Final = re.compile(r"Invalid (?:enum )?value (?P<value>.+)")

_KINDS: Final = {
    "array": "a list",
    "bool": "true or false",
    "bytes": "a text in base64",
    "date": "a date such as 2026-01-31",
    "datetime": "a date and time such as 2026-01-31T12:00:00Z",
    "duration": "a duration such as PT6H",
    "float": "a number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "a text",
    "time": "a time such as 12:00:00",
    "uuid": "a UUID",
}
_BOUNDS: Final = {
    ">=": "at least",
    "<=": "at most",
    ">": "more than",
    "<": "less than",
    "least": "at least",
    "most": "at most",
    None: "exactly",
}
_UNITS: Final = {"array": "entries", "object": "fields", "str": "characters", "bytes": "bytes"}
_ONE: Final = {"entries": "entry", "fields": "field", "characters": "character", "bytes": "byte"}

_ABSOLUTE: Final = "must be an absolute path: it begins with / and holds no control characters."
PATTERNS: Final = {
    r"^[^\x00]*$": "must not hold the character NUL.",
    r"^[^\x00-\x1f\x7f]*$": "must not hold control characters.",
    r"^/[^\x00]*$": _ABSOLUTE,
    r"^/[^\x00-\x1f]*$": _ABSOLUTE,
    r"^[\w .@-]+$": "may hold letters, digits, spaces and . @ _ - alone.",
    r"^[A-Za-z0-9][A-Za-z0-9._@-]*$": "begins with a letter or digit, and holds letters, digits and . _ @ - alone.",
    r"^[a-z]{2}$": "must be the two small letters of a language, such as en.",
}
"""What each regular expression of a body or parameter asks for."""
_PATTERNS: Final = {repr(pattern): words for pattern, words in PATTERNS.items()}

_FIXED: Final = {
    "Invalid RFC3339 encoded datetime": "must be a date and time such as 2026-01-31T12:00:00Z.",
    "Invalid RFC3339 encoded date": "must be a date such as 2026-01-31.",
    "Invalid RFC3339 encoded time": "must be a time such as 12:00:00.",
    "Invalid ISO8601 duration": "must be a duration such as PT6H.",
    "Invalid UUID": "must be a UUID.",
    "Invalid base64 encoded string": "must be a text in base64.",
    "Invalid decimal string": "must be a number.",
    "Expected `datetime` with a timezone component": "must name its time zone, such as 2026-01-31T12:00:00Z.",
    "Expected `datetime` with no timezone component": "must not name a time zone.",
    "Timestamp is out of range": "lies too far away.",
    "Duration is out of range": "is too long.",
    "Integer value out of range": "is too large.",
    "Number out of range": "is too large.",
    "Invalid epoch timestamp": "must be a date and time such as 2026-01-31T12:00:00Z.",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one value.

    Attributes:
        field: Where it stands, such as `specifications[2].name`; empty for the whole document.
        sentence: What must be there.
    """

    field: str
    sentence: str


def complaint_of(message: str, kind: Any, *, is_text: bool = False) -> Complaint:
    """Return what a message of msgspec's says.

    Args:
        message: As msgspec wrote it, with the place at its end when there is one.
        kind: The type that the value was to have, to say what is allowed.
        is_text: The value comes from a URL, where everything is text.
    """
    found = _PLACE.search(message)
    path = found["path"] if found else ""
    bare = message[: found.start()] if found else message
    for pattern in (_MISSING, _UNKNOWN):
        if named := pattern.fullmatch(bare):
            path, known = f"{path}.{named['name']}", _fields_at(kind, path)
            return Complaint(path.lstrip("."), _of_name(pattern, known))
    return Complaint(path.lstrip("."), _sentence(bare, kind, path, is_text=is_text))


def _of_name(pattern: re.Pattern[str], known: list[str]) -> str:
    if pattern is _MISSING:
        return "is missing."
    return f"is no field here; there are: {', '.join(known)}." if known else "is no field here."


def _sentence(bare: str, kind: Any, path: str, *, is_text: bool) -> str:
    if (fixed := _FIXED.get(bare)) is not None:
        return fixed
    if found := _NO_CHOICE.fullmatch(bare):
        choices = _choices_at(kind, path)
        return f"must be one of {', '.join(choices)}." if choices else "is none of what is allowed."
    if found := _NUMBER.match(bare):
        return f"must be {_BOUNDS[found['bound']]} {found['limit'].removesuffix('.0')}."
    if found := _MULTIPLE.match(bare):
        return f"must be a multiple of {found['of']}."
    if found := _LENGTH.match(bare):
        unit, limit = _UNITS.get(found["of"], "entries"), found["limit"]
        bound = _BOUNDS[found["bound"] or found["most"]]
        return f"must have {bound} {limit} {_ONE[unit] if limit == '1' else unit}."
    if found := _PATTERN.match(bare):
        return _PATTERNS.get(found["pattern"], f"must match {found['pattern']}.")
    if found := _TYPE.fullmatch(bare):
        return _of_type(found["wanted"], None if is_text else found["got"])
    return f"cannot be read: {bare}."


def _of_type(wanted: str, got: str | None) -> str:
    kinds = [each.strip() for each in wanted.split("|")]
    if got is None:
        # A URL cannot say null.
        kinds = [each for each in kinds if each != "null"] or kinds
    must = " or ".join(_KINDS.get(each, each) for each in kinds)
    if got is None:
        return f"must be {must}."
    return f"must be {must}; it is {_KINDS.get(got, got)}."


def _choices_at(kind: Any, path: str) -> list[str]:
    for node in _reached(kind, path):
        match node:
            case inspect.EnumType(cls=cls):
                return [str(each.value) for each in cls]
            case inspect.LiteralType(values=values):
                return [str(each) for each in values]
            case _:
                pass
    return []


def _fields_at(kind: Any, path: str) -> list[str]:
    names = (
        field.encode_name
        for node in _reached(kind, path)
        if isinstance(node, inspect.StructType | inspect.DataclassType | inspect.TypedDictType)
        for field in node.fields
    )
    return sorted(set(names))


def _reached(kind: Any, path: str) -> list[inspect.Type]:
    """Return what stands at a place of a type: several in a union."""
    root = _inspected(kind)
    nodes = [] if root is None else [*_alternatives(root)]
    for step in _STEP.finditer(path):
        inner = (each for node in nodes for each in _inside(node, step["name"]))
        nodes = [each for found in inner for each in _alternatives(found)]
    return nodes


def _alternatives(node: inspect.Type) -> Iterator[inspect.Type]:
    match node:
        case inspect.UnionType(types=types):
            for each in types:
                yield from _alternatives(each)
        case inspect.Metadata(type=inner):
            yield from _alternatives(inner)
        case _:
            yield node


def _inside(node: inspect.Type, name: str | None) -> Iterator[inspect.Type]:
    match node:
        case (
            inspect.StructType(fields=fields)
            | inspect.DataclassType(fields=fields)
            | inspect.TypedDictType(fields=fields)
        ):
            yield from (each.type for each in fields if each.encode_name == name)
        case inspect.DictType(value_type=value):
            yield value
        case (
            inspect.ListType(item_type=item)
            | inspect.VarTupleType(item_type=item)
            | inspect.SetType(item_type=item)
            | inspect.FrozenSetType(item_type=item)
        ):
            yield item
        case inspect.TupleType(item_types=items):
            yield from items
        case _:
            pass


@lru_cache(maxsize=512)
def _inspected(kind: Any) -> inspect.Type | None:
    try:
        return msgspec.inspect.type_info(kind)
    except (TypeError, NotImplementedError):
        return None  # a type that msgspec knows by a hook of ours alone
