"""What release names mean, as text for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from reeld.cli.output import to_json
from reeld.domain.parsing import ParsedRelease, parse_release_name

LONGEST_LINE: Final = 16 * 1024
"""Bytes of a line that are looked at; no release has a name of a thousandth of a book."""


def parse_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield one line of JSON for each line, in the same order; an empty line is an empty name."""
    for line in lines:
        yield to_json(parse_release_name(line.rstrip("\r\n")).to_json())


def read_lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a stream as they come, whatever bytes they hold.

    What is no UTF-8 is replaced. A line of more than `LONGEST_LINE` bytes is cut there, and stays one line.
    """
    while line := stream.readline(LONGEST_LINE):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LONGEST_LINE)):
            pass
        yield line.decode("utf-8", errors="replace").removesuffix("\n")


def rows(parsed: ParsedRelease) -> Iterator[tuple[str, str]]:
    """Yield what a name means as pairs for a table; what it does not state is left out."""
    for key, value in parsed.to_json().items():
        if value in (None, "", False, []) or (key == "titles" and len(parsed.titles) < 2):
            continue
        yield (
            key.replace("_", " "),
            ", ".join(map(str, value)) if isinstance(value, list) else str(value),
        )
