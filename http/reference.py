"""The API's reference as one page: plain HTML from the OpenAPI document, without a script and without the network."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from reeld.http.page_policy import policy_of

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h2{margin-top:3rem;border-bottom:1px solid #999}h3 code{font-size:1.05rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}"
    "pre{overflow:auto;padding:.8rem;border:1px solid #999;border-radius:.3rem}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8cf}}"
)
POLICY: Final = policy_of(STYLE)
"""Lets the page's own style apply, and nothing else."""

_METHODS: Final = ("get", "post", "put", "patch", "delete")
Document = Mapping[str, Any]


def reference_page(document: Document) -> bytes:
    """Return the page that shows a completed document."""
    areas = _areas(document)
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>",
        f"<h1>{title}</h1><p>{escape(document['info'].get('description', ''))}",
        " The same as a document: <a href=openapi.json>openapi.json</a>.</p><ul>",
        *(f'<li><a href="#{escape(area)}">{escape(area)}</a>' for area in areas),
        '<li><a href="#problems">problems</a></ul>',
    ]
    for area, operations in areas.items():
        parts.append(f'<h2 id="{escape(area)}">{escape(area)}</h2>')
        for method, path, operation in operations:
            parts += _operation(method, path, operation, document)
    parts += _problems(document)
    return "".join(parts).encode()


def _areas(document: Document) -> dict[str, list[tuple[str, str, Document]]]:
    areas: dict[str, list[tuple[str, str, Document]]] = defaultdict(list)
    for path, item in sorted(document["paths"].items()):
        first = next((part for part in path.split("/") if part and part != "api"), "api")
        for method in _METHODS:
            if method in item:
                areas[first.removesuffix(".ics")].append((method.upper(), path, item[method]))
    return dict(sorted(areas.items()))


def _operation(method: str, path: str, operation: Document, document: Document) -> Iterator[str]:
    name = escape(operation["operationId"])
    yield f'<h3 id="{name}"><code>{method} {escape(path)}</code></h3>'
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        yield "<table><tr><th>parameter<th>in<th>may be<th>is"
        for each in (resolved(parameter, document) for parameter in parameters):
            needed = "" if each.get("required") else ", may be left out"
            yield f"<tr><td><code>{escape(each['name'])}</code><td>{each['in']}{needed}"
            yield f"<td>{escape(_words(each.get('schema', {})))}<td>{escape(each.get('description', ''))}"
        yield "</table>"
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Takes <code>{escape(kind)}</code>:</p>{_example(media)}"
    good = {status: each for status, each in operation["responses"].items() if "$ref" not in each}
    for status, answer in good.items():
        yield f"<p>Answers <b>{escape(status)}</b>: {escape(answer.get('description', ''))}</p>"
        yield from (_example(media) for media in answer.get("content", {}).values())
    problems = ", ".join(sorted(operation["responses"].keys() - good.keys()))
    yield f'<p>May answer with a <a href="#problems">problem</a>: {problems}.</p>'


def _problems(document: Document) -> Iterator[str]:
    yield '<h2 id="problems">problems</h2>'
    for answer in document["components"]["responses"].values():
        (media,) = answer["content"].values()
        status = f"{media['example']['status']} {media['example']['title']}"
        yield f"<p><b>{escape(status)}</b>: {escape(answer['description'])}</p>{_example(media)}"


def resolved(value: Document, document: Document) -> Document:
    """Return what stands where a reference leads."""
    if "$ref" not in value:
        return value
    found = document
    for step in value["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def _example(media: Document) -> str:
    if "example" not in media:
        return ""
    return f"<pre>{escape(json.dumps(media['example'], indent=2, ensure_ascii=False))}</pre>"


def _words(schema: Document) -> str:
    """Say in a few words what a parameter may be."""
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices:
        return " or ".join(filter(None, (_words(each) for each in choices)))
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "anything")
    if kind == "null":
        return ""
    limits = {"minimum": "from", "maximum": "to", "maxLength": "up to", "pattern": "like"}
    said = [f"{word} {schema[limit]}" for limit, word in limits.items() if limit in schema]
    return " ".join([str(kind), *said])
