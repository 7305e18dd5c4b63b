"""The commands of custom formats and quality profiles, against a daemon that runs."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Final

import pytest

from reeld.cli.endings import EXIT_FAILED

FORMATS: Final = Path(__file__).parents[1] / "domain" / "custom_format" / "formats"
RELEASE: Final = "Sintel.2010.1080p.WEB-DL.10bit.H.265-ONE"


@pytest.fixture
def reeld(household: Any, command: Any) -> Any:
    """Runs a command against the daemon of the household."""
    return lambda *arguments: command(*arguments, environ=household.environ)


@pytest.fixture
def imported(reeld: Any) -> Any:
    """The ten formats of the tests, in the daemon."""
    assert reeld("formats", "import", str(FORMATS)).code == 0
    return reeld


def from_stdin(monkeypatch: pytest.MonkeyPatch, document: object) -> None:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_folder_of_formats_is_taken_in_once(reeld: Any) -> None:
    assert "reeld formats import" in reeld("formats", "list").out
    one = reeld("formats", "import", str(FORMATS / "year.json"), "--dry-run")
    assert "1 format: 1 new," in one.out
    tried = reeld("formats", "import", str(FORMATS), "--dry-run")
    assert tried.out.endswith(
        "10 formats: 10 new, 0 changed, 0 unchanged. Nothing was stored: this was a dry run.\n"
    )
    assert "Deep colour" in tried.out
    stored = reeld("formats", "import", str(FORMATS))
    assert stored.out.endswith("10 formats: 10 new, 0 changed, 0 unchanged.\n")
    again = reeld("formats", "import", str(FORMATS))
    assert again.out == "10 formats: 0 new, 0 changed, 10 unchanged.\n"
    changes = reeld("formats", "import", str(FORMATS / "year.json"), "--json").document
    assert [each["change"] for each in changes["formats"]] == ["unchanged"]


def test_what_was_taken_in_comes_out_unchanged(imported: Any) -> None:
    out = {each["name"]: each for each in imported("formats", "export").document}
    for path in FORMATS.glob("*.json"):
        document = json.loads(path.read_text("utf-8"))
        assert out[document["name"]] == document
        assert imported("formats", "export", document["name"]).document == document


def test_formats_are_listed_shown_and_removed(imported: Any) -> None:
    listed = imported("formats", "list")
    assert "2 ReleaseTitle" in listed.out
    shown = imported("formats", "show", "No remux")
    assert "required not" in shown.out
    number = imported("formats", "show", "Free", "--json").document["id"]
    assert "Internal" in imported("formats", "show", str(number)).out
    assert "Free is gone" in imported("formats", "delete", "Free").out
    missing = imported("formats", "show", "ultra hd")
    assert missing.code == EXIT_FAILED
    assert "There is no custom format 'ultra hd'. There is 'Ultra HD'." in missing.err
    assert imported("formats", "delete", "Free").code == EXIT_FAILED


def test_a_release_is_tried_on_the_formats(imported: Any) -> None:
    told = imported("formats", "test", RELEASE, "--size-gb", "6", "--original-language", "English")
    for name in ("Deep colour", "From the web", "Careful groups", "Five to ten gigabytes"):
        assert name in told.out
    assert "Ultra HD" not in told.out
    assert "no" in imported("formats", "test", RELEASE, "--only", "Ultra HD").out
    answer = imported("formats", "test", RELEASE, "--flags", "scene", "--json").document
    assert answer["parsed"]["group"] == "ONE"
    assert imported("formats", "test", RELEASE, "--flags", "x").code == EXIT_FAILED


def test_of_files_with_one_wrong_none_is_stored(
    reeld: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = {"name": "a", "implementation": "NewSpecification", "fields": {"value": 1}}
    (tmp_path / "a.json").write_text(
        json.dumps(
            [
                {
                    "name": "Fresh",
                    "specifications": [{**condition, "implementation": "SourceSpecification"}],
                }
            ]
        )
    )
    (tmp_path / "b.json").write_text(json.dumps({"name": "Wrong", "specifications": [condition]}))
    refused = reeld("formats", "import", str(tmp_path))
    assert refused.code == EXIT_FAILED
    assert f"{tmp_path / 'b.json'}: specifications[0].implementation: " in refused.err
    assert "Nothing was stored" in refused.err
    assert "Fresh" not in reeld("formats", "list").out
    from_stdin(monkeypatch, b"{")
    assert "standard input is no JSON" in reeld("formats", "import", "-").err
    assert "cannot be read" in reeld("formats", "import", str(tmp_path / "none")).err
    assert "Name JSON files" in reeld("formats", "import").err


def test_a_profile_is_taken_in_with_the_points_of_its_formats(
    imported: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = {
        "trash_id": "fedcba9876543210fedcba9876543210",
        "name": "From the guides",
        "upgradeAllowed": True,
        "cutoff": "WEB",
        "language": "Original",
        "items": [
            {"name": "Bluray-1080p", "allowed": True},
            {"name": "WEB", "allowed": True, "items": ["WEBDL-1080p", "WEBRip-1080p"]},
        ],
        "formatItems": {"Deep colour": "0123456789abcdef0123456789abcdef"},
    }
    from_stdin(monkeypatch, profile)
    assert "1 new" in imported("profiles", "import", "-").out
    shown = imported("profiles", "show", "From the guides").out
    assert "Deep colour  200" in shown
    assert shown.index("Bluray-1080p") < shown.index("WEB (WEBDL-1080p, WEBRip-1080p)")
    exported = imported("profiles", "export", "From the guides").document
    assert exported["cutoff"] == 1000
    from_stdin(monkeypatch, exported)
    assert "1 unchanged" in imported("profiles", "import", "-").out
    assert len(imported("profiles", "export").document) >= 7
    assert "is gone" in imported("profiles", "delete", "From the guides").out


def test_a_profile_is_changed_in_what_is_given(imported: Any) -> None:
    before = imported("profiles", "show", "Ultra-HD", "--json").document
    changed = imported(
        *("profiles", "set", "Ultra-HD", "--upgrades", "yes", "--cutoff", "WEB 2160p"),
        *("--score", "Deep colour=50", "--refuse", "HDTV-2160p", "--allow", "BR-DISK"),
        *("--min-score=-10", "--reputation-weight", "100", "--json"),
    ).document
    assert changed["format_scores"] == {"Deep colour": 50}
    assert (changed["upgrades_allowed"], changed["cutoff"]) == (True, "WEB 2160p")
    assert (changed["min_format_score"], changed["reputation_weight"]) == (-10, 100)
    assert changed["language"] == before["language"]
    allowed = {str(item["qualities"]): item["allowed"] for item in changed["items"]}
    assert (allowed["['HDTV-2160p']"], allowed["['BR-DISK']"]) == (False, True)
    back = imported(
        *("profiles", "set", "Ultra-HD", "--upgrades", "by-setting", "--score", "Deep colour=0"),
        "--json",
    ).document
    assert (back["upgrades_allowed"], back["format_scores"]) == (None, {})
    assert "Ultra-HD" in imported("profiles", "list").out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("Best",), "There is no quality profile 'Best'."),
        (("SD", "--cutoff", "Remux-2160p"), "cutoff: "),
        (("SD", "--score", "HDR"), "must look like FORMAT=POINTS"),
        (("SD", "--score", "None such=5"), "format_scores.None such: "),
        (("SD", "--allow", "Best"), "has no quality or group 'Best'"),
        (("SD", "--language", "Klingon"), "language: "),
        (("SD", "--rename", "Any"), "name: there is a quality profile 'Any' already"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    reeld: Any, arguments: tuple[str, ...], complaint: str
) -> None:
    answer = reeld("profiles", "set", *arguments)
    assert answer.code == EXIT_FAILED
    assert complaint in answer.err
