"""What release names mean, as text for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from reeld.domain.parsing import ParsedRelease, parse_release_name


def parse_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield one line of JSON for each line, in the same order; an empty line is an empty name."""
    for line in lines:
        parsed = parse_release_name(line.rstrip("\r\n"))
        yield json.dumps(parsed.to_json(), ensure_ascii=False)


def rows(parsed: ParsedRelease) -> Iterator[tuple[str, str]]:
    """Yield what a name means as pairs for a table; what it does not state is left out."""
    for key, value in parsed.to_json().items():
        if value in (None, "", False, []) or (key == "titles" and len(parsed.titles) < 2):
            continue
        yield (
            key.replace("_", " "),
            ", ".join(map(str, value)) if isinstance(value, list) else str(value),
        )
