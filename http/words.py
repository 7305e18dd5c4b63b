"""What the OpenAPI document calls operations and their good answers, where the framework has phrases of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_ANSWERS: Final[Mapping[str, str]] = {
    "101": "The socket is open.",
    "200": "It worked; the body is what was asked for.",
    "201": "It was made; the body shows it.",
    "202": "It was taken, and is done by durable work.",
    "204": "It is done; there is nothing to show.",
}
_TEXTS: Final[Mapping[str, str]] = {
    "text/calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//reeld//calendar//EN\r\nEND:VCALENDAR\r\n",
    "text/plain": "# TYPE reeld_up gauge\nreeld_up 1\n",
}
"""Examples of what is no JSON."""


def give_words(document: dict[str, Any]) -> None:
    """Name each operation by its words, and say of each good answer what it means."""
    for item in document["paths"].values():
        for operation in item.values():
            operation["summary"] = summary_of(operation["operationId"])
            for status, answer in operation["responses"].items():
                if answer.get("description") in _phrases(status):
                    answer["description"] = _ANSWERS[status]
                for kind, media in answer.get("content", {}).items():
                    if kind in _TEXTS:
                        media.setdefault("example", _TEXTS[kind])


def summary_of(operation_id: str) -> str:
    """Return the words of an operation's name: `List movies` for `listMovies`."""
    words = _WORD.findall(operation_id)
    return " ".join([words[0].capitalize(), *(each.lower() for each in words[1:])])


def _phrases(status: str) -> set[str]:
    return (
        {HTTPStatus(int(status)).description, HTTPStatus(int(status)).phrase}
        if status in _ANSWERS
        else set()
    )
