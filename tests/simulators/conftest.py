"""Simulators to talk to."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from reeld.simulators import QbittorrentSimulator, Simulator, Torrent, serve
from reeld.simulators.matroska import Matroska
from reeld.simulators.torrents import PayloadFile, Text, folder

# Tests are imported in importlib mode, where test folders are no packages.
_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parents[1] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
real_programs = sys.modules.setdefault(_NAME, importlib.util.module_from_spec(_spec))
if not hasattr(real_programs, "require"):
    _spec.loader.exec_module(real_programs)

start_qbittorrent = real_programs.start_qbittorrent

ANNOUNCE = "http://127.0.0.1:9/announce"
Talk = Callable[[Simulator], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def talk() -> Talk:
    """Serves a simulator inside a block and hands out a client of it."""

    @asynccontextmanager
    async def talking(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
        async with serve(simulator) as url, httpx.AsyncClient(base_url=url, timeout=10) as client:
            yield client

    return talking


@pytest.fixture
def ffprobe() -> str:
    """The path of ffprobe, which comes with ffmpeg."""
    return str(Path(real_programs.require("ffmpeg")).with_name("ffprobe"))


@pytest.fixture
def movie_torrent() -> Torrent:
    """A folder with a movie of one megabyte and a text."""
    movie = Matroska("Sintel", 888.0, 1280, 720, 1_000_000)
    files = (
        PayloadFile(("Sintel.mkv",), movie),
        PayloadFile(("Info", "Sintel.nfo"), Text(b"A movie.\n")),
    )
    return folder("Sintel.2010", files, announce=ANNOUNCE)


@pytest.fixture
def qbittorrent(tmp_path: Path, movie_torrent: Torrent) -> QbittorrentSimulator:
    """A quick qBittorrent 4.5.2 that can download that torrent and asks nobody for a password."""
    contents = {movie_torrent.infohash: [file.content for file in movie_torrent.files]}
    simulator = QbittorrentSimulator(tmp_path / "downloads", contents, folder=tmp_path / "session")
    simulator.turn(download_seconds=0.3, visibility_delay=0.0, settle_seconds=0.0)
    simulator.core.preferences["bypass_local_auth"] = True
    return simulator
