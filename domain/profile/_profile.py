"""Quality profiles: which qualities are wanted, in which order, and when it is good enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reeld.domain.custom_format import FormatMatch
from reeld.domain.errors import InvalidField
from reeld.domain.language import ANY, ORIGINAL, Language
from reeld.domain.quality import Quality


class InvalidProfile(InvalidField):
    """A profile contradicts itself, or its document is wrong."""

    default_reason = "invalid_profile"


@dataclass(frozen=True, slots=True)
class ProfileItem:
    """A quality, or a group of qualities that are equally good.

    Attributes:
        name: The group's name; empty when it is one quality.
        number: Radarr's id of the group, 1000 or more; 0 when it is one quality.
    """

    qualities: tuple[Quality, ...]
    allowed: bool = True
    name: str = ""
    number: int = 0

    @property
    def label(self) -> str:
        """The group's name, or the quality's."""
        return self.name or self.qualities[0].label


@dataclass(frozen=True, slots=True)
class QualityProfile:
    """What a movie's file should be.

    Attributes:
        items: Ascending: later is better.
        cutoff: Once a file is at least as good, better qualities are not looked for: a quality, or a group of `items`.
        upgrades_allowed: Whether a file is ever replaced by a better one.
        upgrades_by_setting: Whether `upgrades_allowed` follows the setting of that name, which its reader filled in.
        id: reeld's own number; 0 when it is not stored.
        min_format_score: What a release scores at least.
        cutoff_format_score: Once a file scores so much, higher scores are not looked for.
        min_upgrade_format_score: By so much an upgrade of the same quality scores more.
        language: `any`, `original` or the name of a language.
        reputation_weight: How many points the best possible reputation of a release group is worth.
        format_scores: Points of each format, by its number; others have none.

    Raises:
        InvalidProfile: Nothing is allowed, something stands twice, the cutoff is not allowed, or a number is out of
            its range.
    """

    name: str
    items: tuple[ProfileItem, ...]
    cutoff: Quality | ProfileItem
    upgrades_allowed: bool = False
    upgrades_by_setting: bool = False
    id: int = 0
    min_format_score: int = 0
    cutoff_format_score: int = 0
    min_upgrade_format_score: int = 1
    language: str = ORIGINAL
    reputation_weight: int = 0
    format_scores: Mapping[int, int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Check that the profile can be fulfilled."""
        self._check_items()
        if not any(item.allowed for item in self.items):
            raise InvalidProfile("items", "no quality is allowed; allow at least one.")
        if not self._allows_cutoff():
            raise InvalidProfile("cutoff", f"{self.cutoff.label} is not allowed; choose another.")
        if self.min_upgrade_format_score < 1:
            raise InvalidProfile("min_upgrade_format_score", "must be at least 1.")
        if self.reputation_weight < 0:
            raise InvalidProfile("reputation_weight", "must not be negative.")
        self._check_language()

    def _check_items(self) -> None:
        listed = [quality for item in self.items for quality in item.qualities]
        if any(not item.qualities for item in self.items):
            raise InvalidProfile("items", "a group has no qualities; remove it.")
        if len(set(listed)) < len(listed):
            raise InvalidProfile("items", "a quality is listed twice; remove one.")
        labels = [item.label for item in self.items]
        if len(set(labels)) < len(labels):
            raise InvalidProfile(
                "items", "two groups, or a group and a quality, share a name; rename one."
            )

    def _allows_cutoff(self) -> bool:
        if isinstance(self.cutoff, Quality):
            return self.allows(self.cutoff)
        return self.cutoff.allowed and self.cutoff in self.items

    def _check_language(self) -> None:
        if self.language in {ANY, ORIGINAL}:
            return
        try:
            Language.by_label(self.language)
        except KeyError:
            complaint = (
                f"{self.language[:80]!r} is no language; use any, original or Radarr's name of one."
            )
            raise InvalidProfile("language", complaint) from None

    @property
    def cutoff_rank(self) -> int:
        """The place of the cutoff."""
        first = self.cutoff if isinstance(self.cutoff, Quality) else self.cutoff.qualities[0]
        return self.rank(first)

    def score(self, matches: Iterable[FormatMatch]) -> int:
        """Return the points that a release with these formats gets."""
        return sum(self.format_scores.get(match.id, 0) for match in matches)

    def rank(self, quality: Quality) -> int:
        """Return the place of a quality, better ones higher; -1 when the profile lacks it."""
        for place, item in enumerate(self.items):
            if quality in item.qualities:
                return place
        return -1

    def allows(self, quality: Quality) -> bool:
        """Whether a release of this quality may be grabbed."""
        place = self.rank(quality)
        return place >= 0 and self.items[place].allowed

    def meets_cutoff(self, quality: Quality) -> bool:
        """Whether a file of this quality is good enough.

        Where upgrades are not allowed, the worst allowed quality already is, as in Radarr.
        """
        if self.upgrades_allowed:
            return self.rank(quality) >= self.cutoff_rank
        first = next(place for place, item in enumerate(self.items) if item.allowed)
        return self.rank(quality) >= first
