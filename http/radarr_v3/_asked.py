"""What a client asks for: query and body, read as leniently as Radarr reads them and no more.

Names match in any case, booleans may be written `True` (aiopyarr), unknown names are ignored, and a body `null` is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request

from reeld.http.radarr_v3._errors import invalid

AnyRequest = Request[Any, Any, Any]
KindT = TypeVar("KindT")

_LARGEST_INT: Final = 2**31 - 1
_DEEPEST: Final = 32


@dataclass(frozen=True, slots=True)
class Query:
    """The query of a request, by names in lower case."""

    values: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, request: AnyRequest) -> Query:
        """Read the query of a request."""
        found: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            found.setdefault(name.lower(), []).append(str(value))
        return cls(found)

    def text(self, name: str, default: str = "") -> str:
        """Return a value, the last one where it is given twice."""
        return self.values.get(name.lower(), (default,))[-1]

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number; refused when it is none."""
        text = self.text(name).strip()
        return default if not text else _integer(name, text)

    def integers(self, name: str) -> list[int]:
        """Return every number of a value that may be repeated, or hold several with commas."""
        texts = [part for value in self.values.get(name.lower(), ()) for part in value.split(",")]
        return [_integer(name, text.strip()) for text in texts if text.strip()]

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a truth value: `true`, `True`, `1` are true."""
        text = self.text(name).strip().lower()
        if not text:
            return default
        if text in {"true", "1", "on", "yes"}:
            return True
        if text in {"false", "0", "off", "no"}:
            return False
        raise invalid(name, f"The value '{text[:40]}' is not valid.")

    def moment(self, name: str) -> datetime | None:
        """Return a time; one without a zone is UTC."""
        text = self.text(name).strip()
        return None if not text else moment(name, text)


def _integer(name: str, text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10:
        raise invalid(name, f"The value '{text[:40]}' is not valid.")
    number = int(text)
    if abs(number) > _LARGEST_INT:
        raise invalid(name, f"The value '{text[:40]}' is not valid.")
    return number


def moment(name: str, text: str) -> datetime:
    """Return the time that ISO 8601 says, in UTC.

    Raises:
        Invalid: It says none.
    """
    try:
        read = datetime.fromisoformat(text[:40])
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(name, f"'{text[:40]}' is no time.") from None


class Body(dict[str, Any]):
    """A JSON object whose members are found in any case; nested objects too."""

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """Return a member; `default` where it is missing or null."""
        found = super().get(name.lower())
        return default if found is None else found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def text(self, name: str, default: str = "") -> str:
        """Return a text; refused when it is something else."""
        return _typed(name, self.get(name, default), str)

    def word(self, name: str, numbered: Mapping[int, str], default: str = "") -> str:
        """Return a word of an enumeration in lower case, of which its number may be sent as well."""
        value = self.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool):
            value = numbered.get(value, str(value))
        return _typed(name, value, str).lower()

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number; a number in quotes is one too, as Kometa sends it."""
        value = self.get(name, default)
        if isinstance(value, str) and value.strip():
            return _integer(name, value.strip())
        number = _typed(name, value, int)
        if isinstance(value, bool) or abs(number) > _LARGEST_INT:
            raise invalid(name, f"'{name}' must be a whole number.")
        return number

    def number(self, name: str) -> float | None:
        """Return a number; None where it is missing or null."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(name, f"'{name}' must be a number.")
        return float(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a truth value."""
        return _typed(name, self.get(name, default), bool)

    def items_of(self, name: str) -> list[Any]:
        """Return a list; empty where it is missing."""
        return _typed(name, self.get(name, []), list)

    def integers(self, name: str) -> list[int]:
        """Return a list of whole numbers."""
        return [Body({name.lower(): each}).integer(name) for each in self.items_of(name)]

    def object(self, name: str) -> Body:
        """Return a nested object; an empty one where it is missing."""
        return _typed(name, self.get(name, Body()), Body)


def _typed(name: str, value: Any, kind: type[KindT]) -> KindT:
    if not isinstance(value, kind):
        raise invalid(name, f"'{name}' must be {_CALLED[kind]}.")
    return value


_CALLED: Final[dict[type[Any], str]] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    Body: "an object",
}


def number_of(request: AnyRequest, document: Mapping[str, Any]) -> int:
    """Return the number of what a PUT changes: of the path, where Radarr may leave it out, else of the body."""
    for found in (*request.path_params.values(), document.get("id")):
        if isinstance(found, int) and not isinstance(found, bool):
            return found
    raise invalid("Id", "'Id' must be greater than '0'.")


async def read_body(request: AnyRequest) -> Body:
    """Read a JSON object.

    Raises:
        Invalid: It is none.
    """
    read = await read_json(request)
    if not isinstance(read, Body):
        raise invalid("", "A JSON object is expected.")
    return read


async def read_list(request: AnyRequest) -> list[Body]:
    """Read a JSON list of objects.

    Raises:
        Invalid: It is none.
    """
    read = await read_json(request)
    if not isinstance(read, list) or not all(isinstance(each, Body) for each in read):
        raise invalid("", "A JSON list of objects is expected.")
    return read


async def read_as_written(request: AnyRequest) -> dict[str, Any]:
    """Read a JSON object whose names stay as they are, for what is stored and given back as it came.

    Raises:
        Invalid: It is none.
    """
    read = _decoded(await request.body())
    if not isinstance(read, dict):
        raise invalid("", "A JSON object is expected.")
    return read


async def read_json(request: AnyRequest) -> Any:
    """Read a JSON document; None where there is none.

    Raises:
        Invalid: It is no JSON, or nested deeper than any client's.
    """
    return _folded(_decoded(await request.body()))


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw) if raw.strip() else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise invalid("", "The body is no JSON document.") from None


def _folded(value: Any, depth: int = 0) -> Any:
    """Return a document with all its names in lower case."""
    if depth > _DEEPEST:
        raise invalid("", "The body is nested too deep.")
    match value:
        case dict():
            return Body(
                {str(name).lower(): _folded(each, depth + 1) for name, each in value.items()}
            )
        case list():
            return [_folded(each, depth + 1) for each in value]
        case _:
            return value
