"""Scores parsers of release names on labelled cases: JSON lines of `{"name": ..., "expect": {...}}`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

FIELDS: Final = ("title", "year", "resolution", "group")
"""What guessit reads under the same meaning as reeld."""

Reading = Mapping[str, Any]
Case = tuple[str, Mapping[str, Any]]


def read_cases(path: Path) -> list[Case]:
    """Return the names of a file and what is expected of each."""
    lines = path.read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines if line.strip()]
    return [(document["name"], document["expect"]) for document in documents]


def percent_by_field(
    cases: list[Case], parse: Callable[[str], Reading]
) -> dict[str, tuple[int, float]]:
    """Return for each field how many cases state it, and in how many percent of them the parser agrees."""
    agreements: dict[str, list[bool]] = {field: [] for field in FIELDS}
    for name, expected in cases:
        for field, agrees in _judged(expected, parse(name)):
            agreements[field].append(agrees)
    return {
        field: (len(agreed), 100 * sum(agreed) / len(agreed))
        for field, agreed in agreements.items()
        if agreed
    }


def guessed(answer: Mapping[str, Any]) -> Reading:
    """Return guessit's answer under reeld's names."""
    one = {key: value[0] if isinstance(value, list) else value for key, value in answer.items()}
    size = re.match(r"\d+", str(one.get("screen_size", "")))
    return {
        "title": one.get("title"),
        "year": one.get("year"),
        "resolution": int(size[0]) if size else None,
        "group": one.get("release_group"),
    }


def _judged(expected: Mapping[str, Any], got: Reading) -> Iterator[tuple[str, bool]]:
    titles = expected.get("titles") or ([expected["title"]] if "title" in expected else [])
    if titles:
        yield "title", _plain(got["title"]) in {_plain(title) for title in titles}
    for field in FIELDS[1:]:
        # Where a quality is expected, the resolution is the quality's, not the name's.
        if field in expected and not (field == "resolution" and "quality" in expected):
            yield field, (got[field] or None) == (expected[field] or None)


def _plain(title: object) -> str:
    return re.sub(r"[\W_]+", "", str(title or "").casefold())
