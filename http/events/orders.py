"""What a client asks for: topics, and from which event on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final
from urllib.parse import parse_qsl

import msgspec

from reeld.domain.errors import Refused
from reeld.domain.topics import Topic

LARGEST_SEQ: Final = 2**63 - 1


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client's message; what is left out stays as it is.

    Attributes:
        since: Tell every event after this one.
        topics: Tell these, and no others.
    """

    since: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SEQ)] | None = None
    topics: frozenset[Topic] | None = None


def order_of_message(text: str | bytes) -> Order:
    """Read a message.

    Raises:
        Refused: It is none.
    """
    try:
        return msgspec.json.decode(text, type=Order)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _not_understood() from error


def order_of_query(query: bytes) -> Order:
    """Read `?since=12&topics=movie,download`.

    Raises:
        Refused: It says something else.
    """
    try:
        given = dict(_read(query))
        return msgspec.convert(given, type=Order, strict=False)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _not_understood() from error


def _read(query: bytes) -> Iterator[tuple[str, object]]:
    text = query.decode("ascii")
    for name, value in (
        parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=8)
        if text
        else ()
    ):
        yield name, list(filter(None, value.split(","))) if name == "topics" else value


def _not_understood() -> Refused:
    topics = ", ".join(Topic)
    return Refused(
        'Say `{"since": 12, "topics": ["movie"]}`, or ?since=12&topics=movie in the URL: both may be left out, `since` is'
        f" the `seq` of an event, and topics are {topics}.",
        reason="question_not_understood",
    )
