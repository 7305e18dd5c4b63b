"""Quality profiles: which qualities are wanted, in which order, and when it is good enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reeld.domain.errors import Refused
from reeld.domain.quality import Quality


class InvalidProfile(Refused):
    """A profile contradicts itself.

    Args:
        field: Which part of it: `items` or `cutoff`.
        complaint: What is wrong and what to do.
    """

    default_reason = "invalid_profile"

    def __init__(self, field: str, complaint: str) -> None:
        super().__init__(f"{field}: {complaint}")
        self.field = field


@dataclass(frozen=True, slots=True)
class ProfileItem:
    """A quality, or a group of qualities that are equally good."""

    qualities: tuple[Quality, ...]
    allowed: bool = True
    name: str = ""

    @property
    def label(self) -> str:
        """The group's name, or the quality's."""
        return self.name or self.qualities[0].label


@dataclass(frozen=True, slots=True)
class QualityProfile:
    """What a movie's file should be.

    Attributes:
        items: Ascending: later is better.
        cutoff: Once a file is at least as good, better ones are not looked for.
        upgrades_allowed: Whether a file is ever replaced by a better one.

    Raises:
        InvalidProfile: Nothing is allowed, a quality stands twice, or the cutoff is not allowed.
    """

    name: str
    items: tuple[ProfileItem, ...]
    cutoff: Quality
    upgrades_allowed: bool = False

    def __post_init__(self) -> None:
        """Check that the profile can be fulfilled."""
        listed = [quality for item in self.items for quality in item.qualities]
        if any(not item.qualities for item in self.items):
            raise InvalidProfile("items", "a group has no qualities; remove it.")
        if len(set(listed)) < len(listed):
            raise InvalidProfile("items", "a quality is listed twice; remove one.")
        if not any(item.allowed for item in self.items):
            raise InvalidProfile("items", "no quality is allowed; allow at least one.")
        if not self.allows(self.cutoff):
            raise InvalidProfile("cutoff", f"{self.cutoff.label} is not allowed; choose another.")

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
            return self.rank(quality) >= self.rank(self.cutoff)
        first = next(place for place, item in enumerate(self.items) if item.allowed)
        return self.rank(quality) >= first


_Q = Quality
_GROUPS: Final = {
    480: ("WEB 480p", (_Q.WEBDL_480P, _Q.WEBRIP_480P)),
    720: ("WEB 720p", (_Q.WEBDL_720P, _Q.WEBRIP_720P)),
    1080: ("WEB 1080p", (_Q.WEBDL_1080P, _Q.WEBRIP_1080P)),
    2160: ("WEB 2160p", (_Q.WEBDL_2160P, _Q.WEBRIP_2160P)),
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
        name, members = group_of.get(quality, ("", (quality,)))
        items.setdefault(name or quality.label, ProfileItem(members, quality in allowed, name))
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
