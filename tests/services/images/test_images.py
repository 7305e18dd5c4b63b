from __future__ import annotations

import os
from pathlib import Path

import pytest

from reeld.services.images import IMAGE_CAP, Image, ImageCache, ImageType, NotAnImage, recognise

JPEG = b"\xff\xd8\xff\xe0" + b"j" * 96
PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 92
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + b"w" * 88


def picture(size: int = 100) -> Image:
    return Image(ImageType.JPEG, b"\xff\xd8\xff" + b"j" * (size - 3))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("data", "kind"),
    [(JPEG, ImageType.JPEG), (PNG, ImageType.PNG), (WEBP, ImageType.WEBP)],
)
def test_an_image_is_known_by_its_bytes(data: bytes, kind: ImageType) -> None:
    assert recognise(data).type is kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html>",
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\xff\xd8",
        b"%PDF-1.7",
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(NotAnImage, match="no JPEG, PNG or WebP"):
        recognise(data)


def test_too_large_an_image_is_refused() -> None:
    with pytest.raises(NotAnImage, match="10 MiB"):
        recognise(JPEG + b"x" * IMAGE_CAP)


async def test_what_was_put_in_comes_back(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path / "images", 1000)
    await cache.open()
    assert await cache.get("/a.jpg") is None
    await cache.put("/a.jpg", recognise(PNG))
    assert await cache.get("/a.jpg") == recognise(PNG)
    assert cache.used == len(PNG)


async def test_the_least_recently_used_leave_first(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, 300)
    await cache.open()
    for key in "abc":
        await cache.put(key, picture())
    await cache.get("a")
    await cache.put("d", picture())
    assert [key for key in "abcd" if await cache.get(key)] == ["a", "c", "d"]
    assert cache.used == 300
    assert len(names(tmp_path)) == 3


async def test_the_order_of_use_survives_a_restart(tmp_path: Path) -> None:
    first = ImageCache(tmp_path, 300)
    await first.open()
    for key in "abc":
        await first.put(key, picture())
    for age, path in enumerate(
        sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    ):
        os.utime(path, (1000 + age, 1000 + age))
    oldest = {key for key in "abc" if await first.get(key)} and "a"
    again = ImageCache(tmp_path, 200)
    await again.open()
    assert again.used == 200
    assert oldest == "a"


async def test_replacing_an_image_counts_it_once(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, 300)
    await cache.open()
    await cache.put("a", picture(100))
    await cache.put("a", picture(120))
    assert cache.used == 120


async def test_an_image_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, 50)
    await cache.open()
    await cache.put("a", picture())
    assert names(tmp_path) == []


async def test_what_a_crash_left_behind_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".incoming-x").write_bytes(b"half")
    (tmp_path / "README").write_bytes(b"somebody else's")
    cache = ImageCache(tmp_path, 50)
    await cache.open()
    assert names(tmp_path) == ["README"]
    assert cache.used == 0


async def test_a_damaged_or_vanished_file_is_a_miss(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, 300)
    await cache.open()
    await cache.put("a", picture())
    await cache.put("b", picture())
    damaged, vanished = tmp_path.iterdir()
    damaged.write_bytes(b"<svg>")
    vanished.unlink()
    assert await cache.get("a") is None
    assert await cache.get("b") is None
    assert cache.used == 0
    assert names(tmp_path) == []


async def test_a_disk_that_refuses_only_costs_the_caching(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path / "gone", 300)
    await cache.open()
    (tmp_path / "gone").rmdir()
    await cache.put("a", picture())
    assert cache.used == 0
