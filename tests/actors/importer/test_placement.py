from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reeld.actors.importer import _copying
from reeld.actors.importer._failures import (
    AccessDenied,
    LibraryUnsafe,
    LinkImpossible,
    LinkRefusal,
    NameTooLong,
    NoRoomForCopy,
    Occupied,
    RootFolderDown,
    SourceChanged,
    SourceMissing,
    UnsafePath,
    VerificationFailed,
)
from reeld.actors.importer._folders import Permissions
from reeld.actors.importer._parts import Means, Transfer
from reeld.actors.importer.placement import discard, place, verify
from reeld.domain.acquisition import LinkKind

NEW, OLD = b"NEW" * 1000, b"OLD" * 1500
COPY = Means(transfer=Transfer.COPY, reserve=0)
LINK_ONLY = Means(transfer=Transfer.LINK_ONLY)
FINAL = "Movie (2020)/Movie (2020).mkv"


def tick(done: int) -> None:
    pass


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_download_is_hard_linked_under_its_final_name(world: Any) -> None:
    placed = place(world.order(), tick)

    assert placed.link is LinkKind.HARDLINK
    assert placed.refusal is None
    assert world.source.samefile(world.final)
    assert placed.inode == world.final.stat().st_ino
    assert world.tree() == [FINAL]


def test_placing_twice_changes_nothing(world: Any) -> None:
    place(world.order(), tick)
    again = place(world.order(), tick)

    assert again.link is LinkKind.HARDLINK
    assert world.source.stat().st_nlink == 2
    assert world.tree() == [FINAL]


@pytest.mark.parametrize("step", ["half a part", "a part linked to the placed file"])
def test_what_an_earlier_attempt_left_is_cleared(world: Any, step: str) -> None:
    part = world.final.parent / ".reeld-7.part"
    if step == "half a part":
        put(part, b"NE")
    else:
        place(world.order(), tick)
        os.link(world.final, part)

    place(world.order(), tick)

    assert world.tree() == [FINAL]
    assert world.final.read_bytes() == NEW


def test_a_copy_has_the_content_and_its_own_blocks(world: Any) -> None:
    placed = place(world.order(means=COPY), tick)

    assert placed.link in {LinkKind.COPY, LinkKind.REFLINK}
    assert world.final.read_bytes() == NEW
    assert not world.source.samefile(world.final)
    assert world.final.stat().st_mtime_ns == world.source.stat().st_mtime_ns


def test_a_copy_that_was_renamed_before_the_crash_is_recognised(world: Any) -> None:
    place(world.order(means=COPY), tick)
    inode = world.final.stat().st_ino

    placed = place(world.order(means=COPY), tick)

    assert placed.inode == inode
    assert world.tree() == [FINAL]


def test_another_disk_gets_a_copy_and_the_reason_is_told(world: Any, other_disk: Path) -> None:
    world.library = other_disk

    placed = place(world.order(means=Means(reserve=0)), tick)

    assert placed.link is LinkKind.COPY
    assert placed.refusal is LinkRefusal.CROSS_DEVICE
    assert world.final.read_bytes() == NEW


def test_strict_mode_never_copies_and_says_how_to_mend_it(world: Any, other_disk: Path) -> None:
    world.library = other_disk

    with pytest.raises(LinkImpossible) as refused:
        place(world.order(means=LINK_ONLY), tick)

    assert refused.value.reason == "cross_device"
    assert "one volume for both" in refused.value.sentence
    assert list(other_disk.iterdir()) == []


