"""A small world of downloads and a library, and file systems with faults when root may mount."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reeld.actors.importer.placement import Order
from reeld.actors.importer.recycle import shelf_for

PLANNED_AT = datetime(2026, 9, 14, 10, 15, tzinfo=UTC)
MOVIE = "Movie.2020.1080p-GRP/movie.mkv"
FINAL = "Movie (2020)/Movie (2020).mkv"


@dataclass
class World:
    """One download folder and one root folder."""

    downloads: Path
    library: Path

    @property
    def source(self) -> Path:
        return self.downloads / MOVIE

    @property
    def final(self) -> Path:
        return self.library / FINAL

    @property
    def kept(self) -> Path:
        return self.library / ".recycle/2026-09-14T101500Z-7"

    def order(self, **changes: object) -> Order:
        shelf = shelf_for(self.library / ".recycle", self.library, 7, PLANNED_AT)
        size = self.source.stat().st_size if self.source.exists() else 0
        order = Order(7, self.downloads, MOVIE, size, self.library, FINAL, shelf)
        return replace(order, **changes)

    def tree(self) -> list[str]:
        """Every file of the library, by its path."""
        return sorted(
            str(path.relative_to(self.library))
            for path in self.library.rglob("*")
            if not path.is_dir()
        )


def build_world(downloads: Path, library: Path, content: bytes = b"NEW" * 1000) -> World:
    world = World(downloads, library)
    world.source.parent.mkdir(parents=True)
    world.source.write_bytes(content)
    library.mkdir(parents=True, exist_ok=True)
    return world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path / "downloads", tmp_path / "library")


@pytest.fixture
def make_world() -> Callable[[Path], World]:
    return lambda base: build_world(base / "downloads", base / "library")


@pytest.fixture
def other_disk(tmp_path: Path, lacking: Any) -> Iterator[Path]:
    """A folder on another file system than `tmp_path`."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        lacking("/dev/shm is no second file system here")
    with tempfile.TemporaryDirectory(prefix="reeld-test-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def mounted(tmp_path: Path, lacking: Any) -> Iterator[Callable[..., Path]]:
    """Mounts file systems: `mounted("name", "-t", "tmpfs", "-o", "size=2m", "tmpfs")`."""
    if os.geteuid() != 0:
        lacking("only root may mount")
    points: list[Path] = []

    def mount(name: str, *options: str) -> Path:
        point = tmp_path / name
        point.mkdir(exist_ok=True)
        done = subprocess.run(
            ["mount", *options, str(point)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            lacking(f"mounting is not possible here: {done.stderr.strip()}")
        points.append(point)
        return point

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "-l", str(point)], check=True)
