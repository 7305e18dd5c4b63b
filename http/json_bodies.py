"""How the JSON of a body is read: as what it is and as nothing else.

The framework would take `0` for false, `"5"` for 5, of a name that is said twice the last, and JSON under any media type.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import trio
from litestar import Request
from litestar.exceptions import ClientException, HTTPException, ValidationException
from litestar.serialization import default_deserializer

from reeld.http.sentences import Complaint, complaint_of
from reeld.http.sides import is_native

LARGEST_AT_ONCE: Final = 64 * 1024
"""Bytes that are read on the loop; they take 3 ms. What is larger is read in a worker thread."""
_TYPES: Final = "application/json"
_NOT_JSON: Final = "Bodies are JSON here: send it with `Content-Type: application/json`."


class WrongBody(ValidationException):
    """A value of a body is not what it must be (400).

    Args:
        complaint: Which, and what is wrong with it.
    """

    def __init__(self, complaint: Complaint) -> None:
        told = {"key": complaint.field or "body", "message": complaint.sentence}
        super().__init__(extra=[told])


class JsonRequest(Request[Any, Any, Any]):
    """A request whose JSON is read with the type that its route declares. Radarr's clients may send what they like."""

    async def json(self) -> Any:
        """Return the body, of the type that the route takes.

        Raises:
            HTTPException: It does not say that it is JSON (415).
            ClientException: It is no JSON (400).
            WrongBody: A value is not what it must be, or a name is there twice (400).
        """
        field = self.route_handler.parsed_data_field
        if field is None or not is_native(str(self.scope.get("path_template", ""))):
            return await super().json()
        if not is_json(self.headers.get("content-type")):
            raise HTTPException(status_code=415, detail=_NOT_JSON, headers={"Accept": _TYPES})
        body = await self.body()
        if len(body) > LARGEST_AT_ONCE:
            return await trio.to_thread.run_sync(read, body, field.raw)
        return read(body, field.raw)


def is_json(content_type: str | None) -> bool:
    """Whether a media type is one of JSON. Who says none may mean any (RFC 9110, 8.3)."""
    if content_type is None:
        return True
    kind = content_type.partition(";")[0].strip().lower()
    return kind == _TYPES or (kind.startswith("application/") and kind.endswith("+json"))


def read(body: bytes, kind: Any) -> Any:
    """Return what a body holds.

    Args:
        body: JSON.
        kind: The type that it must have.

    Raises:
        ClientException: It is no JSON.
        WrongBody: A value is not what it must be, or a name is there twice.
    """
    try:
        value = msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        # Before it is known what each value is to be, only a number can be too large, somewhere.
        raise WrongBody(
            Complaint("", f"holds what {complaint_of(str(error), Any).sentence}")
        ) from error
    except msgspec.DecodeError as error:
        raise ClientException(f"The body is no JSON: {error}.") from error
    require_unrepeated(body)
    try:
        return msgspec.convert(value, kind, dec_hook=default_deserializer, str_keys=True)
    except msgspec.ValidationError as error:
        raise WrongBody(complaint_of(str(error), kind)) from error


def require_unrepeated(body: bytes) -> None:
    """Look for a name that an object has twice: two readers would take two different values for it.

    What has fewer than two colons, such as a long list of numbers, has no two names and is not looked at again.

    Raises:
        WrongBody: There is one.
    """
    if body.count(b":") > 1:
        # Numbers are left as text: one of thousands of digits is slow to read.
        json.loads(body, object_pairs_hook=_unrepeated, parse_int=str, parse_float=str)


def _unrepeated(pairs: Sequence[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise WrongBody(Complaint(name[:100], "is there twice in one object: say it once."))
        seen.add(name)
