"""Settings as Radarr's clients change them: Recyclarr its naming, aiopyarr all of them."""

from __future__ import annotations

from typing import Any

import pytest


def changed(radarr: Any, part: str, status: int = 202, **more: Any) -> Any:
    """Send a part of the configuration back as Recyclarr does: read, change some, send all of it."""
    document = radarr.get(f"config/{part}")
    return radarr.send("PUT", f"config/{part}/{document['id']}", document | more, status)


def ours(radarr: Any) -> dict[str, Any]:
    headers = {"X-Api-Key": radarr.key}
    return dict(radarr.stranger.get("/api/settings", headers=headers).json())


@pytest.mark.parametrize(
    "part",
    [
        "naming",
        "mediamanagement",
        "indexer",
        "downloadclient",
        "host",
        "ui",
        "importlist",
        "metadata",
    ],
)
def test_what_comes_back_as_it_was_changes_nothing(radarr: Any, part: str) -> None:
    before = ours(radarr)
    document = radarr.get(f"config/{part}/1")
    assert radarr.send("PUT", f"config/{part}", document, 202) == document
    assert radarr.send("PUT", f"config/{part}/1", {"id": 1}, 202) == document
    assert ours(radarr) == before


@pytest.mark.parametrize(
    ("part", "key", "value", "section", "name", "held"),
    [
        ("naming", "standardMovieFormat", "{Movie Title}", "library", "file_template", "{Movie Title}"),
        ("naming", "movieFolderFormat", "{ImdbId}", "library", "folder_template", "{ImdbId}"),
        ("mediamanagement", "downloadPropersAndRepacks", "doNotPrefer", "decision", "propers", "do_not_prefer"),
        ("mediamanagement", "downloadPropersAndRepacks", "doNotUpgrade", "decision", "propers", "do_not_upgrade"),
        ("mediamanagement", "minimumFreeSpaceWhenImporting", 7, "decision", "minimum_free_bytes", 7 << 20),
        ("mediamanagement", "minimumFreeSpaceWhenImporting", 9, "library", "free_bytes", 9 << 20),
        ("indexer", "maximumSize", 5000, "decision", "maximum_bytes", 5000 << 20),
        ("indexer", "availabilityDelay", -3, "decision", "availability_delay_days", -3),
        ("indexer", "preferIndexerFlags", True, "decision", "prefer_indexer_flags", True),
        ("indexer", "allowHardcodedSubs", True, "decision", "hardcoded_subs_allowed", True),
        ("indexer", "whitelistedHardcodedSubs", "KORSUB,HC", "decision", "hardcoded_subs_whitelist", ["KORSUB", "HC"]),
        ("indexer", "rssSyncInterval", 30, "hdbits", "poll_seconds", 1800.0),
        ("host", "backupInterval", 3, "backup", "every_hours", 72.0),
        ("host", "backupRetention", 5, "backup", "keep", 5),
    ],
)  # fmt: skip
def test_a_setting_that_reeld_has_too_is_changed_at_once(
    radarr: Any, part: str, key: str, value: object, section: str, name: str, held: object
) -> None:
    assert changed(radarr, part, **{key: value})[key] == value
    assert radarr.get(f"config/{part}")[key] == value
    assert ours(radarr)[section][name] == held


def test_permissions_are_two_settings_there_and_one_here(radarr: Any) -> None:
    document = changed(radarr, "mediamanagement", setPermissionsLinux=True, chmodFolder="0750")
    assert (document["setPermissionsLinux"], document["chmodFolder"]) == (True, "750")
    assert ours(radarr)["library"]["folder_mode"] == 0o750
    document = changed(radarr, "mediamanagement", setPermissionsLinux=False)
    assert (document["setPermissionsLinux"], document["chmodFolder"]) == (False, "")
    for wrong in ("999", "rwx", "77777", ""):
        (failure,) = changed(
            radarr, "mediamanagement", 400, setPermissionsLinux=True, chmodFolder=wrong
        )
        assert failure["propertyName"] == "ChmodFolder"


@pytest.mark.parametrize(
    ("part", "key", "value", "said"),
    [
        ("naming", "renameMovies", False, "how it works"),
        ("naming", "colonReplacementFormat", "delete", "how it works"),
        ("naming", "standardMovieFormat", "{Movie Titel}", "{Movie Titel}"),
        ("naming", "standardMovieFormat", 7, "text"),
        ("mediamanagement", "recycleBin", "/bin", "library.recycle_folder"),
        ("mediamanagement", "importExtraFiles", True, "how it works"),
        ("mediamanagement", "downloadPropersAndRepacks", "sometimes", "doNotUpgrade"),
        ("indexer", "rssSyncInterval", 0, "1 or more"),
        ("indexer", "maximumSize", -1, "0 or more"),
        ("indexer", "maximumSize", "many", "valid"),
        ("host", "port", 80, "bind"),
        ("host", "backupRetention", 0, "between"),
        ("ui", "theme", "dark", "how it works"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_changed(
    radarr: Any, part: str, key: str, value: object, said: str
) -> None:
    before = ours(radarr)
    (failure,) = changed(radarr, part, 400, **{key: value})
    assert failure["propertyName"].lower() == key.lower()
    assert said in failure["errorMessage"]
    assert ours(radarr) == before


def test_the_examples_follow_the_templates(radarr: Any) -> None:
    shown = radarr.get(
        "config/naming/examples",
        standardMovieFormat="{Movie Title} ({Release Year}) {Quality Full} {edition-{Edition Tags}}",
        movieFolderFormat="{Movie Title} {imdb-{ImdbId}}",
    )
    assert shown == {
        "movieExample": "The Movie - Title (2010) Bluray-1080p Proper {edition-Ultimate Extended Edition}.mkv",
        "movieFolderExample": "The Movie - Title {imdb-tt0066921}",
    }
    assert set(radarr.get("config/naming/examples")) == set(shown)
    (failure,) = radarr.get("config/naming/examples", 400, movieFolderFormat="{Nobody}")
    assert failure["propertyName"] == "MovieFolderFormat"


def a_format(radarr: Any, name: str, *, shown: bool) -> None:
    condition = {
        "name": name,
        "implementation": "ReleaseTitleSpecification",
        "required": True,
        "negate": False,
        "fields": [{"name": "value", "value": "."}],
    }
    body = {
        "name": name,
        "includeCustomFormatWhenRenaming": shown,
        "specifications": [condition],
    }
    radarr.send("POST", "customformat", body, 201)


def test_the_next_file_is_named_by_the_template_that_was_sent(radarr: Any) -> None:
    a_format(radarr, "Of any name", shown=True)
    a_format(radarr, "Not to be seen", shown=False)
    changed(
        radarr,
        "naming",
        # As the TRaSH Guides write it, and Recyclarr sends it.
        standardMovieFormat="{Movie Title} {[MediaInfo 3D]}{[Custom Formats]}{[Quality Full]}",
        movieFolderFormat="{Release Year} {Movie Title}",
    )
    film = radarr.films[0]
    movie = radarr.imported(radarr.add(film)["id"])
    file = movie["movieFile"]
    quality = file["quality"]["quality"]["name"]
    assert movie["path"] == str(radarr.library / f"{film.year} {film.title}")
    assert file["relativePath"].startswith(f"{film.title} [Of any name][{quality}")
