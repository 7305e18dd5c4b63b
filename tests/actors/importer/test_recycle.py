from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from reeld.actors.importer._failures import LibraryUnsafe, RootFolderDown, SourceChanged
from reeld.actors.importer.recycle import retire, shelf_for

OLD = "Movie (2020)/Movie (2020) old.mkv"
NEW = "Movie (2020)/Movie (2020).mkv"
AT = datetime(2026, 9, 14, 10, 15, tzinfo=UTC)


def tick(done: int) -> None:
    pass


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name in (OLD, NEW):
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "library"


def shelf(library: Path) -> Any:
    return shelf_for(library / ".recycle", library, 7, AT)


def test_a_shelf_is_named_by_the_plan_alone(tmp_path: Path) -> None:
    berlin = AT.astimezone(timezone(timedelta(hours=2)))

    one, other = (shelf_for(tmp_path / "a/.r", tmp_path, 7, at) for at in (AT, berlin))

    assert one == other
    assert one.below == ("a", ".r", "2026-09-14T101500Z-7")


def test_a_recycle_folder_elsewhere_is_made_but_not_its_parents(tmp_path: Path) -> None:
    elsewhere = shelf_for(Path("/mnt/bin"), tmp_path, 7, AT)

    assert elsewhere.root == Path("/mnt")
    assert elsewhere.below == ("bin", "2026-09-14T101500Z-7")


def test_the_old_file_leaves_the_library_and_stays_in_the_recycle_folder(library: Path) -> None:
    inode = (library / OLD).stat().st_ino

    kept = retire(library, OLD, NEW, shelf(library), tick)

    assert kept == library / ".recycle/2026-09-14T101500Z-7" / OLD
    assert kept.stat().st_ino == inode
    assert not (library / OLD).exists()
    assert (library / NEW).exists()


def test_retiring_twice_is_harmless(library: Path) -> None:
    first = retire(library, OLD, NEW, shelf(library), tick)

    assert retire(library, OLD, NEW, shelf(library), tick) == first
    assert (library / ".recycle/2026-09-14T101500Z-7" / OLD).exists()


def test_there_may_be_nothing_to_retire(library: Path) -> None:
    (library / OLD).unlink()

    assert retire(library, OLD, NEW, shelf(library), tick) is None


def test_the_new_file_is_never_retired(library: Path) -> None:
    assert retire(library, NEW, NEW, shelf(library), tick) is None
    assert (library / NEW).exists()


def test_a_folder_that_becomes_empty_goes_too_but_no_other(library: Path) -> None:
    other = library / "Film (2020)/Film.mkv"
    other.parent.mkdir()
    other.write_bytes(b"old")
    with_extras = library / "Cut (2020)/Film.mkv"
    with_extras.parent.mkdir()
    with_extras.write_bytes(b"old")
    (with_extras.parent / "Film.srt").write_text("1")

    retire(library, "Film (2020)/Film.mkv", NEW, shelf(library), tick)
    retire(library, "Cut (2020)/Film.mkv", NEW, shelf(library), tick)

    assert not other.parent.exists()
    assert (with_extras.parent / "Film.srt").exists()


def test_a_library_that_is_not_mounted_is_not_mistaken_for_an_empty_one(library: Path) -> None:
    library.rename(library.with_name("unmounted"))

    with pytest.raises(RootFolderDown):
        retire(library, OLD, NEW, shelf(library), tick)


def test_a_link_instead_of_the_old_file_is_left_alone(library: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    (library / OLD).unlink()
    (library / OLD).symlink_to(target)

    with pytest.raises(LibraryUnsafe):
        retire(library, OLD, NEW, shelf(library), tick)

    assert target.exists()
    assert (library / OLD).is_symlink()


def test_another_disk_as_recycle_folder_takes_a_copy(library: Path, other_disk: Path) -> None:
    place = shelf_for(other_disk / "bin", library, 7, AT)

    kept = retire(library, OLD, NEW, place, tick)

    assert kept is not None
    assert kept.read_bytes() == OLD.encode()
    assert other_disk in kept.parents
    assert not (library / OLD).exists()


def test_a_file_that_is_replaced_in_the_last_moment_is_not_removed(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reeld.actors.importer import recycle

    real = recycle.keep

    def swap(*arguments: Any) -> Path:
        kept = real(*arguments)
        (library / OLD).unlink()
        (library / OLD).write_bytes(b"a person's new file")
        return kept

    monkeypatch.setattr(recycle, "keep", swap)

    with pytest.raises(SourceChanged):
        retire(library, OLD, NEW, shelf(library), tick)

    assert (library / OLD).read_bytes() == b"a person's new file"


def test_two_spellings_of_one_entry_are_one_file(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that ignores case shows one file under both names: removing "the old one" loses it."""
    upper = "Movie (2020)/MOVIE (2020).mkv"
    (library / upper).hardlink_to(library / NEW)  # what such a folder looks like from outside

    assert retire(library, upper, NEW, shelf(library), tick) is None
    assert (library / NEW).exists()
