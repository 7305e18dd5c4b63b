from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reeld.actors.importer import _withdrawing
from reeld.actors.importer._failures import RootFolderDown, SourceMissing, VerificationFailed
from reeld.actors.importer._source import OpenFile
from reeld.actors.importer._withdrawing import aside_name, withdraw

PATH = "Movie (2020)/movie.mkv"


def tick(done: int) -> None:
    pass


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """Two root folders that hold the same file, as after a copy."""
    for name in ("old", "new"):
        file = tmp_path / name / PATH
        file.parent.mkdir(parents=True)
        file.write_bytes(b"movie" * 1000)
    return tmp_path / "old", tmp_path / "new"


def test_the_old_name_and_its_empty_folder_go(roots: tuple[Path, Path]) -> None:
    old, new = roots
    assert withdraw(1, old, new, PATH, tick)
    assert list(old.rglob("*")) == []
    assert (new / PATH).exists()
    assert not withdraw(1, old, new, PATH, tick)


def test_nothing_goes_while_the_new_file_is_another_one(roots: tuple[Path, Path]) -> None:
    old, new = roots
    (new / PATH).write_bytes(b"movie" * 999 + b"mowie")
    with pytest.raises(VerificationFailed):
        withdraw(1, old, new, PATH, tick)
    assert (old / PATH).exists()


def test_nothing_goes_while_the_new_name_is_empty(roots: tuple[Path, Path]) -> None:
    old, new = roots
    (new / PATH).unlink()
    with pytest.raises(SourceMissing):
        withdraw(1, old, new, PATH, tick)
    assert (old / PATH).exists()


def test_a_disk_that_is_away_is_not_taken_for_a_file_that_went(roots: tuple[Path, Path]) -> None:
    old, new = roots
    new.rename(new.with_name("unmounted"))
    with pytest.raises(RootFolderDown):
        withdraw(1, old, new, PATH, tick)
    assert (old / PATH).exists()


def test_what_was_set_aside_comes_back_when_the_new_file_is_gone(roots: tuple[Path, Path]) -> None:
    old, new = roots
    (old / PATH).rename((old / PATH).with_name(aside_name(1)))
    (new / PATH).unlink()
    with pytest.raises(SourceMissing):
        withdraw(1, old, new, PATH, tick)
    assert (old / PATH).exists()


def test_one_folder_by_two_names_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "old" / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(b"movie")
    (tmp_path / "new").symlink_to(tmp_path / "old")
    assert not withdraw(1, tmp_path / "old", tmp_path / "new", PATH, tick)
    assert file.read_bytes() == b"movie"


def test_one_file_that_two_file_systems_show_loses_nothing(
    roots: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool of disks beside one of its disks: other numbers of device and inode, and yet one file."""
    old, new = roots
    real = _withdrawing._is_there_alone

    def vanishes_with_the_old_name(file: OpenFile) -> bool:
        assert not (old / PATH).exists()
        (new / PATH).unlink()
        return real(file)

    monkeypatch.setattr(_withdrawing, "_is_there_alone", vanishes_with_the_old_name)
    assert not withdraw(1, old, new, PATH, tick)
    assert (old / PATH).read_bytes() == b"movie" * 1000


def test_one_folder_that_is_mounted_twice_loses_nothing(
    tmp_path: Path, mounted: Callable[..., Path]
) -> None:
    file = tmp_path / "old" / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(b"movie")
    new = mounted("new", "--bind", str(tmp_path / "old"))
    assert not withdraw(1, tmp_path / "old", new, PATH, tick)
    assert file.read_bytes() == b"movie"
    assert subprocess.run(["ls", str(new / PATH)], check=False, capture_output=True).returncode == 0
