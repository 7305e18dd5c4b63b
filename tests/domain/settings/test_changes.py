from __future__ import annotations

from pathlib import Path

import pytest

from reeld.domain.settings import (
    CHANGEABLE,
    ImportMode,
    InvalidSetting,
    LibrarySettings,
    PropersPolicy,
    Settings,
    overlaid,
    value_of,
)

SETTINGS = Settings(Path("/data"), LibrarySettings(Path("/library")))


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("decision.propers", "do_not_upgrade", PropersPolicy.DO_NOT_UPGRADE),
        ("decision.hardcoded_subs_whitelist", ["KORSUB"], ("KORSUB",)),
        ("library.import_mode", "strict", ImportMode.STRICT),
        ("backup.every_hours", 12, 12),
        ("library.file_template", "{Movie Title}", "{Movie Title}"),
    ],
)
def test_a_change_lies_over_the_value_and_over_nothing_else(
    name: str, value: object, read: object
) -> None:
    changed = overlaid(SETTINGS, name, value)
    assert value_of(changed, name) == read
    others = CHANGEABLE.keys() - {name}
    assert all(value_of(changed, each) == value_of(SETTINGS, each) for each in others)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decision.propers", "always"),
        ("decision.minimum_seeders", True),
        ("decision.minimum_seeders", -1),
        ("decision.minimum_seeders", "1"),
        ("decision.maximum_bytes", 2**60),
        ("decision.hardcoded_subs_whitelist", ["a\0b"]),
        ("library.file_template", "{Movie Titel}"),
        ("library.folder_template", "x" * 1001),
        ("library.group", ""),
        ("backup.every_hours", float("nan")),
        ("hdbits.poll_seconds", 900),
        ("library.root_folder", "/etc"),
        ("library", {}),
        ("server.api_key", "mine"),
        ("nothing.there", 1),
    ],
)
def test_what_cannot_be_is_refused_and_names_the_setting(name: str, value: object) -> None:
    with pytest.raises(InvalidSetting) as refused:
        overlaid(SETTINGS, name, value)
    assert refused.value.setting == name


def test_no_address_path_or_credential_can_be_changed() -> None:
    for name in CHANGEABLE:
        for part in ("url", "path", "root", "host", "port", "key", "token", "password", "recycle"):
            assert part not in name.partition(".")[2].split("_"), name
