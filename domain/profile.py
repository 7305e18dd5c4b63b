"""Quality profiles: which qualities are wanted, in which order, and when it is good enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from reeld.domain.custom_format import FormatMatch
from reeld.domain.errors import Refused
from reeld.domain.language import ANY, ORIGINAL, Language
from reeld.domain.quality import Quality


class InvalidProfile(Refused):
    """A profile contradicts itself.

    Args:
        field: Which part of it, such as `items` or `cutoff`.
        complaint: What is wrong and what to do.
    """

    default_reason = "invalid_profile"

    def __init__(self, field: str, complaint: str) -> None:
        super().__init__(f"{field}: {complaint}")
        self.field = field


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


_Q = Quality
_GROUPS: Final = {
    480: ("WEB 480p", (_Q.WEBDL_480P, _Q.WEBRIP_480P), 1000),
    720: ("WEB 720p", (_Q.WEBDL_720P, _Q.WEBRIP_720P), 1001),
    1080: ("WEB 1080p", (_Q.WEBDL_1080P, _Q.WEBRIP_1080P), 1002),
    2160: ("WEB 2160p", (_Q.WEBDL_2160P, _Q.WEBRIP_2160P), 1003),
}
_SD: Final = frozenset(
    {
        _Q.WORKPRINT,
        _Q.CAM,
        _Q.TELESYNC,
        _Q.TELECINE,
        _Q.DVDSCR,
        _Q.REGIONAL,
        _Q.SDTV,
        _Q.DVD,
        *_GROUPS[480][1],
        _Q.BLURAY_480P,
        _Q.BLURAY_576P,
    }
)
_720P: Final = frozenset({_Q.HDTV_720P, *_GROUPS[720][1], _Q.BLURAY_720P})
_1080P: Final = frozenset({_Q.HDTV_1080P, *_GROUPS[1080][1], _Q.BLURAY_1080P, _Q.REMUX_1080P})
_2160P: Final = frozenset({_Q.HDTV_2160P, *_GROUPS[2160][1], _Q.BLURAY_2160P, _Q.REMUX_2160P})


def _items(allowed: frozenset[Quality]) -> tuple[ProfileItem, ...]:
    """List all thirty qualities by weight, grouped as Radarr groups them."""
    group_of = {quality: group for group in _GROUPS.values() for quality in group[1]}
    items: dict[str, ProfileItem] = {}
    for quality in Quality:
        name, members, number = group_of.get(quality, ("", (quality,), 0))
        item = ProfileItem(members, quality in allowed, name, number)
        items.setdefault(item.label, item)
    return tuple(items.values())


_ALL: Final = frozenset(Quality) - {_Q.UNKNOWN, _Q.RAW_HD}
_DEFAULTS: Final = (
    ("Any", _ALL, _Q.BLURAY_480P),
    ("SD", _SD, _Q.BLURAY_480P),
    ("HD-720p", _720P, _Q.BLURAY_720P),
    ("HD-1080p", _1080P, _Q.BLURAY_1080P),
    ("Ultra-HD", _2160P, _Q.REMUX_2160P),
    ("HD - 720p/1080p", _720P | _1080P, _Q.BLURAY_720P),
)


def default_profiles(*, upgrades_allowed: bool = False) -> Mapping[str, QualityProfile]:
    """Return Radarr's six default profiles by name, in its order."""
    return {
        name: QualityProfile(name, _items(allowed), cutoff, upgrades_allowed)
        for name, allowed, cutoff in _DEFAULTS
    }


def profile_named(name: str, *, upgrades_allowed: bool = False) -> QualityProfile:
    """Return the default profile of that name.

    Raises:
        Refused: There is none.
    """
    profiles = default_profiles(upgrades_allowed=upgrades_allowed)
    if name not in profiles:
        known = ", ".join(profiles)
        raise Refused(
            f"There is no quality profile {name!r}; there are: {known}.", reason="no_such_profile"
        )
    return profiles[name]