def test_two_mounts_of_one_disk_are_told_apart_by_trying(
    world: Any, mounted: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    world.library = mounted("bound", "--bind", str(tmp_path / "real"))

    with pytest.raises(LinkImpossible, match="different file systems or mounts"):
        place(world.order(means=LINK_ONLY), tick)


def test_a_full_disk_refuses_the_copy_before_it_begins(
    world: Any, mounted: Callable[..., Path]
) -> None:
    world.library = mounted("small", "-t", "tmpfs", "-o", "size=2m", "tmpfs")

    with pytest.raises(NoRoomForCopy) as refused:
        place(world.order(), tick)

    assert refused.value.reason == "disk_full"
    assert world.tree() == []


def test_a_disk_that_fills_up_during_the_copy_keeps_no_half_file(
    world: Any, mounted: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.library = mounted("small", "-t", "tmpfs", "-o", "size=2m", "tmpfs")
    world.source.write_bytes(b"x" * 3 * 2**20)
    monkeypatch.setattr("reeld.actors.importer._parts.require_space", lambda *_: None)

    with pytest.raises(RootFolderDown) as failed:
        place(world.order(), tick)

    assert failed.value.reason == "disk_full"
    assert list(world.library.iterdir()) == [], "neither a part nor an empty folder stays"


def test_a_hard_link_needs_no_free_space(tmp_path: Path, mounted: Callable[..., Path]) -> None:
    disk = mounted("small", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    put(disk / "downloads/movie.mkv", b"x" * 2**19)
    (disk / "library").mkdir()
    with pytest.raises(OSError, match="space"):
        (disk / "filler").write_bytes(b"x" * 2**20)
    order = build_order(disk, "movie.mkv", 2**19)

    assert place(order, tick).link is LinkKind.HARDLINK


def build_order(disk: Path, source: str, size: int) -> Any:
    from reeld.actors.importer.placement import Order
    from reeld.actors.importer.recycle import RecycleShelf

    library = disk / "library"
    return Order(
        7, disk / "downloads", source, size, library, FINAL, RecycleShelf(library, ("r",), 7)
    )


def test_a_read_only_disk_is_the_root_folders_failure(
    world: Any, mounted: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    world.library = mounted("bound", "--bind", "-o", "ro", str(tmp_path / "real"))

    with pytest.raises(RootFolderDown) as failed:
        place(world.order(), tick)

    assert failed.value.reason == "read_only"
    assert failed.value.service == "root_folder"


def test_a_missing_root_folder_is_never_created(world: Any) -> None:
    world.library.rmdir()

    with pytest.raises(RootFolderDown) as failed:
        place(world.order(), tick)

    assert failed.value.reason == "root_missing"
    assert not world.library.exists()


def test_a_symbolic_link_as_root_folder_is_the_owners_choice(world: Any, tmp_path: Path) -> None:
    link = tmp_path / "linked"
    link.symlink_to(world.library)

    place(world.order(root_folder=link), tick)

    assert world.final.read_bytes() == NEW


def test_a_symbolic_link_among_the_downloads_is_refused(world: Any, tmp_path: Path) -> None:
    secret = put(tmp_path / "secret", NEW)
    world.source.unlink()
    world.source.symlink_to(secret)

    with pytest.raises(UnsafePath):
        place(world.order(size=len(NEW)), tick)

    assert world.tree() == []


def test_a_symbolic_link_on_the_way_to_the_download_is_refused(world: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    world.source.parent.rename(outside)
    world.source.parent.symlink_to(outside)

    with pytest.raises(UnsafePath):
        place(world.order(), tick)


def test_a_symbolic_link_in_the_library_leads_nowhere(world: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    world.final.parent.symlink_to(outside)

    with pytest.raises(LibraryUnsafe):
        place(world.order(), tick)

    assert list(outside.iterdir()) == []


def test_a_symbolic_link_under_the_final_name_is_not_replaced(world: Any, tmp_path: Path) -> None:
    target = put(tmp_path / "precious", b"precious")
    world.final.parent.mkdir()
    world.final.symlink_to(target)

    with pytest.raises(Occupied):
        place(world.order(), tick)

    assert target.read_bytes() == b"precious"


def test_a_fifo_does_not_hang_the_thread(world: Any) -> None:
    world.source.unlink()
    os.mkfifo(world.source)

    with pytest.raises(UnsafePath):
        place(world.order(size=0), tick)


@pytest.mark.parametrize(
    "path",
    ["../x.mkv", "a/../../x.mkv", "/etc/passwd", "", "a//b", "./a", "a\0b", "a\nb", "\ud800.mkv"],
)
@pytest.mark.parametrize("end", ["source", "destination"])
def test_a_path_that_leaves_its_root_is_refused(world: Any, path: str, end: str) -> None:
    with pytest.raises(UnsafePath):
        place(replace(world.order(), **{end: path}), tick)


def test_names_are_limited_in_bytes(world: Any) -> None:
    fits = "ü" * 125 + ".mkv"
    place(world.order(destination=fits), tick)
    assert (world.library / fits).read_bytes() == NEW

    with pytest.raises(NameTooLong):
        place(world.order(destination="ü" * 126 + ".mkv"), tick)


def test_names_in_any_script_are_placed(world: Any) -> None:
    name = "千と千尋の神隠し (2001)/千と千尋の神隠し — é ﷽.mkv"

    place(world.order(destination=name), tick)

    assert world.tree() == [name]


def test_a_file_of_another_size_than_announced_is_not_placed(world: Any) -> None:
    with pytest.raises(SourceChanged) as refused:
        place(world.order(size=5), tick)

    assert refused.value.reason == "wrong_size"


def test_a_missing_download_says_so(world: Any) -> None:
    world.source.unlink()

    with pytest.raises(SourceMissing):
        place(world.order(), tick)


def test_an_old_file_under_the_final_name_is_kept_before_it_is_replaced(world: Any) -> None:
    put(world.final, OLD)

    placed = place(world.order(), tick)

    assert world.final.read_bytes() == NEW
    assert placed.kept == world.kept / FINAL
    assert placed.kept.read_bytes() == OLD
    assert world.tree() == [f".recycle/2026-09-14T101500Z-7/{FINAL}", FINAL]


def test_a_second_file_of_the_same_name_is_kept_beside_the_first(world: Any) -> None:
    put(world.kept / FINAL, b"another file that was kept earlier")
    put(world.final, OLD)

    placed = place(world.order(), tick)

    assert placed.kept is not None
    assert placed.kept.read_bytes() == OLD
    assert (world.kept / FINAL).read_bytes() == b"another file that was kept earlier"


def test_a_file_that_appears_at_the_last_moment_is_not_clobbered(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reeld.actors.importer import placement

    real = placement.publish

    def late(*arguments: Any, **options: Any) -> None:
        put(world.final, b"somebody was faster")
        real(*arguments, **options)

    monkeypatch.setattr(placement, "publish", late)

    with pytest.raises(Occupied):
        place(world.order(), tick)

    assert world.final.read_bytes() == b"somebody was faster"
    assert world.tree() == [FINAL]


@pytest.mark.parametrize("has", ["link", "nothing"])
def test_a_file_system_without_the_rename_flag_is_served(
    world: Any, monkeypatch: pytest.MonkeyPatch, has: str
) -> None:
    from reeld.actors.importer import _publishing

    monkeypatch.setattr(_publishing, "_renameat2", lambda: None)
    if has == "nothing":

        def refuse(*_: Any, **__: Any) -> None:
            raise PermissionError(1, "no links here")

        monkeypatch.setattr(_publishing.os, "link", refuse)

    place(world.order(means=COPY), tick)

    assert world.tree() == [FINAL]
    assert world.final.read_bytes() == NEW


def test_the_kernels_copy_can_be_missing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise OSError(38, "no such call")

    monkeypatch.setattr(_copying.os, "copy_file_range", refuse)
    monkeypatch.setattr("reeld.actors.importer._parts.clone", lambda *_: False)

    assert place(world.order(means=COPY), tick).link is LinkKind.COPY
    assert world.final.read_bytes() == NEW


def test_a_stopped_copy_leaves_nothing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reeld.actors.importer._parts.clone", lambda *_: False)
    monkeypatch.setattr(_copying, "_RANGE", 1000)
    done: list[int] = []

    class Enough(Exception):
        pass

    def stop(bytes_done: int) -> None:
        done.append(bytes_done)
        if bytes_done >= 2000:
            raise Enough

    with pytest.raises(Enough):
        place(world.order(means=COPY), stop)

    assert done == [1000, 2000]
    assert list(world.library.iterdir()) == []


def test_a_download_that_changes_during_the_copy_is_not_placed(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reeld.actors.importer._parts.clone", lambda *_: False)

    def meddle(done: int) -> None:
        with world.source.open("r+b") as file:
            file.write(b"XXX")

    with pytest.raises(SourceChanged):
        place(world.order(means=COPY), meddle)

    assert world.tree() == []


def test_copies_and_folders_get_the_wanted_modes(world: Any) -> None:
    means = replace(COPY, permissions=Permissions(file_mode=0o640, folder_mode=0o2750))

    place(world.order(means=means), tick)

    assert stat.S_IMODE(world.final.stat().st_mode) == 0o640
    assert stat.S_IMODE(world.final.parent.stat().st_mode) == 0o2750


def test_a_hard_link_gains_bits_and_loses_none(world: Any) -> None:
    world.source.chmod(0o620)

    place(world.order(means=Means(permissions=Permissions(file_mode=0o644))), tick)

    assert stat.S_IMODE(world.source.stat().st_mode) == 0o664


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_group_is_set_on_what_reeld_makes(world: Any) -> None:
    place(world.order(means=replace(COPY, permissions=Permissions(group=12345))), tick)

    assert world.final.stat().st_gid == 12345
    assert world.final.parent.stat().st_gid == 12345
    assert world.source.stat().st_gid != 12345


def test_verification_passes_for_what_was_placed(world: Any) -> None:
    for means in (Means(), COPY):
        order = world.order(means=means, destination=f"{means.transfer}.mkv")
        placed = place(order, tick)
        assert verify(order, placed.link, tick) == len(NEW)
        assert verify(order, placed.link, tick, whole=True) == len(NEW)


def test_verification_sees_a_hard_link_that_is_none(world: Any) -> None:
    put(world.final, NEW)

    with pytest.raises(VerificationFailed):
        verify(world.order(), LinkKind.HARDLINK, tick)


@pytest.mark.parametrize("content", [b"NEW" * 999, b"NEX" + b"NEW" * 999])
def test_verification_sees_other_content(world: Any, content: bytes) -> None:
    put(world.final, content)

    with pytest.raises(VerificationFailed):
        verify(world.order(), LinkKind.COPY, tick)


def test_a_damaged_copy_is_kept_and_made_again(world: Any) -> None:
    put(world.final, b"NEX" + b"NEW" * 999)

    placed = place(world.order(means=COPY), tick)

    assert verify(world.order(), placed.link, tick) == len(NEW)
    assert placed.kept is not None


def test_whole_verification_sees_what_samples_miss(world: Any) -> None:
    size = 40 * 2**20
    with world.source.open("r+b") as file:
        file.truncate(size)
    order = world.order(means=COPY)
    placed = place(order, tick)
    with world.final.open("r+b") as file:
        file.seek(4 * 2**20 + 2**19)
        file.write(b"damage")

    assert verify(order, placed.link, tick) == size
    with pytest.raises(VerificationFailed):
        verify(order, placed.link, tick, whole=True)


def test_verification_without_the_download_trusts_the_size(world: Any) -> None:
    order = world.order()
    place(order, tick)
    world.source.unlink()

    assert verify(order, LinkKind.HARDLINK, tick) == len(NEW)


def test_discarding_removes_the_part_and_empty_folders_only(world: Any) -> None:
    put(world.final.parent / ".reeld-7.part", b"half")
    discard(world.order())
    assert list(world.library.iterdir()) == []

    put(world.final.parent / "notes.txt", b"a person's file")
    put(world.final.parent / ".reeld-7.part", b"half")
    discard(world.order())
    discard(world.order())
    assert world.tree() == ["Movie (2020)/notes.txt"]


def unprivileged(check: Callable[[], None]) -> None:
    """Run a check as the user `nobody` when this is root."""
    pid = os.fork()  # the importer only reads and links in the child
    if pid:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        return
    code = 1
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        check()
        code = 0
    finally:
        os._exit(code)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_the_kernels_hard_link_protection_is_named(world: Any) -> None:
    if Path("/proc/sys/fs/protected_hardlinks").read_text().strip() != "1":
        pytest.skip("fs.protected_hardlinks is off")
    open_up(world)
    world.source.chmod(0o644)  # owned by root, readable, not writable

    def check() -> None:
        with pytest.raises(LinkImpossible) as refused:
            place(world.order(means=LINK_ONLY), tick)
        assert refused.value.refusal is LinkRefusal.PROTECTED_HARDLINKS
        placed = place(world.order(means=Means(reserve=0)), tick)
        assert placed.refusal is LinkRefusal.PROTECTED_HARDLINKS

    unprivileged(check)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_folder_that_reeld_may_not_write_names_the_remedy(world: Any) -> None:
    open_up(world)
    world.library.chmod(0o755)

    def check() -> None:
        with pytest.raises(AccessDenied, match="give its user access"):
            place(world.order(), tick)

    unprivileged(check)


def open_up(world: Any) -> None:
    folder = world.library
    while folder != folder.parent and folder != Path("/tmp"):
        folder.chmod(folder.stat().st_mode | 0o755)
        folder = folder.parent
    world.library.chmod(0o777)
