"""`reeld systemd` as people call it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reeld.cli.systemd import _place


@pytest.fixture(autouse=True)
def _sources_may_lie_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tests in a clone below /tmp has no reeld that a service could start; here none is started."""
    mine = Path(sys.executable)
    elsewhere = tuple(each for each in _place.SCRATCH if not mine.is_relative_to(each))
    monkeypatch.setattr(_place, "SCRATCH", elsewhere)


def test_install_writes_units_of_this_reeld_and_says_what_comes_next(
    command: Any, tmp_path: Path
) -> None:
    answer = command("systemd", "install", "--media", "/srv/media", "--destination", str(tmp_path))
    assert answer.code == 0
    text = (tmp_path / "reeld.service").read_text()
    program = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    first = program.removeprefix("ExecStart=").split()[0]
    assert Path(first).parent == Path(sys.executable).parent
    assert Path(first).exists()
    assert answer.out.splitlines()[0].split() == ["written", str(tmp_path / "reeld.service")]
    assert answer.out.endswith(
        "  systemctl daemon-reload\n  systemctl enable --now reeld.service\n"
    )
    again = command("systemd", "install", "--media", "/srv/media", "--destination", str(tmp_path))
    assert again.out.count("as it was") == 4


def test_a_dry_run_shows_the_units(command: Any, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    answer = command("systemd", "install", "--dry-run", "--destination", str(folder))
    assert answer.code == 0
    assert "would write" in answer.out
    assert "    WatchdogSec=60" in answer.out.splitlines()
    assert not folder.exists()


def test_programs_get_one_document(command: Any, tmp_path: Path) -> None:
    arguments = ("--destination", str(tmp_path), "--json")
    shown = command("systemd", "install", "--dry-run", *arguments).document
    assert shown["dry_run"] is True
    assert "[Service]" in shown["units"][0]["text"]
    made = command("systemd", "install", *arguments).document
    assert [each["written"] for each in made["units"]] == [True] * 3
    assert made["next"][-1] == "systemctl enable --now reeld.service"
    gone = command("systemd", "uninstall", *arguments).document
    assert len(gone["removed"]) == 3
    assert gone["kept"] == []


def test_a_unit_in_the_way_is_an_error_that_names_it(command: Any, tmp_path: Path) -> None:
    (tmp_path / "reeld.service").write_text("[Service]\n")
    answer = command("systemd", "install", "--destination", str(tmp_path))
    assert answer.code == 1
    assert f"{tmp_path / 'reeld.service'} was not written by reeld" in answer.err
    assert command("systemd", "install", "--force", "--destination", str(tmp_path)).code == 0


def test_uninstall_says_what_it_removed_kept_and_did_not_find(command: Any, tmp_path: Path) -> None:
    arguments = ("--destination", str(tmp_path))
    assert command("systemd", "uninstall", *arguments).out == "There is no unit of reeld.\n"
    command("systemd", "install", *arguments)
    (tmp_path / "reeld-backup.timer").write_text("[Timer]\n")
    answer = command("systemd", "uninstall", *arguments)
    assert answer.out.count("removed") == 2
    assert f"kept          {tmp_path / 'reeld-backup.timer'}" in answer.out
    assert "systemctl daemon-reload" in answer.out


@pytest.mark.parametrize("name", ["install", "uninstall"])
def test_help_has_examples(command: Any, name: str) -> None:
    answer = command("systemd", name, "--help")
    assert answer.code == 0
    assert "Examples:" in answer.out
    assert f"reeld systemd {name}" in answer.out


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.skipif(
    any(Path(sys.executable).is_relative_to(each) for each in _place.SCRATCH),
    reason="a reeld below /tmp is refused before it is asked who may write",
)
def test_whoever_is_not_root_is_told_what_to_do(tmp_path: Path) -> None:
    # In a namespace in which root is an ordinary user, below a folder of somebody else.
    folder = tmp_path / "units"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    done = subprocess.run(
        [
            *("unshare", "--user", "--map-user=1000", "--map-group=1000", "--"),
            *(sys.executable, "-m", "reeld", "systemd", "install", "--destination", str(folder)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "unshare" in done.stderr:
        pytest.skip("user namespaces are switched off here")
    assert done.returncode == 1
    assert "run it as root (sudo)" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []
