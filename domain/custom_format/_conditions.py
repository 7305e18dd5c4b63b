"""The ten kinds of conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from reeld.domain.custom_format._expression import expression
from reeld.domain.custom_format._subject import Seen
from reeld.domain.language import Language
from reeld.domain.quality import Modifier, QualitySource
from reeld.domain.release import IndexerFlag

_GIB: Final = 1024**3


@dataclass(frozen=True, slots=True)
class ReleaseTitle:
    """The release name has it, outside the movie's title."""

    expression: str

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside."""
        return seen.name_has(self.expression)


@dataclass(frozen=True, slots=True)
class Edition:
    """The editions have it."""

    expression: str

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside."""
        return expression(self.expression).found_in(seen.edition, seen.budget)


@dataclass(frozen=True, slots=True)
class ReleaseGroup:
    """The release group has it."""

    expression: str

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside; a release without a group has nothing."""
        return bool(seen.group) and expression(self.expression).found_in(seen.group, seen.budget)


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    """It is spoken in the language; None is the language that the movie was made in.

    Attributes:
        others: It is spoken in any other one (Radarr's `exceptLanguage`).
        known: False for `Any`, which no release is spoken in.
    """

    language: Language | None
    others: bool = False
    known: bool = True

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside."""
        wanted = self.language or seen.subject.original_language
        here = self.known and wanted is not None
        if self.others:
            return any(not here or each is not wanted for each in seen.languages)
        return here and wanted in seen.languages


@dataclass(frozen=True, slots=True)
class HasFlag:
    """The indexer says it of the release."""

    flag: IndexerFlag

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside."""
        return self.flag in seen.subject.flags


@dataclass(frozen=True, slots=True)
class FromSource:
    """The quality has the source."""

    source: QualitySource

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside."""
        return seen.quality.source is self.source


@dataclass(frozen=True, slots=True)
class InResolution:
    """The quality has so many lines."""

    lines: int

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside."""
        return seen.quality.resolution == self.lines


@dataclass(frozen=True, slots=True)
class HasModifier:
    """The quality has the modifier."""

    modifier: Modifier

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside."""
        return seen.quality.modifier is self.modifier


@dataclass(frozen=True, slots=True)
class SizeBetween:
    """It is bigger than `least` and at most as big as `most`, in gigabytes of 1024³ bytes."""

    least: float
    most: float

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside; an unknown size counts as 0."""
        return self.least * _GIB < (seen.subject.size or 0) <= self.most * _GIB


@dataclass(frozen=True, slots=True)
class YearBetween:
    """Its year lies between the two, or is one of them."""

    first: int
    last: int

    def holds(self, seen: Seen) -> bool:
        """Whether it holds for the release, `negate` aside; an unknown year lies nowhere."""
        return seen.year is not None and self.first <= seen.year <= self.last


Test = (
    ReleaseTitle
    | Edition
    | ReleaseGroup
    | SpokenLanguage
    | HasFlag
    | FromSource
    | InResolution
    | HasModifier
    | SizeBetween
    | YearBetween
)


BY_EXPRESSION: Final = (ReleaseTitle, Edition, ReleaseGroup)
"""The kinds that search with a regular expression."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a format.

    Attributes:
        negate: It is satisfied when the test does not hold.
        required: The format needs it, whatever other conditions of its kind say.
        document: The condition as Radarr writes it, with everything that came in.
    """

    name: str
    test: Test
    negate: bool = False
    required: bool = False
    document: Mapping[str, object] = field(default_factory=dict, hash=False, repr=False)

    def is_satisfied(self, seen: Seen) -> bool:
        """Whether the release is as the condition wants it.

        Raises:
            OutOfTime: Its expression took too long.
        """
        return self.test.holds(seen) is not self.negate

    @property
    def kind(self) -> str:
        """What it looks at, in Radarr's words: `ReleaseTitle`, `Size` ..."""
        return str(self.document.get("implementation", "")).removesuffix("Specification")

    @property
    def values(self) -> dict[str, object]:
        """The fields of its document by name, in whichever shape they came in."""
        fields = self.document.get("fields")
        if isinstance(fields, Mapping):
            return dict(fields)
        listed = fields if isinstance(fields, list) else []
        return {str(each["name"]): each.get("value") for each in listed}
