"""The six profiles that a fresh reeld has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reeld.domain.profile._profile import ProfileItem, QualityProfile
from reeld.domain.quality import Quality

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
