"""A file gets another name in its folder: once, and never in the place of another file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from reeld.actors.importer import _publishing, _renaming_files
from reeld.actors.importer._failures import Occupied, SourceChanged, SourceMissing, UnsafePath
from reeld.actors.importer._renaming_files import rename

OLD, NEW = "Movie (2020)/movie.mkv", "Movie (2020)/Movie (2020).mkv"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / OLD
    path.parent.mkdir()
    path.write_bytes(b"the movie")
    return tmp_path


def known(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_ino


def names(library: Path) -> list[str]:
    return sorted(each.name for each in (library / OLD).parent.iterdir())


def test_renaming_twice_is_renaming_once(library: Path) -> None:
    file = known(library / OLD)
    for _ in range(2):
        rename(library, OLD, NEW, file)
        assert names(library) == ["Movie (2020).mkv"]
    assert known(library / NEW) == file


def test_a_file_of_that_name_stays_and_so_does_the_old_name(library: Path) -> None:
    (library / NEW).write_bytes(b"another")
    with pytest.raises(Occupied, match="move it away"):
        rename(library, OLD, NEW, known(library / OLD))
    assert (library / OLD).read_bytes() == b"the movie"
    assert (library / NEW).read_bytes() == b"another"


def test_a_link_of_that_name_is_not_followed(library: Path, tmp_path: Path) -> None:
    (library / NEW).symlink_to("movie.mkv")
    with pytest.raises(Occupied):
        rename(library, OLD, NEW, known(library / OLD))
    assert (library / NEW).is_symlink()


def test_what_was_replaced_or_is_gone_is_not_renamed(library: Path) -> None:
    size, inode = known(library / OLD)
    with pytest.raises(SourceChanged):
        rename(library, OLD, NEW, (size, inode + 1))
    assert names(library) == ["movie.mkv"]
    (library / OLD).unlink()
    with pytest.raises(SourceMissing):
        rename(library, OLD, NEW, (size, inode))
    (library / OLD).parent.rmdir()
    with pytest.raises(SourceMissing):
        rename(library, OLD, NEW, (size, inode))


def test_without_a_rename_that_spares_others_a_second_name_is_made_first(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_publishing, "_renameat2", lambda: None)
    file = known(library / OLD)
    rename(library, OLD, NEW, file)
    assert names(library) == ["Movie (2020).mkv"]
    # A crash between the two names is gone on from.
    os.link(library / NEW, library / OLD)
    rename(library, OLD, NEW, file)
    assert names(library) == ["Movie (2020).mkv"]
    assert known(library / NEW) == file


def test_where_case_does_not_tell_names_apart_the_case_is_changed(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upper = "Movie (2020)/MOVIE.mkv"
    look: Any = _renaming_files.Folder.lstat

    def lstat(folder: Any, name: str) -> Any:
        there = {each.casefold(): each for each in os.listdir(folder.fd)}  # noqa: PTH208
        return look(folder, there.get(name.casefold(), name))

    monkeypatch.setattr(_renaming_files.Folder, "lstat", lstat)
    rename(library, OLD, upper, known(library / OLD))
    assert names(library) == ["MOVIE.mkv"]
    assert (library / upper).read_bytes() == b"the movie"


@pytest.mark.parametrize("path", ["../movie.mkv", "/etc/passwd", "Movie (2020)/../../x.mkv"])
def test_no_name_leads_out_of_the_library(library: Path, path: str) -> None:
    with pytest.raises(UnsafePath):
        rename(library, OLD, path, known(library / OLD))
    assert names(library) == ["movie.mkv"]
