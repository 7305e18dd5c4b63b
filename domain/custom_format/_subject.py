"""The release that formats are held against."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from reeld.domain.custom_format._expression import Budget, expression
from reeld.domain.language import Language, spoken_languages
from reeld.domain.parsing import ParsedRelease
from reeld.domain.release import NO_FLAGS, IndexerFlag

_LONGEST: Final = 500
"""Characters of a name that expressions see. File systems allow 255."""

_WORD: Final = re.compile(r"[^\W_]+")
_FORBIDDEN: Final = re.compile(r"\s*[<>?*|]")


@dataclass(frozen=True, slots=True)
class Subject:
    """A release as it is offered.

    Attributes:
        title: The release name as announced.
        size: Bytes; None when nobody says.
        original_language: The language that the movie was made in; None when nobody knows.
        year: The movie's year, for a name that states none.
    """

    title: str
    parsed: ParsedRelease
    size: int | None = None
    flags: IndexerFlag = NO_FLAGS
    original_language: Language | None = None
    year: int | None = None


class Seen:
    """What the conditions look at: worked out once for a release, and only when one asks for it."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.parsed = subject.parsed
        self.quality = subject.parsed.quality
        self.budget = Budget()
        self._found: dict[str, bool] = {}

    @cached_property
    def name(self) -> str:
        """The release name with the movie's title taken out, so that a word of the title is no format.

        Radarr does the same (`SimpleReleaseTitle`, its parser's `A.Movie`).
        """
        return without_title(self.subject.title[:_LONGEST], self.parsed.title)

    @cached_property
    def lowered(self) -> str | None:
        """The name in lower case; None when that takes more than ASCII's rules."""
        return self.name.lower() if self.name.isascii() else None

    @cached_property
    def edition(self) -> str:
        """All editions in a row; empty when there is none."""
        return " ".join(self.parsed.editions)

    @cached_property
    def group(self) -> str:
        """The release group; empty when the name has none."""
        return self.parsed.group or ""

    @cached_property
    def group_key(self) -> str | None:
        """The release group without regard to case; None when that takes more than ASCII's rules."""
        return self.group.lower() if self.group.isascii() else None

    @cached_property
    def languages(self) -> frozenset[Language]:
        """The languages that it is spoken in."""
        return spoken_languages(self.parsed.languages, self.subject.original_language)

    @cached_property
    def year(self) -> int | None:
        """The year of the name, else the movie's."""
        return self.parsed.year or self.subject.year

    def name_has(self, source: str) -> bool:
        """Whether an expression matches in the name; many formats share one, which is searched once.

        Raises:
            OutOfTime: It took too long.
        """
        found = self._found.get(source)
        if found is None:
            wanted = expression(source)
            found = (self.lowered is None or wanted.may_be_in(self.lowered)) and wanted.found_in(
                self.name, self.budget
            )
            self._found[source] = found
        return found


def without_title(name: str, title: str | None) -> str:
    """Return a release name with its movie title replaced by `A.Movie` or `A Movie`."""
    words = _WORD.findall((title or "").casefold())
    plain = _FORBIDDEN.sub("", name)
    if not words:
        return plain
    found = [(m.group().casefold(), m.start(), m.end()) for m in _WORD.finditer(plain)]
    for first in range(len(found) - len(words) + 1):
        last = first + len(words) - 1
        if [word for word, _, _ in found[first : last + 1]] == words:
            start, end = found[first][1], found[last][2]
            stand_in = "A.Movie" if "." in plain[start : end + 1] else "A Movie"
            return f"{plain[:start]}{stand_in}{plain[end:]}"
    return plain
