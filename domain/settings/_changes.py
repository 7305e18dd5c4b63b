"""Settings that may be changed while reeld runs, and where the value of a setting comes from.

A change is a row. It lies over the default and below what a file, a credential or a variable says. Only what can do no
harm outside is among them: no address, no path, no credential and nothing that a restart is needed for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, get_type_hints

import msgspec

from reeld.domain.settings._checks import InvalidSetting, require
from reeld.domain.settings._services import HdbitsSettings, TorznabSettings
from reeld.domain.settings._settings import (
    BackupSettings,
    DecisionSettings,
    LibrarySettings,
    Settings,
)

LONGEST_TEXT: Final = 1000
LARGEST_NUMBER: Final = 2**53 - 1
"""JSON's readers know larger whole numbers only roughly."""


class SettingSource(StrEnum):
    """Where a value comes from; a later one wins over those before it."""

    DEFAULT = "default"
    CHANGED = "changed"
    """A person or a program changed it while reeld ran."""
    FILE = "file"
    CREDENTIAL = "credential"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of one setting comes from.

    Attributes:
        where: The file, the variable, or whoever changed it; empty for a default.
        at: When it was changed (UTC); None unless it was.
    """

    source: SettingSource = SettingSource.DEFAULT
    where: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A setting as it was changed.

    Attributes:
        value: As JSON has it.
        by: Who did.
        at: When (UTC).
    """

    value: object
    by: str
    at: datetime


_SECTIONS: Final[Mapping[str, tuple[type[Any], tuple[str, ...]]]] = {
    "library": (
        LibrarySettings,
        (
            "folder_template",
            "file_template",
            "import_mode",
            "file_mode",
            "folder_mode",
            "group",
            "free_bytes",
        ),
    ),
    "decision": (
        DecisionSettings,
        (
            "upgrades_allowed",
            "minimum_seeders",
            "maximum_bytes",
            "propers",
            "prefer_indexer_flags",
            "hardcoded_subs_allowed",
            "hardcoded_subs_whitelist",
            "availability_delay_days",
            "minimum_free_bytes",
            "explanation_days",
        ),
    ),
    "hdbits": (HdbitsSettings, ("poll_seconds",)),
    "torznab": (TorznabSettings, ("poll_seconds",)),
    "backup": (BackupSettings, ("every_hours", "keep")),
}
CHANGEABLE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        f"{section}.{name}": get_type_hints(kind)[name]
        for section, (kind, names) in _SECTIONS.items()
        for name in names
    }
)
"""The settings that may be changed, and the type of each."""


def value_of(settings: Settings, name: str) -> Any:
    """Return the value of a changeable setting; None where its section is not set up."""
    section, _, field = name.partition(".")
    return getattr(getattr(settings, section), field, None)


def overlaid(settings: Settings, name: str, value: object) -> Settings:
    """Return settings with another value of a changeable one.

    Args:
        settings: What they are without it.
        name: Its dotted name.
        value: As JSON has it.

    Raises:
        InvalidSetting: It cannot be changed, or not to this value.
    """
    section, _, field = name.partition(".")
    require(name in CHANGEABLE, name, "is no setting that can be changed while reeld runs.")
    held = getattr(settings, section)
    if held is None:
        raise InvalidSetting(name, f"has no effect: {section} is not set up.")
    return replace(settings, **{section: replace(held, **{field: _read(name, value)})})


def _read(name: str, value: object) -> Any:
    try:
        read = msgspec.convert(value, CHANGEABLE[name])
    except msgspec.ValidationError as error:
        raise InvalidSetting(name, f"{error}.") from None
    match read:
        case str():
            _require_text(name, read)
        case tuple():
            require(len(read) <= LONGEST_TEXT, name, "has too many entries.")
            for each in read:
                _require_text(name, each)
        case int() | float():
            require(abs(read) <= LARGEST_NUMBER, name, "is too large.")
        case _:
            pass
    return read


def _require_text(name: str, text: str) -> None:
    fits = text.isprintable() and 0 < len(text) <= LONGEST_TEXT
    require(fits, name, f"must be a printable text of 1 to {LONGEST_TEXT} characters.")
