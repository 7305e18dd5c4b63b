"""From an answer's bytes to what is in it: one pass of expat in a worker thread, which keeps no tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

import trio

from reeld.services.feeds import Objection, plain_xml

PARSE_DEADLINE: Final = 15.0
"""Seconds for a document within the size cap; a page of a hundred offers takes a few milliseconds."""
_PARSERS: Final = trio.CapacityLimiter(2)
_DEEPEST: Final = 30
_MOST_ITEMS: Final = 5000
_MOST_VALUES: Final = 128
"""Of one item."""
_LONGEST: Final = 8192
"""Characters of one value; what is beyond is cut off."""

Attributes = dict[str, str]


@dataclass(slots=True)
class Item:
    """One `item`, as it came: the texts of its elements, its enclosures, and its `attr` values by name."""

    texts: dict[str, str] = field(default_factory=dict)
    enclosures: list[Attributes] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """Return the first value of an attribute."""
        return next(iter(self.values.get(name, ())), None)


@dataclass(slots=True)
class Document:
    """An answer: an error, or capabilities, or a page of items.

    Attributes:
        root: The name of its outermost element.
        error: The attributes of `error`.
        elements: Names and attributes of what is in `caps`, in order.
        total: How many items there are in all, where the answer says so.
    """

    root: str = ""
    error: Attributes | None = None
    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    total: int | None = None


async def read_document(body: bytes, charset: str | None) -> Document:
    """Read an answer off the loop thread.

    Raises:
        Objection: It is no well-formed XML, has a DOCTYPE, or takes longer than `PARSE_DEADLINE`.
    """
    with trio.move_on_after(PARSE_DEADLINE):
        return await trio.to_thread.run_sync(
            _read, body, charset, abandon_on_cancel=True, limiter=_PARSERS
        )
    raise Objection("too_slow_to_parse", "a document that takes too long to read")


def _read(body: bytes, charset: str | None) -> Document:
    reader = _Reader()
    try:
        reader.parser.Parse(plain_xml(body, charset), True)
    except expat.ExpatError:
        raise Objection("unreadable", "XML that is not well-formed") from None
    return reader.document


class _Reader:
    def __init__(self) -> None:
        self.document = Document()
        self._path: list[str] = []
        self._item: Item | None = None
        self._text: list[str] = []
        self.parser = expat.ParserCreate(encoding="utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._said
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, name: str, attributes: Attributes) -> None:
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise Objection("too_deep", "a document nested deeper than any answer")
        self._text.clear()
        document, local = self.document, name.rpartition(":")[2]
        document.root = document.root or local
        match local:
            case "error" if len(self._path) == 1:
                document.error = attributes
            case "item" if len(document.items) < _MOST_ITEMS:
                self._item = Item()
                document.items.append(self._item)
            case "response" if attributes.get("total", "").isdecimal():
                document.total = int(attributes["total"][:12])
            case _ if document.root == "caps" and len(document.elements) < _MOST_ITEMS:
                document.elements.append((local, attributes))
            case _:
                self._note(local, attributes)

    def _note(self, name: str, attributes: Attributes) -> None:
        item = self._item
        if item is None:
            return
        if name == "enclosure" and len(item.enclosures) < _MOST_VALUES:
            item.enclosures.append(attributes)
        elif name == "attr" and len(item.values) < _MOST_VALUES:
            said = item.values.setdefault(attributes.get("name", "").lower(), [])
            if len(said) < _MOST_VALUES:
                said.append(attributes.get("value", "")[:_LONGEST])

    def _end(self, name: str) -> None:
        self._path.pop()
        local = name.rpartition(":")[2]
        if self._item is None:
            return
        if local == "item":
            self._item = None
        elif local != "attr" and len(self._item.texts) < _MOST_VALUES:
            text = "".join(self._text).strip()[:_LONGEST]
            if local == "category":
                self._item.values.setdefault("category", []).append(text)
            else:
                self._item.texts.setdefault(local, text)
        self._text.clear()

    def _said(self, text: str) -> None:
        if self._item is not None:
            self._text.append(text)

    def _doctype(self, *_declaration: object) -> None:
        raise Objection("doctype_refused", "a document with a DOCTYPE, which no answer needs")
