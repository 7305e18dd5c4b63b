"""Release profiles: terms that a release name must have, must not have, or had better have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import regex

from reeld.domain.errors import InvalidField

TERM_SECONDS: Final = 0.02
"""Processor seconds that a term may be looked for in one name; a sane one takes microseconds."""

STRIKES: Final = 3
"""So often a term may run out of time before it is not looked for any more: a feed has hundreds of names."""

LONGEST_TERM: Final = 4096

_FLAGS: Final = {
    "i": regex.IGNORECASE,
    "m": regex.MULTILINE,
    "s": regex.DOTALL,
    "x": regex.VERBOSE,
}
"""The flags that Radarr knows behind `/…/` (`Parser/PerlRegexFactory.cs`), as far as `regex` has them."""


class InvalidReleaseProfile(InvalidField):
    """A release profile cannot work.

    Args:
        field: `required`, `ignored` or `preferred`.
        complaint: What is wrong and what to do.
    """

    default_reason = "invalid_release_profile"


@dataclass(frozen=True, slots=True)
class PreferredTerm:
    """A term, and what it adds to the score of a release that has it; negative to count against it."""

    term: str
    score: int


@dataclass(frozen=True, slots=True)
class ReleaseProfile:
    r"""Terms for the releases of some movies or all.

    A term is a part of the name in any case, or a regular expression with flags: `/\bx265\b/i`.

    Attributes:
        required: A release must have at least one; any name will do when empty.
        ignored: A release must have none.
        indexer: The indexer whose releases it is for; None for every one.
        tags: The numbers of tags; without any it is for every movie.

    Raises:
        InvalidReleaseProfile: A term is empty, too long, or no regular expression.
    """

    id: int = 0
    name: str = ""
    enabled: bool = True
    required: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    preferred: tuple[PreferredTerm, ...] = ()
    indexer: str | None = None
    tags: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Check the terms."""
        preferred = tuple(each.term for each in self.preferred)
        named = (("required", self.required), ("ignored", self.ignored), ("preferred", preferred))
        for field, terms in named:
            for term in terms:
                _check(field, term)

    def applies(self, indexer: str, tags: Collection[int]) -> bool:
        """Whether it counts for releases of an indexer and a movie with these tags."""
        fits = not self.tags or not self.tags.isdisjoint(tags)
        return self.enabled and fits and self.indexer in {None, indexer}


@dataclass(frozen=True, slots=True)
class Found:
    """Which terms a name has.

    Attributes:
        terms: Those that were found.
        gave_up: Those whose regular expression took too long; they count as not found.
    """

    terms: tuple[str, ...]
    gave_up: tuple[str, ...] = ()


def find_terms(name: str, terms: Sequence[str]) -> Found:
    """Return which terms a release name has."""
    found, gave_up = [], []
    for term in terms:
        try:
            if _has(name, term):
                found.append(term)
        except TimeoutError:
            gave_up.append(term)
    return Found(tuple(found), tuple(gave_up))


def preferred_points(
    name: str, indexer: str, tags: Collection[int], profiles: Iterable[ReleaseProfile]
) -> dict[str, int]:
    """Return the points that preferred terms add to a release, by term."""
    points: dict[str, int] = {}
    for profile in profiles:
        if profile.preferred and profile.applies(indexer, tags):
            had = set(find_terms(name, [each.term for each in profile.preferred]).terms)
            for each in profile.preferred:
                if each.term in had:
                    points[each.term] = points.get(each.term, 0) + each.score
    return points


class _Expression:
    """The regular expression of a term, and how often it ran out of time."""

    __slots__ = ("_pattern", "_strikes")

    def __init__(self, expression: str, flags: int) -> None:
        self._pattern = regex.compile(expression, flags)
        self._strikes = 0

    def is_in(self, name: str) -> bool:
        """Whether it matches anywhere in a name.

        Raises:
            TimeoutError: It took too long, or did so too often before.
        """
        if self._strikes >= STRIKES:
            raise TimeoutError
        try:
            return self._pattern.search(name, timeout=TERM_SECONDS) is not None
        except TimeoutError:
            self._strikes += 1
            raise


def _has(name: str, term: str) -> bool:
    expression = _compiled(term)
    if expression is None:
        return term.casefold() in name.casefold()
    return expression.is_in(name)


@lru_cache(maxsize=1024)
def _compiled(term: str) -> _Expression | None:
    """Return the regular expression of a term, the same object for the same term; None for a part of the name.

    Raises:
        regex.error, ValueError: It cannot be compiled.
    """
    if not term.startswith("/") or term.rfind("/") == 0:
        return None
    expression, _, letters = term[1:].rpartition("/")
    if not set(letters) <= set(_FLAGS):
        return None
    flags = regex.VERSION0
    for letter in letters:
        flags |= _FLAGS[letter]
    return _Expression(expression, flags)


def _check(field: str, term: str) -> None:
    if not term.strip():
        raise InvalidReleaseProfile(field, "holds an empty term; remove it.")
    if len(term) > LONGEST_TERM:
        raise InvalidReleaseProfile(field, f"a term is longer than {LONGEST_TERM} characters.")
    try:
        _compiled(term)
    except (regex.error, ValueError, OverflowError, RecursionError):
        raise InvalidReleaseProfile(
            field, f"{term!r} is no regular expression; mend it or remove the slashes."
        ) from None
