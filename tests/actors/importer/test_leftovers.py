from __future__ import annotations

from pathlib import Path

import pytest

from reeld.actors.importer._failures import RootFolderDown, SourceMissing
from reeld.actors.importer.leftovers import find_leftovers, remove_leftovers
from reeld.actors.importer.linkprobe import can_link


def tick(done: int) -> None:
    pass


def test_only_parts_of_finished_imports_are_swept(tmp_path: Path) -> None:
    library, outside = tmp_path / "library", tmp_path / "outside"
    folder = library / "Movie (2020)"
    folder.mkdir(parents=True)
    outside.mkdir()
    (outside / ".reeld-3.part").write_text("not ours to judge")
    (library / "linked").symlink_to(outside)
    (folder / ".reeld-1.part").write_text("stale")
    (folder / ".reeld-probe-0123456789abcdef").write_text("stale")
    (folder / ".reeld-2.part").write_text("still in use")
    (folder / ".reeld-x.part").write_text("a person's file")
    (folder / "movie.mkv").write_text("movie")
    (folder / ".reeld-4.part").symlink_to(outside / ".reeld-3.part")

    found = find_leftovers(library, tick)
    assert remove_leftovers(library, found, {2}, tick) == 2
    assert remove_leftovers(library, found, {2}, tick) == 0

    assert sorted(path.name for path in folder.iterdir()) == [
        ".reeld-2.part",
        ".reeld-4.part",
        ".reeld-x.part",
        "movie.mkv",
    ]
    assert (outside / ".reeld-3.part").exists()


def test_a_missing_library_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(RootFolderDown):
        find_leftovers(tmp_path / "gone", tick)


def test_links_are_probed_by_making_one(tmp_path: Path) -> None:
    downloads, library = tmp_path / "downloads", tmp_path / "library"
    downloads.mkdir()
    library.mkdir()

    probe = can_link(downloads, library)

    assert probe.can_link
    assert list(downloads.iterdir()) == list(library.iterdir()) == []


def test_the_probe_says_why_imports_will_copy(tmp_path: Path, other_disk: Path) -> None:
    probe = can_link(tmp_path, other_disk)

    assert not probe.can_link
    assert not probe.can_reflink
    assert "Imports will copy" in probe.sentence
    assert "one mount" in probe.sentence
    assert list(tmp_path.iterdir()) == list(other_disk.iterdir()) == []


def test_the_probe_names_the_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing):
        can_link(tmp_path / "gone", tmp_path)
    with pytest.raises(RootFolderDown):
        can_link(tmp_path, tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []
