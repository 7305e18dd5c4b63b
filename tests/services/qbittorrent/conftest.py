"""A qBittorrent to talk to: the simulator in each version, and the real one."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.domain.secret import Secret
from reeld.domain.settings import QbittorrentSettings
from reeld.services.qbittorrent import QbittorrentClient
from reeld.simulators import PROFILES, QbittorrentSimulator, Torrent, serve
from reeld.simulators.matroska import Matroska
from reeld.simulators.torrents import PayloadFile, Text, blocks, folder, single_file

_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parents[2] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
real_programs = sys.modules.setdefault(_NAME, importlib.util.module_from_spec(_spec))
if not hasattr(real_programs, "RealQbittorrent"):
    _spec.loader.exec_module(real_programs)

shared_qbittorrent = real_programs.shared_qbittorrent
start_qbittorrent = real_programs.start_qbittorrent
real_tracker = real_programs.real_tracker
real_movie = real_programs.real_movie
torrent_maker = real_programs.torrent_maker

ANNOUNCE = "http://127.0.0.1:9/0123456789abcdef/announce"
REAL = "real"


@dataclass
class Target:
    """A running qBittorrent."""

    url: str
    username: str
    password: str
    downloads: Path
    version: str
    restart: Callable[[], Awaitable[None]]
    place: Callable[[Torrent], Awaitable[None]]
    """Make it so that the torrent can be completed."""

    def settings(self, **changes: Any) -> QbittorrentSettings:
        values = {"url": self.url, "username": self.username, "password": Secret(self.password)}
        return QbittorrentSettings(**(values | changes))


def write_content(root: Path, torrent: Torrent) -> None:
    for file in torrent.files:
        parts = file.path if len(torrent.files) == 1 else (torrent.name, *file.path)
        path = root.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(blocks(file.content)))


@pytest.fixture(params=[*PROFILES, pytest.param(REAL, marks=pytest.mark.services)])
def chosen(request: pytest.FixtureRequest) -> Any:
    """A version for the simulator, or the real one. Not async: pytest-trio would swallow why it is skipped."""
    return request.getfixturevalue("shared_qbittorrent") if request.param == REAL else request.param


@pytest.fixture
async def target(chosen: Any, tmp_path: Path) -> AsyncIterator[Target]:
    """Each version of the simulator, and the real qbittorrent-nox."""
    if not isinstance(chosen, str):
        yield await _real_target(chosen)
        await _sweep(chosen)
        return
    contents: dict[str, Any] = {}
    simulator = QbittorrentSimulator(tmp_path / "downloads", contents, version=chosen)
    simulator.turn(download_seconds=0.2, visibility_delay=0.02, settle_seconds=0.1)
    async with serve(simulator) as url:
        yield _simulated_target(simulator, contents, url, tmp_path)


def _simulated_target(
    simulator: QbittorrentSimulator, contents: dict[str, Any], url: str, tmp_path: Path
) -> Target:
    async def restart() -> None:
        simulator.turn(restart=0.0)
        with trio.fail_after(5):
            while True:
                with contextlib.suppress(OSError):
                    await (
                        await trio.open_tcp_stream("127.0.0.1", int(url.rpartition(":")[2]))
                    ).aclose()
                    return
                await trio.sleep(0.01)

    async def place(torrent: Torrent) -> None:
        contents[torrent.infohash] = [file.content for file in torrent.files]

    username, password = simulator.credentials
    version = simulator.profile.version
    return Target(url, username, password, tmp_path / "downloads", version, restart, place)


async def _real_target(real: Any) -> Target:
    async def place(torrent: Torrent) -> None:
        await trio.to_thread.run_sync(write_content, real.downloads, torrent)

    restart = partial(trio.to_thread.run_sync, real.restart)
    return Target(real.url, real.username, real.password, real.downloads, "", restart, place)


async def _sweep(real: Any) -> None:
    settings = QbittorrentSettings(
        url=real.url, username=real.username, password=Secret(real.password)
    )
    client = QbittorrentClient(settings)
    for torrent in await client.torrents():
        await client.delete(torrent.id, with_files=True)
    await client.aclose()


@pytest.fixture
async def client(target: Target, closing: Any) -> QbittorrentClient:
    """A client with the right credentials."""
    return closing(QbittorrentClient(target.settings()))


@pytest.fixture
def make_movie_torrent() -> Callable[..., Torrent]:
    """Makes torrents of a folder with a movie and a text; the name makes them different."""

    def make(name: str = "Sintel.2010") -> Torrent:
        movie = Matroska(name, 888.0, 1280, 720, 400_000)
        files = (
            PayloadFile(("Sintel.mkv",), movie),
            PayloadFile(("Info", "Sintel.nfo"), Text(b"A movie.\n")),
        )
        return folder(name, files, announce=ANNOUNCE)

    return make


@pytest.fixture
def small_torrent() -> Torrent:
    """A torrent of one small file."""
    return single_file("note.txt", Text(b"hello\n" * 1000), announce=ANNOUNCE)
