from __future__ import annotations

from collections import defaultdict
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.custom_format import (
    Condition,
    CustomFormat,
    FormatMatch,
    Subject,
    explain_format,
    formats_of,
    from_radarr,
)
from reeld.domain.parsing import parse_release_name

NAME = "Sintel.2010.1080p.BluRay.x264-GRP"
SUBJECT = Subject(NAME, parse_release_name(NAME))

# One that holds and one that does not, of three kinds.
TESTS = {
    "ReleaseTitle": ("x264", "x265"),
    "ReleaseGroup": ("^(GRP)$", "^(OTHER)$"),
    "Resolution": (1080, 720),
}
CONDITIONS = st.tuples(st.sampled_from(sorted(TESTS)), st.booleans(), st.booleans(), st.booleans())


def condition(kind: str, holds: bool, negate: bool, required: bool) -> dict[str, object]:
    return {
        "name": "condition",
        "implementation": f"{kind}Specification",
        "negate": negate,
        "required": required,
        "fields": {"value": TESTS[kind][0 if holds else 1]},
    }


def format_of(*conditions: tuple[str, bool, bool, bool]) -> CustomFormat:
    listed = [condition(*each) for each in conditions]
    return from_radarr({"name": "format", "specifications": listed}, format_id=3)


def by_the_book(conditions: list[tuple[str, bool, bool, bool]]) -> bool:
    """Radarr's rule, as it is written: by kind, no required one fails and at least one is satisfied."""
    kinds = defaultdict(list)
    for kind, holds, negate, required in conditions:
        kinds[kind].append((holds is not negate, required))
    return all(
        not any(required and not satisfied for satisfied, required in each)
        and any(satisfied for satisfied, _ in each)
        for each in kinds.values()
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=8))
def test_conditions_come_together_as_in_radarr(
    conditions: list[tuple[str, bool, bool, bool]],
) -> None:
    assert bool(formats_of(SUBJECT, [format_of(*conditions)])) is by_the_book(conditions)


def test_one_condition_of_each_kind_is_enough_when_none_is_required() -> None:
    for group, resolution in product((True, False), repeat=2):
        found = formats_of(
            SUBJECT,
            [
                format_of(
                    ("ReleaseGroup", group, False, False),
                    ("ReleaseGroup", False, False, False),
                    ("Resolution", resolution, False, False),
                )
            ],
        )
        assert bool(found) is (group and resolution)


def test_matches_come_in_the_order_of_the_formats() -> None:
    one = from_radarr(
        {"name": "b", "specifications": [condition("Resolution", True, False, False)]}, format_id=2
    )
    two = from_radarr(
        {"name": "a", "specifications": [condition("ReleaseTitle", True, False, False)]},
        format_id=1,
    )
    assert formats_of(SUBJECT, [one, two]) == (FormatMatch(2, "b"), FormatMatch(1, "a"))


def test_a_match_comes_back_from_json() -> None:
    match = FormatMatch(4, "HDR")
    assert FormatMatch.from_json(match.to_json()) == match


def test_an_explanation_tells_what_each_condition_says() -> None:
    verdict = explain_format(
        SUBJECT,
        format_of(
            ("ReleaseTitle", True, False, False),
            ("ReleaseTitle", False, False, False),
            ("Resolution", True, True, True),
        ),
    )
    assert not verdict.matches
    assert [each.satisfied for each in verdict.conditions] == [True, False, False]
    assert all(isinstance(each.condition, Condition) for each in verdict.conditions)
