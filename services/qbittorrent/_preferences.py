"""The settings of qBittorrent that can spoil reeld's work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

import msgspec

_REMOVES: Final = frozenset({1, 3})
"""`max_ratio_act`: 1 removes the torrent, 3 its files too."""


class Preferences(msgspec.Struct, frozen=True):
    """A part of `app/preferences`; whatever a version lacks has its default there."""

    save_path: str = ""
    temp_path_enabled: bool = False
    temp_path: str = ""
    max_ratio_enabled: bool = False
    max_ratio: float = -1.0
    max_seeding_time_enabled: bool = False
    max_seeding_time: int = -1
    max_inactive_seeding_time_enabled: bool = False
    max_ratio_act: int = 0
    queueing_enabled: bool = False
    auto_tmm_enabled: bool = False
    incomplete_files_ext: bool = False


@unique
class PreferenceProblem(StrEnum):
    """Which setting spoils what."""

    REMOVES_TORRENTS = "removes_torrents"
    REMOVES_FILES = "removes_files"
    WOULD_REMOVE = "would_remove"


@dataclass(frozen=True, slots=True)
class PreferenceWarning:
    """A setting that a person should change."""

    problem: PreferenceProblem
    sentence: str


def problems_of(preferences: Preferences) -> tuple[PreferenceWarning, ...]:
    """Return what should be changed in qBittorrent's settings."""
    if preferences.max_ratio_act not in _REMOVES:
        return ()
    in_force = (
        preferences.max_ratio_enabled
        or preferences.max_seeding_time_enabled
        or preferences.max_inactive_seeding_time_enabled
    )
    remedy = "Under Options, BitTorrent, Seeding limits, choose 'Stop torrent' instead."
    if not in_force:
        what = "qBittorrent would remove torrents at their share limit if one were set. " + remedy
        return (PreferenceWarning(PreferenceProblem.WOULD_REMOVE, what),)
    if preferences.max_ratio_act == 1:
        what = (
            "qBittorrent removes torrents at their share limit, perhaps before they are imported. "
        )
        return (PreferenceWarning(PreferenceProblem.REMOVES_TORRENTS, what + remedy),)
    what = "qBittorrent deletes the files of torrents at their share limit, imported or not. "
    return (PreferenceWarning(PreferenceProblem.REMOVES_FILES, what + remedy),)
