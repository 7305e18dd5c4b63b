from __future__ import annotations

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.custom_format import (
    CustomFormat,
    InvalidFormat,
    Subject,
    explain_format,
    from_radarr,
    judge_formats,
    probe_format,
)
from reeld.domain.custom_format import _expression as expressions
from reeld.domain.custom_format._subject import without_title
from reeld.domain.custom_format._words import needed_words
from reeld.domain.parsing import parse_release_name

HOSTILE = "Sintel.2010." + "a" * 60 + "!"


def title_format(*sources: str, number: int = 1, kind: str = "ReleaseTitle") -> CustomFormat:
    listed = [
        {"name": "condition", "implementation": f"{kind}Specification", "fields": {"value": each}}
        for each in sources
    ]
    return from_radarr({"name": f"format {number}", "specifications": listed}, format_id=number)


def subject(name: str) -> Subject:
    return Subject(name, parse_release_name(name))


def test_an_expression_that_runs_out_of_time_does_not_match_and_is_named() -> None:
    endless = title_format(r"(a|aa)+$(?#first)", number=1)
    honest = title_format(r"a{60}", number=2)
    judged = judge_formats(subject(HOSTILE), [endless, honest])
    assert [each.id for each in judged.matches] == [2]
    assert [each.id for each in judged.timed_out] == [1]


def test_a_negated_expression_that_runs_out_of_time_does_not_match_either() -> None:
    listed = [
        {
            "name": "not",
            "implementation": "ReleaseTitleSpecification",
            "negate": True,
            "fields": {"value": r"(a|aa)+$(?#negated)"},
        }
    ]
    wanted = from_radarr({"name": "negated", "specifications": listed})
    judged = judge_formats(subject(HOSTILE), [wanted])
    assert (judged.matches, len(judged.timed_out)) == ((), 1)
    (condition,) = explain_format(subject(HOSTILE), wanted).conditions
    assert condition.satisfied is None


def test_many_endless_expressions_cost_a_release_no_more_than_its_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    granted: list[float] = []
    inner = regex.Pattern

    class Endless:
        def search(self, text: str, timeout: float) -> inner | None:
            granted.append(timeout)
            raise TimeoutError

    endless = [title_format(rf"(a|aa)+$(?#endless {n})", number=n) for n in range(20)]
    for n in range(20):
        found = expressions.expression(rf"(a|aa)+$(?#endless {n})")
        monkeypatch.setattr(found, "_pattern", Endless())
    judged = judge_formats(subject(HOSTILE), endless)
    assert len(judged.timed_out) == 20
    assert sum(granted) == pytest.approx(expressions.RELEASE_SECONDS)


def test_an_expression_that_runs_out_of_time_again_and_again_is_not_run_any_more() -> None:
    source = r"(a|aa)+$(?#set aside)"
    for _ in range(3):
        assert not expressions.expression(source).is_set_aside
        judge_formats(subject(HOSTILE), [title_format(source)])
    assert expressions.expression(source).is_set_aside
    assert judge_formats(subject("Sintel.2010.1080p-aaa"), [title_format(source)]).timed_out


@pytest.mark.parametrize("kind", ["ReleaseTitle", "Edition", "ReleaseGroup"])
@pytest.mark.parametrize("source", [r"(a|aa)+$", r"(.*a){20}$"])
def test_a_catastrophic_expression_is_refused_before_it_is_stored(kind: str, source: str) -> None:
    unique = f"{source}(?#refused as {kind})"
    with pytest.raises(InvalidFormat) as caught:
        probe_format(title_format("x264", unique, kind=kind))
    assert caught.value.field == "specifications[1].fields.value"
    assert "simplify" in caught.value.sentence


def test_an_honest_expression_is_not_refused() -> None:
    probe_format(title_format(r"(?<=\b(19|20)\d{2}\b.*?)\b(HDR10?|DoVi)\b.*-\w+$"))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (r"\b(NAME)\b", {"name"}),
        (r"^(One|Two)$", {"one", "two"}),
        (r"x26[45]", {"x26"}),
        (r"colou?r", {"colo"}),
        (r"(abc)?", set()),
        (r"(abc)?long", {"long"}),
        (r"(abc)+x", {"abc"}),
        (r"ab{0,2}c", {"a"}),
        (r"a|b?", set()),
        (r"(?!never)\bonly\b", {"only"}),
        (r"(?=.*needed)", {"needed"}),
        (r"[abc]", set()),
        (r"(?i)inline", set()),
        (r"(a)\1", set()),
        (r"a\.b", {"a"}),
        (r"unclosed(", set()),
        (r"\Kx", set()),
    ],
)
def test_an_expression_needs_the_words_that_every_match_has(source: str, words: set[str]) -> None:
    assert needed_words(source) == words


PIECES = st.sampled_from(
    ["a", "b", "ab", "B1", r"\.", r"\w", "[ab]", "[^a]", r"\b", "^", "$", ".", "-", r"\d"]
)
QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{0,2}", "{2}", "??", "*+"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.tuples(st.sampled_from(["(", "(?:", "(?=", "(?!", "(?<=", "(?<!"]), inner)
    atoms = st.tuples(st.one_of(PIECES, group.map(lambda g: f"{g[0]}{g[1]})")), QUANTIFIERS)
    branch = st.lists(atoms.map("".join), min_size=1, max_size=3).map("".join)
    return st.lists(branch, min_size=1, max_size=3).map("|".join)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.recursive(PIECES, _grown, max_leaves=8),
    st.lists(st.text("abAB1.-_ x", max_size=12), min_size=1, max_size=5),
)
def test_no_match_lacks_the_words(source: str, texts: list[str]) -> None:
    words = needed_words(source)
    try:
        pattern = regex.compile(source, regex.IGNORECASE)
    except regex.error:
        return
    for text in texts:
        if words and pattern.search(text, timeout=1):
            assert any(word in text.lower() for word in words)


@pytest.mark.parametrize(
    ("name", "title", "left"),
    [
        ("The.Remux.2020.1080p-GRP", "The Remux", "A.Movie.2020.1080p-GRP"),
        ("The Remux (2020) 1080p", "The Remux", "A Movie (2020) 1080p"),
        ("Spider-Man.2002.1080p", "Spider Man", "A.Movie.2002.1080p"),
        ("[Grp] Some_Title - 1080p", "some title", "[Grp] A Movie - 1080p"),
        ("Other.2020.1080p", "The Remux", "Other.2020.1080p"),
        ("Name<>?.2020", None, "Name.2020"),
        ("", "x", ""),
    ],
)
def test_the_title_is_taken_out_of_a_name(name: str, title: str | None, left: str) -> None:
    assert without_title(name, title) == left


def test_a_name_of_other_scripts_is_searched_by_the_rules_of_unicode() -> None:
    # The long s is an s to an expression that takes no notice of case; its lower case is itself.
    assert judge_formats(subject("Фильм.2010.1080p.\u017fEA"), [title_format(r"\bsea\b")]).matches
