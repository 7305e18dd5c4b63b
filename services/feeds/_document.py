"""A first, cheap look at a feed's bytes: is it XML, which encoding, is anything in it meant to hurt."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED: Final = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_ROOT: Final = re.compile(r"<[A-Za-z_]")
_READABLE: Final = re.compile(
    r"utf-8|ascii|utf-16(-le|-be)?|iso8859-\d+|cp125\d|koi8-[ru]|shift_jis|euc.*|gb.*|big5"
)
_DEEPEST: Final = 100
_MOST_ATTRIBUTES: Final = 64
_ITEMS: Final = frozenset({"item", "entry"})

Attributes = dict[str, str]


class Objection(Exception):
    """Why a document is not read.

    Args:
        reason: Machine-readable.
        what: For a person: what it is instead of a feed.
    """

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what


@dataclass(frozen=True, slots=True)
class Document:
    """A feed that may be given to a parser."""

    data: bytes
    """UTF-8 without a declaration of another encoding."""
    attributes: list[Attributes]
    """For each item in order, its `torznab:attr` and `newznab:attr` values; feedparser keeps the last one only."""
    well_formed: bool


def examine(body: bytes, charset: str | None) -> Document:
    """Decode and check a document.

    Args:
        body: As it came.
        charset: From the content type; the document's own declaration goes first.

    Raises:
        Objection: It is no XML, has a DOCTYPE, is nested too deep, or its encoding is not one of those in use.
    """
    data = plain_xml(body, charset)
    scan = _Scan()
    return Document(data, scan.attributes, scan.run(data))


def plain_xml(body: bytes, charset: str | None) -> bytes:
    """Return a document as UTF-8 without a declaration of another encoding.

    Args:
        body: As it came.
        charset: From the content type; the document's own declaration goes first.

    Raises:
        Objection: It is no XML, has a DOCTYPE, or its encoding is not one of those in use.
    """
    text = _decode(body, charset)
    _refuse_doctype(text)
    if not text.lstrip().startswith("<"):
        raise Objection("not_a_feed", "something that is no XML" if text.strip() else "nothing")
    return _DECLARATION.sub("", text, count=1).lstrip().encode()


def _decode(body: bytes, charset: str | None) -> str:
    name = next((encoding for bom, encoding in _BOMS if body.startswith(bom)), None)
    if name is None:
        declared = _DECLARED.match(body[:512])
        name = _allowed(declared[1].decode() if declared else charset or "utf-8")
    return body.decode(name, errors="replace")


def _allowed(name: str) -> str:
    """Return the encoding's name if it is one that feeds use: some encodings hide markup from a check."""
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    if not _READABLE.fullmatch(known):
        raise Objection("unreadable_encoding", "a text in an encoding that feeds do not use")
    return known


def _refuse_doctype(text: str) -> None:
    head = _COMMENT.sub("", text[:65536])
    root = _ROOT.search(head)
    prolog = head[: root.start()] if root else head
    if "<!doctype" not in prolog.lower():
        if root and head[root.start() :][:5].lower() == "<html":
            raise Objection("html_instead_of_feed", "an HTML page")
        return
    if re.search(r"<!doctype\s+html", prolog, re.IGNORECASE):
        raise Objection("html_instead_of_feed", "an HTML page")
    raise Objection("doctype_refused", "a document with a DOCTYPE, which a feed has no use for")


class _Scan:
    """One pass of expat, which keeps no tree."""

    def __init__(self) -> None:
        self.attributes: list[Attributes] = []
        self._depth = 0

    def run(self, data: bytes) -> bool:
        """Return whether the document is well-formed to its end."""
        parser = expat.ParserCreate(encoding="utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(data, True)
        except expat.ExpatError:
            return False
        return True

    def _start(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Objection("too_deep", "a document nested deeper than any feed")
        prefix, _, local = name.rpartition(":")
        if local in _ITEMS and not prefix:
            self.attributes.append({})
        elif local == "attr" and prefix in {"torznab", "newznab"} and self.attributes:
            found = self.attributes[-1]
            if len(found) < _MOST_ATTRIBUTES and "name" in attributes:
                found.setdefault(attributes["name"].lower(), attributes.get("value", ""))

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _doctype(self, *_declaration: object) -> None:
        raise Objection("doctype_refused", "a document with a DOCTYPE, which a feed has no use for")
