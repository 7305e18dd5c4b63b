from __future__ import annotations

import os
import pwd
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from reeld.cli.systemd import Condition, Place, condition_of, install, marked, uninstall
from reeld.domain.errors import Refused

NAMES = [
    "reeld-backup.service",
    "reeld-backup.timer",
    "reeld.service",
    "reeld.service.d/media.conf",
]
PLACE = Place(command=("/opt/reeld/bin/reeld",), media=Path("/srv/media"))


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def written(folder: Path, place: Place = PLACE, **wishes: bool) -> Any:
    return install(
        place, folder, force=wishes.get("force", False), dry_run=wishes.get("dry_run", False)
    )


# Writing ---------------------------------------------------------------------------------------------------------------


def test_all_units_are_written_and_known_again(tmp_path: Path) -> None:
    made = written(tmp_path / "units")
    assert files_in(tmp_path / "units") == NAMES
    for unit in made.units:
        assert unit.found is Condition.ABSENT
        assert condition_of(unit.path) is Condition.OURS
        assert unit.path.stat().st_mode & 0o777 == 0o644


def test_writing_them_again_changes_nothing(tmp_path: Path) -> None:
    written(tmp_path)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*.service")}
    assert not any(unit.is_new for unit in written(tmp_path).units)
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*.service")} == before


def test_units_of_an_earlier_place_give_way(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, Place(command=("/usr/bin/reeld",), user="movies"))
    assert "User=movies\n" in (tmp_path / "reeld.service").read_text()
    # Nobody said that the media are elsewhere now.
    assert condition_of(tmp_path / "reeld.service.d/media.conf") is Condition.OURS


def test_a_dry_run_writes_nothing_and_shows_all(tmp_path: Path) -> None:
    made = written(tmp_path / "units", dry_run=True)
    assert not (tmp_path / "units").exists()
    assert all(unit.is_new and unit.text for unit in made.units)


@pytest.mark.parametrize("kind", ["foreign", "changed", "link", "folder"])
def test_what_somebody_else_wrote_or_changed_is_named_and_left_alone(
    tmp_path: Path, kind: str
) -> None:
    unit = tmp_path / "reeld.service"
    match kind:
        case "foreign":
            unit.write_text("[Service]\nExecStart=/bin/true\n")
        case "changed":
            written(tmp_path)
            unit.write_text(unit.read_text().replace("WatchdogSec=60", "WatchdogSec=5"))
            (tmp_path / "reeld-backup.timer").unlink()
        case "link":  # as `systemctl mask` leaves it
            unit.symlink_to("/dev/null")
        case _:
            unit.mkdir()
    before = files_in(tmp_path)
    with pytest.raises(Refused) as caught:
        written(tmp_path)
    assert caught.value.reason == "unit_in_the_way"
    assert str(unit) in caught.value.sentence
    assert ("changed by hand" in caught.value.sentence) == (kind == "changed")
    assert "--force" in caught.value.sentence
    assert files_in(tmp_path) == before


@pytest.mark.parametrize("kind", ["foreign", "link"])
def test_force_writes_over_it_and_not_through_a_link(tmp_path: Path, kind: str) -> None:
    folder, victim = tmp_path / "units", tmp_path / "victim"
    folder.mkdir()
    victim.write_text("of somebody else")
    unit = folder / "reeld.service"
    unit.symlink_to(victim) if kind == "link" else unit.write_text("[Service]\n")
    written(folder, force=True)
    assert condition_of(unit) is Condition.OURS
    assert victim.read_text() == "of somebody else"


def test_a_file_of_an_attempt_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".reeld.service.reeld-new").write_text("half")
    written(tmp_path)
    assert files_in(tmp_path) == NAMES


def test_one_changed_byte_is_a_change(tmp_path: Path) -> None:
    unit = tmp_path / "reeld.service"
    unit.write_text(marked("[Service]\n") + " ")
    assert condition_of(unit) is Condition.CHANGED


