"""The messages of `/api/events` as schemas of the OpenAPI document, which itself knows no WebSocket: one a topic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from reeld.domain.history import EventKind
from reeld.domain.topics import STREAM, StateKind, StreamKind, Topic, topic_of

PATH: Final = "/api/events"
MESSAGES: Final = "x-messages"
"""The extension of that operation that refers to the schemas, by topic."""


def message_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of the messages of each topic, by topic."""
    kinds: dict[str, list[str]] = {str(topic): [] for topic in Topic}
    for kind in (*EventKind, *StateKind):
        kinds[str(topic_of(kind))].append(str(kind))
    kinds[STREAM] = [str(kind) for kind in StreamKind]
    return {topic: _message(topic, named) for topic, named in kinds.items()}


def tell_messages(document: dict[str, Any]) -> None:
    """Put the schemas into a document, and refer to them where the events are."""
    operation = document["paths"][PATH]["get"]
    operation[MESSAGES] = {}
    for topic, schema in message_schemas().items():
        name = f"{topic.capitalize()}Message"
        document["components"]["schemas"][name] = schema
        operation[MESSAGES][topic] = {"$ref": f"#/components/schemas/{name}"}


def _message(topic: str, kinds: Iterable[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": f"A text frame of {PATH} about {topic}.",
        "properties": {
            "seq": {
                "type": "integer",
                "minimum": 0,
                "description": "Its place in the order of events; resuming after it misses nothing.",
            },
            "kind": {"type": "string", "enum": sorted(kinds)},
            "topic": {"type": "string", "const": topic},
            "at": {"type": "string", "format": "date-time"},
            "data": {"type": "object", "description": "What the kind says."},
        },
        "required": ["seq", "kind", "topic", "at", "data"],
        "additionalProperties": False,
    }
