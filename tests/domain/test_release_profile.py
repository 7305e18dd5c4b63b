from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.release_profile import (
    Found,
    InvalidReleaseProfile,
    PreferredTerm,
    ReleaseProfile,
    find_terms,
    preferred_points,
)

NAME = "Sintel.2010.1080p.WEB-DL.H.264-OPEN"


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("web-dl", True),
        ("WEB-DL", True),
        ("web.dl", False),
        ("/web.dl/", False),
        ("/web.dl/i", True),
        ("/WEB.DL/", True),
        ("/^sintel \\. 2010/ix", True),
        ("/(?<=\\d{3,4}p\\.)WEB/", True),
        ("/web", False),
        ("a/b", False),
        ("/web/dl", False),
    ],
)
def test_a_term_is_a_part_of_the_name_or_a_regular_expression(term: str, found: bool) -> None:
    ReleaseProfile(required=(term,))
    assert find_terms(NAME, [term]) == Found((term,) if found else ())


def test_a_term_that_takes_too_long_is_named_and_counts_as_not_found() -> None:
    slow = "/(a|a)+(a|aa)+(a|a)+!!/"
    assert find_terms("a" * 60 + "!", [slow, "aa"]) == Found(("aa",), (slow,))


def test_a_term_that_took_too_long_three_times_is_not_looked_for_any_more() -> None:
    slow = "/(a|a)+(a|aa)+(a|a)+!!?$/"
    for letters in (60, 61, 62):
        assert find_terms("a" * letters + "?", [slow]).gave_up == (slow,)
    # This one has it, and is not even asked.
    assert find_terms("aaa!", [slow]) == Found((), (slow,))


@pytest.mark.parametrize("term", ["", "  ", "/(/", "/a{2,1}/i", "x" * 5000, "/(?P<a>x)(?P<b/"])
@pytest.mark.parametrize("field", ["required", "ignored", "preferred"])
def test_a_term_that_cannot_work_is_refused_by_its_field(field: str, term: str) -> None:
    terms = (PreferredTerm(term, 1),) if field == "preferred" else (term,)
    with pytest.raises(InvalidReleaseProfile) as error:
        ReleaseProfile(**{field: terms})
    assert error.value.field == field


def test_points_of_every_profile_that_applies_are_added_up() -> None:
    profiles = [
        ReleaseProfile(preferred=(PreferredTerm("open", 5), PreferredTerm("x265", 9))),
        ReleaseProfile(preferred=(PreferredTerm("open", -2), PreferredTerm("web", 1))),
        ReleaseProfile(preferred=(PreferredTerm("open", 100),), tags=frozenset({1})),
        ReleaseProfile(preferred=(PreferredTerm("open", 100),), enabled=False),
    ]
    assert preferred_points(NAME, "feed", (), profiles) == {"open": 3, "web": 1}
    assert preferred_points(NAME, "feed", (1,), profiles)["open"] == 103


@given(st.text(), st.text(min_size=1))
def test_any_term_is_either_refused_or_looked_for(name: str, term: str) -> None:
    try:
        ReleaseProfile(required=(term,))
    except InvalidReleaseProfile:
        return
    found = find_terms(name, [term])
    assert set(found.terms) | set(found.gave_up) <= {term}
