"""How bodies are read: strictly, and once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from litestar.exceptions import ClientException

from reeld.http.json_bodies import LARGEST_AT_ONCE, WrongBody, is_json, read


class Body(msgspec.Struct, frozen=True):
    ids: list[int] = []
    exclude: bool = False
    more: dict[str, Any] = {}


def wrong(text: str) -> dict[str, str]:
    with pytest.raises(WrongBody) as caught:
        read(text.encode(), Body)
    return dict(caught.value.extra[0])  # type: ignore[index]


def test_a_body_is_read_as_what_its_route_takes() -> None:
    assert read(b'{"ids": [1], "more": {"a": 1, "b": {"a": 2}}}', Body) == Body(
        [1], more={"a": 1, "b": {"a": 2}}
    )


@pytest.mark.parametrize(
    ("text", "field", "sentence"),
    [
        ('{"exclude": 0}', "exclude", "must be true or false; it is a whole number."),
        ('{"exclude": "true"}', "exclude", "must be true or false; it is a text."),
        ('{"ids": ["1"]}', "ids[0]", "must be a whole number; it is a text."),
        ("7", "body", "must be an object; it is a whole number."),
    ],
)
def test_no_value_is_taken_for_another(text: str, field: str, sentence: str) -> None:
    assert wrong(text) == {"key": field, "message": sentence}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"ids": [1], "ids": [2]}', "ids"),
        ('{"ids": [1], "\\u0069ds": [2]}', "ids"),
        ('{"more": {"a": [{"x": 1, "y": 2, "x": 1}]}}', "x"),
        ('{"more": {"a\\"b": 1, "a\\"b": 2}}', 'a"b'),
    ],
)
def test_a_name_that_is_said_twice_is_named(text: str, name: str) -> None:
    assert wrong(text)["key"] == name
    assert "twice" in wrong(text)["message"]


def test_what_looks_like_a_name_in_a_text_is_none_and_other_objects_may_have_the_same_names() -> (
    None
):
    read(b'{"more": {"a": "\\"a\\": 1", "b": ":a", "c": [{"a": 1}, {"a": 1}]}}', Body)


def test_numbers_without_end_are_refused() -> None:
    told = wrong('{"more": {"a": 1' + "0" * 5000 + "}}")
    assert told == {"key": "body", "message": "holds what is too large."}


@pytest.mark.parametrize("text", ["{", "", "{'ids': 1}", '{"ids": [1],}', "NaN"])
def test_what_is_no_json_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ClientException, match="The body is no JSON"):
        read(text.encode(), Body)


@pytest.mark.parametrize(
    ("content_type", "is_one"),
    [
        (None, True),
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/merge-patch+json", True),
        ("text/plain", False),
        ("text/plain; x=application/json", False),
        ("application/x-www-form-urlencoded", False),
        ("image/svg+json", False),
        ("", False),
    ],
)
def test_json_has_a_media_type_of_its_own(content_type: str | None, is_one: bool) -> None:
    assert is_json(content_type) is is_one


async def test_json_under_another_media_type_is_refused_and_says_what_to_send(
    running_daemon: Any,
) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await running_daemon.http.post(
            "/api/tags", content=b'{"label": "kids"}', headers={"Content-Type": kind}
        )
        assert (answer.status_code, answer.json()["reason"]) == (415, "unsupported_media_type")
        assert answer.headers["accept"] == "application/json"
        assert "application/json" in answer.json()["detail"]
    assert (await running_daemon.http.get("/api/tags")).json() == []


async def test_large_bodies_are_read_as_strictly_as_small_ones(running_daemon: Any) -> None:
    ids = list(range(1, 9_999))
    text = msgspec.json.encode({"ids": ids}).decode()[:-1]
    for more, field in (
        (', "exclude": 0}', "exclude"),
        (', "exclude": false, "exclude": true}', "exclude"),
        (', "ids": []}', "ids"),
    ):
        body = (text + " " * LARGEST_AT_ONCE + more).encode()
        answer = await running_daemon.http.post("/api/movies/delete", content=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["field"] == field
