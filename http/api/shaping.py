"""Answers in the shape that a client asks for: some fields only, and nothing when it has them already."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import fields as fields_of
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType

from reeld.domain.errors import Conflict, InvalidField

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")

_REVALIDATED: Final = "private, no-cache"
"""A client may keep the answer, and asks each time whether it still holds."""


def wanted_fields(asked: str | None, kind: type[Any]) -> frozenset[str] | None:
    """Return the fields that a client asks for by `fields=title,year`; None for all of them.

    Raises:
        InvalidField: There is no such field; the sentence names those that there are.
    """
    if asked is None:
        return None
    known = [each.name for each in fields_of(kind)]
    names = [name.strip() for name in asked.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise InvalidField("fields", f"{name!r} is none; there are: {', '.join(known)}.")
    return frozenset({"id", *names})


def thinned(view: object, wanted: frozenset[str] | None) -> object:
    """Return a view with some of its fields."""
    if wanted is None:
        return view
    return {name: getattr(view, name) for name in sorted(wanted)}


def tagged(request: AnyRequest, document: object, mark: str = "") -> Response[Any]:
    """Return a document with its ETag, or 304 when the client has it.

    Args:
        request: May carry `If-None-Match`.
        document: What is answered.
        mark: What `If-Match` will be compared with: it stands before the dot of the tag.
    """
    body = msgspec.json.encode(document)
    tag = f'"{mark}.{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": _REVALIDATED}
    if _is_named(tag, request.headers.get("if-none-match")):
        return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
    return Response(body, headers=headers, media_type=MediaType.JSON)


def mark_of(value: object) -> str:
    """Return a mark that is another one as soon as the value is."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:12]


def require_match(request: AnyRequest, mark: str) -> None:
    """Check that what the client read is what is there, when it says so by `If-Match`.

    Raises:
        Conflict: It is not.
    """
    asked = request.headers.get("if-match")
    if asked is None or asked.strip() == "*":
        return
    marks = {each.strip().strip('"').partition(".")[0] for each in asked.split(",")}
    if mark not in marks:
        raise Conflict(
            "It was changed by somebody else since it was read: read it again, and decide anew."
        )


def _is_named(tag: str, asked: str | None) -> bool:
    if asked is None:
        return False
    named = {each.strip().removeprefix("W/") for each in asked.split(",")}
    return tag in named or "*" in named


def cursor_of(place: object) -> str:
    """Return a place in a list as a text that a client passes back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(text: str, kind: type[T]) -> T:
    """Return the place that a text of `cursor_of` stands for.

    Raises:
        InvalidField: It is none.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        complaint = "must be the `next` of an earlier page."
        raise InvalidField("after", complaint, reason="bad_cursor") from error
