"""The last look at spans before they leave. Imports the SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Link

Redact = Callable[[str], str]
"""Masks every secret in a text."""


def redacted(span: ReadableSpan, redact: Redact) -> ReadableSpan:
    """Return the span with every text masked; the span itself when there was nothing to mask."""
    name = redact(span.name)
    attributes = _masked(span.attributes, redact)
    links = [Link(link.context, _masked(link.attributes, redact)) for link in span.links]
    if (
        name == span.name
        and attributes == dict(span.attributes or {})
        and all(
            new.attributes == dict(old.attributes or {})
            for new, old in zip(links, span.links, strict=True)
        )
    ):
        return span
    return ReadableSpan(
        name=name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        links=links,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _masked(attributes: Mapping[str, Any] | None, redact: Redact) -> dict[str, Any]:
    return {name: _mask(value, redact) for name, value in (attributes or {}).items()}


def _mask(value: Any, redact: Redact) -> Any:
    match value:
        case str():
            return redact(value)
        case Sequence():
            return tuple(_mask(each, redact) for each in value)
        case _:
            return value
