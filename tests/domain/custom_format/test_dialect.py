from __future__ import annotations

import pytest
import regex

from reeld.domain.custom_format._dialect import Broken, translate
from reeld.domain.custom_format._expression import Budget, expression


@pytest.mark.parametrize(
    "source",
    [
        r"(?<=\b(19|20)\d{2}\b.*?)\b(HDR10?|DoVi)\b",
        r"^(?!.*(dual[ ._-]?audio))(?>a+)b*+(?i:x)(?-i:Y)(?i)",
        r"(?<name>a)(?(name)b|c)(?(1)b|c)",
        r"[]a-]x[^]]{2,}[\]\\]\p{L}\.",
    ],
)
def test_what_means_the_same_in_both_stays_as_it_is(source: str) -> None:
    assert translate(source) == source


@pytest.mark.parametrize(
    ("source", "text", "matches"),
    [
        ("[([]dual[])]", "[dual]", True),
        ("[[:alpha:]]", ":]", True),  # in .NET: one of these characters, then a bracket
        ("[[:alpha:]]", "q", False),
        ("a{e<=1}", "a{e<=1}", True),
        ("a{e<=1}", "b", False),
        ("a{,3}", "a{,3}", True),
        (r"(?<x>a)\k<x>b", "aab", True),
        (r"\ex", "\x1bx", True),
        ("a(?#b*)c", "ac", True),
        ("K", "\u212a", True),
    ],
)
def test_an_expression_means_what_it_means_in_dotnet(source: str, text: str, matches: bool) -> None:
    assert (regex.search(translate(source), text, regex.IGNORECASE) is not None) is matches


@pytest.mark.parametrize(
    "source",
    [
        "(?R)",
        "(?1)a",
        "(?&name)",
        "(?P<name>a)",
        "(?P>name)",
        "(?|a|b)",
        "(?V1)a",
        "(?b)a",
        "(?(DEFINE)a)",
        "(*FAIL)",
        "(?<a>x)(?<b-a>y)",
        "[a-z-[aeiou]]",
        r"\L<words>",
        r"\Ka",
        r"\ma",
        "[a",
        "a)",
        "a{1001}",
        "(a{40}){40}",
        "((a{10}){10}b){11}",
        "(a{2}(b{50})){11}" + "{2}",
    ],
)
def test_what_only_regex_has_or_means_otherwise_is_refused(source: str) -> None:
    with pytest.raises(Broken):
        translate(source)
    with pytest.raises(Broken):
        expression(source)


def test_repetitions_beside_each_other_are_not_multiplied() -> None:
    assert translate("(a{40})b{40}(c{40}d{40})") == "(a{40})b{40}(c{40}d{40})"


def test_a_recursion_takes_no_memory() -> None:
    # Such an expression has `regex` fill all memory, whatever time limit it is given.
    with pytest.raises(Broken, match="does not know"):
        expression("(?R)?a").found_in("a", Budget())
