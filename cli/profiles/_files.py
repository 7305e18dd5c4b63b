"""Reads JSON documents from files, folders and standard input."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from reeld.domain.errors import ReeldError, Refused

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a file that is read."""

_PLACE: Final = re.compile(r"\[(\d+)\]\.?")


class Document(NamedTuple):
    """A JSON value, and where it was."""

    place: str
    value: object


def read_documents(paths: Sequence[Path]) -> list[Document]:
    """Read every document: a list in a file is several; a folder is all files below it that end in `.json`.

    Raises:
        Refused: A file cannot be read, is too large or is no JSON; or there is no document at all.
    """
    found = [document for path in paths for document in _documents(path)]
    if not found:
        raise Refused("Name JSON files or folders of them, or - for standard input.")
    return found


def _documents(path: Path) -> Iterator[Document]:
    if path.is_dir():
        for each in sorted(path.rglob("*.json")):
            yield from _split(str(each), _read(each))
    elif str(path) == "-":
        yield from _split("standard input", sys.stdin.buffer.read(LARGEST + 1))
    else:
        yield from _split(str(path), _read(path))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None


def _split(place: str, data: bytes) -> Iterator[Document]:
    if len(data) > LARGEST:
        raise Refused(f"{place} has more than {LARGEST // 1024**2} MiB.")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Refused(f"{place} is no JSON.") from None
    for each in value if isinstance(value, list) else [value]:
        yield Document(place, each)


def placed(error: ReeldError, documents: Sequence[Document]) -> ReeldError:
    """Return an error that names the file of the document that the daemon counted."""
    found = _PLACE.match(error.sentence)
    if found is None or int(found[1]) >= len(documents):
        return error
    document = documents[int(found[1])]
    rest = error.sentence[found.end() :]
    return ReeldError(f"{document.place}: {rest} Nothing was stored.", reason=error.reason)
