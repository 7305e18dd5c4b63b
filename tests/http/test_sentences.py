"""What msgspec says, and what is made of it."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from reeld.http.sentences import PATTERNS, complaint_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    size: int
    colour: Colour = Colour.RED


@dataclass
class Plain:
    colour: Colour


class Body(msgspec.Struct, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=1, le=5)] = 1
    above: Annotated[int, Meta(gt=0)] = 1
    share: Annotated[float, Meta(ge=0.5, le=2)] = 1.0
    fives: Annotated[int, Meta(multiple_of=5)] = 5
    name: Annotated[str, Meta(min_length=1, max_length=3)] = "a"
    path: Annotated[str, Meta(pattern=r"^/[^\x00]*$")] = "/"
    odd: Annotated[str, Meta(pattern="^odd$")] = "odd"
    few: Annotated[list[int], Meta(min_length=1, max_length=2)] = []
    pair: tuple[int, int] = (1, 2)
    flag: bool = True
    maybe: bool | None = None
    colour: Colour = Colour.RED
    side: Literal["left", "right"] | None = None
    inner: Inner | None = None
    many: list[Inner] = []
    named: dict[str, Inner] = {}
    plain: Plain | None = None
    at: dt.datetime | None = None
    zoned: Annotated[dt.datetime, Meta(tz=True)] | None = None
    day: dt.date | None = None
    time: dt.time | None = None
    wait: dt.timedelta | None = None
    id: uuid.UUID | None = None
    price: Decimal | None = None
    raw: bytes | None = None


KINDS: list[tuple[Any, str, str]] = [
    ({"number": "x"}, "number", "must be a whole number; it is a text."),
    ({"number": 1.5}, "number", "must be a whole number; it is a number."),
    ({"number": None}, "number", "must be a whole number; it is null."),
    ({"number": 0}, "number", "must be at least 1."),
    ({"number": 6}, "number", "must be at most 5."),
    ({"number": 10**30}, "number", "must be at most 5."),
    ({"above": 0}, "above", "must be at least 1."),
    ({"share": 0.25}, "share", "must be at least 0.5."),
    ({"share": 3}, "share", "must be at most 2."),
    ({"fives": 7}, "fives", "must be a multiple of 5."),
    ({"name": ""}, "name", "must have at least 1 character."),
    ({"name": "abcd"}, "name", "must have at most 3 characters."),
    ({"path": "x"}, "path", PATTERNS[r"^/[^\x00]*$"]),
    ({"odd": "x"}, "odd", "must match '^odd$'."),
    ({"few": []}, "few", "must have at least 1 entry."),
    ({"few": [1, 2, 3]}, "few", "must have at most 2 entries."),
    ({"few": ["x"]}, "few[0]", "must be a whole number; it is a text."),
    ({"pair": [1]}, "pair", "must have exactly 2 entries."),
    ({"flag": 0}, "flag", "must be true or false; it is a whole number."),
    ({"flag": "true"}, "flag", "must be true or false; it is a text."),
    ({"maybe": []}, "maybe", "must be true or false or null; it is a list."),
    ({"colour": "green"}, "colour", "must be one of red, blue."),
    ({"side": "up"}, "side", "must be one of left, right."),
    ({"inner": {}}, "inner.size", "is missing."),
    ({"inner": {"size": 1, "sze": 1}}, "inner.sze", "is no field here; there are: colour, size."),
    (
        {"inner": {"size": 1, "colour": "green"}},
        "inner.colour",
        "must be one of red, blue.",
    ),
    ({"inner": []}, "inner", "must be an object or null; it is a list."),
    ({"many": [{"size": 1, "colour": "x"}]}, "many[0].colour", "must be one of red, blue."),
    (
        {"named": {"a": {"size": 1, "colour": "x"}}},
        "named[...].colour",
        "must be one of red, blue.",
    ),
    ({"plain": {"colour": "x"}}, "plain.colour", "must be one of red, blue."),
    ({"at": "x"}, "at", "must be a date and time such as 2026-01-31T12:00:00Z."),
    (
        {"zoned": "2026-01-31T12:00:00"},
        "zoned",
        "must name its time zone, such as 2026-01-31T12:00:00Z.",
    ),
    ({"day": "x"}, "day", "must be a date such as 2026-01-31."),
    ({"time": "x"}, "time", "must be a time such as 12:00:00."),
    ({"wait": "x"}, "wait", "must be a duration such as PT6H."),
    ({"id": "x"}, "id", "must be a UUID."),
    ({"price": "x"}, "price", "must be a number."),
    ({"raw": "!"}, "raw", "must be a text in base64."),
    ([], "", "must be an object; it is a list."),
]


@pytest.mark.parametrize(("body", "field", "sentence"), KINDS, ids=[str(k[0]) for k in KINDS])
def test_each_kind_of_message_names_its_field_and_says_what_must_be_there(
    body: Any, field: str, sentence: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(json.loads(json.dumps(body)), Body)
    complaint = complaint_of(str(caught.value), Body)
    assert (complaint.field, complaint.sentence) == (field, sentence)


@pytest.mark.parametrize(
    ("value", "kind", "sentence"),
    [
        ("maybe", bool | None, "must be true or false."),
        ("x", int | None, "must be a whole number."),
        ("green", Colour | None, "must be one of red, blue."),
        ("x", dt.date | None, "must be a date such as 2026-01-31."),
        ("0", Annotated[int, Meta(ge=1)], "must be at least 1."),
    ],
)
def test_of_a_parameter_it_is_not_said_that_it_is_a_text(
    value: str, kind: Any, sentence: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind, strict=False)
    assert complaint_of(str(caught.value), kind, is_text=True).sentence == sentence


def patterns(value: Any) -> set[str]:
    match value:
        case {"pattern": str(pattern), **rest}:
            return {pattern} | patterns(rest)
        case dict():
            return set().union(*(patterns(each) for each in value.values()))
        case list():
            return set().union(*(patterns(each) for each in value))
        case _:
            return set()


async def test_every_expression_of_a_route_has_words(running_daemon: Any) -> None:
    document = (await running_daemon.http.get("/api/schema/openapi.json")).json()
    found = patterns(document)
    assert len(found) > 4
    assert found <= PATTERNS.keys()
    for pattern in found:
        re.compile(pattern)
