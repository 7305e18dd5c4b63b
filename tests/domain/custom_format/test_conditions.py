"""Each kind of condition, as a format that a file holds, beside releases that have it and releases that have not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from reeld.domain.custom_format import (
    IMPLEMENTATIONS,
    CustomFormat,
    Subject,
    formats_of,
    from_radarr,
    to_radarr,
)
from reeld.domain.language import Language
from reeld.domain.parsing import parse_release_name
from reeld.domain.release import NO_FLAGS, IndexerFlag

FOLDER: Final = Path(__file__).parent / "formats"
FILES: Final = sorted(path.stem for path in FOLDER.glob("*.json"))
GIB: Final = 1024**3


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def has(name: str, title: str, **facts: Any) -> bool:
    wanted = from_radarr(document(name), format_id=1)
    subject = Subject(title, parse_release_name(title), **facts)
    return bool(formats_of(subject, [wanted]))


def test_every_kind_of_condition_has_a_file() -> None:
    used = {each["implementation"] for name in FILES for each in document(name)["specifications"]}
    assert used == set(IMPLEMENTATIONS)
    assert len(FILES) == len(IMPLEMENTATIONS) == 10


@pytest.mark.parametrize("name", FILES)
def test_a_format_goes_out_as_it_came_in(name: str) -> None:
    read = from_radarr(document(name), format_id=12)
    assert isinstance(read, CustomFormat)
    assert read.id == 12
    assert to_radarr(read) == document(name)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Sintel.2010.1080p.BluRay.10bit.x265-GRP", True),
        ("Sintel.2010.2160p.WEB-DL.HDR.H.265-GRP", True),
        ("sintel.2010.2160p.web-dl.hi10p.h.265-grp", True),
        ("Sintel.2010.1080p.BluRay.x264-GRP", False),
        ("HDR.Sintel.2010.1080p.BluRay.x264-GRP", False),  # before the year
    ],
)
def test_a_release_title_is_searched(title: str, expected: bool) -> None:
    assert has("release_title", title) is expected


def test_a_word_of_the_movies_title_is_no_format() -> None:
    quiet = {**document("release_title")["specifications"][0], "fields": {"value": r"\bquiet\b"}}
    wanted = from_radarr({"name": "Quiet", "specifications": [quiet]})
    for title, expected in (
        ("A.Quiet.Place.2018.1080p.BluRay.x264-GRP", 0),
        ("A.Quiet.Place.2018.1080p.BluRay.QUIET.x264-GRP", 1),
    ):
        assert len(formats_of(Subject(title, parse_release_name(title)), [wanted])) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Sintel.2010.Extended.1080p.BluRay.x264-GRP", True),
        ("Sintel.2010.Directors.Cut.1080p.BluRay.x264-GRP", True),
        ("Sintel.2010.1080p.BluRay.x264-GRP", False),
        ("Sintel.2010.Theatrical.1080p.BluRay.x264-GRP", False),
    ],
)
def test_an_edition_is_searched(title: str, expected: bool) -> None:
    assert has("edition", title) is expected


@pytest.mark.parametrize(
    ("title", "original", "expected"),
    [
        ("Sintel.2010.1080p.BluRay.x264-GRP", Language.ENGLISH, True),
        ("Sintel.2010.FRENCH.1080p.BluRay.x264-GRP", Language.FRENCH, True),
        ("Sintel.2010.FRENCH.1080p.BluRay.x264-GRP", Language.ENGLISH, False),
        ("Sintel.2010.GERMAN.DL.1080p.BluRay.x264-GRP", Language.ENGLISH, False),
    ],
)
def test_the_original_language_is_that_of_the_movie(
    title: str, original: Language, expected: bool
) -> None:
    assert has("language", title, original_language=original) is expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (IndexerFlag.FREELEECH, True),
        (IndexerFlag.INTERNAL | IndexerFlag.SCENE, True),
        (IndexerFlag.SCENE, False),
        (NO_FLAGS, False),
    ],
)
def test_a_flag_is_what_the_indexer_says(flags: IndexerFlag, expected: bool) -> None:
    assert has("indexer_flag", "Sintel.2010.1080p.BluRay.x264-GRP", flags=flags) is expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Sintel.2010.1080p.WEB-DL.H.264-GRP", True),
        ("Sintel.2010.1080p.WEBRip.H.264-GRP", True),
        ("Sintel.2010.1080p.BluRay.x264-GRP", False),
    ],
)
def test_a_source_is_that_of_the_quality(title: str, expected: bool) -> None:
    assert has("source", title) is expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Sintel.2010.2160p.WEB-DL.H.265-GRP", True),
        ("Sintel.2010.1080p.WEB-DL.H.264-GRP", False),
        ("Sintel.2010.WEB-DL.H.264-GRP", False),
    ],
)
def test_a_resolution_is_that_of_the_quality(title: str, expected: bool) -> None:
    assert has("resolution", title) is expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Sintel.2010.1080p.BluRay.x264-GRP", True),
        ("Sintel.2010.1080p.BluRay.REMUX.AVC-GRP", False),
    ],
)
def test_a_negated_modifier_refuses_it(title: str, expected: bool) -> None:
    assert has("quality_modifier", title) is expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (5 * GIB, False),
        (5 * GIB + 1, True),
        (10 * GIB, True),
        (10 * GIB + 1, False),
        (None, False),
    ],
)
def test_a_size_is_more_than_the_least_and_at_most_the_most(
    size: int | None, expected: bool
) -> None:
    assert has("size", "Sintel.2010.1080p.BluRay.x264-GRP", size=size) is expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("-ONE", True),
        ("-one", True),
        ("-Deux", True),
        ("-N42", True),
        ("-ONEMORE", False),
        ("-N", False),
        ("", False),
    ],
)
def test_a_group_is_compared_without_regard_to_case(group: str, expected: bool) -> None:
    assert has("release_group", f"Sintel.2010.1080p.BluRay.x264{group}") is expected


@pytest.mark.parametrize(
    ("title", "year", "expected"),
    [
        ("Metropolis.1927.1080p.BluRay.x264-GRP", None, True),
        ("Sintel.2010.1080p.BluRay.x264-GRP", 1927, False),
        ("Metropolis.1080p.BluRay.x264-GRP", 1927, True),
        ("Metropolis.1080p.BluRay.x264-GRP", None, False),
    ],
)
def test_a_year_is_that_of_the_name_else_that_of_the_movie(
    title: str, year: int | None, expected: bool
) -> None:
    assert has("year", title, year=year) is expected