def test_systemd_accepts_what_is_written(
    tmp_path: Path, lacking: Callable[[str], NoReturn]
) -> None:
    folder = tmp_path / "my units"
    place = Place(
        command=("/bin/true",), media=Path("/srv/my 100% media"), data_dir=Path("/srv/x y")
    )
    written(folder, place)
    for name in NAMES[:3]:
        try:
            done = subprocess.run(
                [
                    *("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes"),
                    str(folder / name),
                ],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except FileNotFoundError:
            lacking("systemd-analyze is missing: apt-get install systemd")
        assert (done.returncode, done.stderr) == (0, "")


# What is said ----------------------------------------------------------------------------------------------------------


def test_the_next_commands_make_what_is_missing_and_then_start_the_service(tmp_path: Path) -> None:
    place = Place(
        command=("/bin/true",), user="nobody-has-this-name", data_dir=Path("/srv/no such")
    )
    commands = written(tmp_path, place).commands
    assert commands[0].startswith("useradd --system ")
    assert (
        "install -d -m 0700 -o nobody-has-this-name '/srv/no such' '/srv/no such-keys' '/srv/no such-backups'"
        in commands
    )
    assert commands[-2:] == ("systemctl daemon-reload", "systemctl enable --now reeld.service")


def test_a_user_that_exists_is_not_made_again(tmp_path: Path) -> None:
    name = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0)
    made = written(tmp_path, Place(command=("/bin/true",), user=name))
    assert not any("useradd" in command for command in made.commands)


def test_a_program_that_the_user_cannot_reach_is_said(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    # Below a folder for temporary files nothing may lie: the test asks the place itself.
    place = Place(command=("/bin/true",), user="nobody-has-this-name")
    object.__setattr__(place, "command", (str(closed / "reeld"),))
    shut = place.closed_folder()
    assert shut is not None
    assert not shut.stat().st_mode & 0o001


def test_without_a_media_folder_it_is_said_what_that_means(tmp_path: Path) -> None:
    notes = written(tmp_path, Place(command=("/bin/true",))).notes
    assert any("--media" in note for note in notes)
    assert not (tmp_path / "reeld.service.d").exists()


# Removing --------------------------------------------------------------------------------------------------------------


def test_uninstall_removes_what_install_wrote_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path)
    own = tmp_path / "reeld.service.d" / "override.conf"
    own.write_text("[Service]\nWatchdogSec=5\n")
    done = uninstall(tmp_path, force=False, dry_run=False)
    assert len(done.removed) == 4
    assert files_in(tmp_path) == ["reeld.service.d/override.conf"]


def test_uninstall_leaves_no_folder_of_its_own(tmp_path: Path) -> None:
    written(tmp_path)
    uninstall(tmp_path, force=False, dry_run=False)
    assert list(tmp_path.iterdir()) == []


def test_uninstall_keeps_what_was_changed_unless_forced_and_foreign_files_always(
    tmp_path: Path,
) -> None:
    written(tmp_path)
    changed, foreign = tmp_path / "reeld.service", tmp_path / "reeld-backup.timer"
    changed.write_text(changed.read_text() + "# mine\n")
    foreign.write_text("[Timer]\n")
    assert set(uninstall(tmp_path, force=False, dry_run=True).kept) == {changed, foreign}
    assert len(files_in(tmp_path)) == 4
    assert set(uninstall(tmp_path, force=False, dry_run=False).kept) == {changed, foreign}
    assert uninstall(tmp_path, force=True, dry_run=False).kept == (foreign,)
    assert files_in(tmp_path) == ["reeld-backup.timer"]


def test_an_enabled_unit_is_not_taken_away_from_below_its_link(tmp_path: Path) -> None:
    written(tmp_path)
    wants = tmp_path / "multi-user.target.wants"
    wants.mkdir()
    (wants / "reeld.service").symlink_to(tmp_path / "reeld.service")
    with pytest.raises(Refused, match=re.escape("systemctl disable --now reeld.service")):
        uninstall(tmp_path, force=True, dry_run=False)
    assert len(files_in(tmp_path)) == 5


def test_a_folder_that_may_not_be_written_is_said_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Refused, match=r"as root .*--dry-run") as caught:
        written(tmp_path)
    assert caught.value.reason == "unit_not_written"
