"""The whole way on real parts: PostgreSQL, qBittorrent, a tracker, a seeding peer, and a film made by ffmpeg.

Only TMDB and HDBits are simulated; HDBits hands out the very .torrent that the peer seeds.
"""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import trio

from reeld.domain.secret import Secret
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.torrent import InfoHash, Magnet, parse_metainfo
from reeld.services.qbittorrent import AddOptions, QbittorrentClient, TorrentStatus
from reeld.simulators import HdbitsSimulator, TmdbSimulator, serve
from reeld.simulators.catalogue import BIG_BUCK_BUNNY
from reeld.simulators.hdbits import Upload
from reeld.simulators.torrents import PayloadFile, Torrent

pytestmark = [pytest.mark.services, pytest.mark.slow]

FILM = replace(BIG_BUCK_BUNNY, runtime=1)  # of twenty seconds: no sample of a film of one minute
UPLOAD_KIB = 6 * 1024  # a second: "during the download" is real, and short


@dataclass
class Swarm:
    """A tracker, a peer that seeds at a moderate pace, and the qBittorrent that reeld uses."""

    programs: Any
    folder: Path
    tracker: Any
    seeder: Any
    client: Any
    film: Path

    def torrent(self, name: str, private: bool) -> Torrent:
        """Let the peer seed the film under a name, and return the .torrent that mktorrent makes of it."""
        content = self.seeder.downloads / f"{name}.mkv"
        shutil.copy(self.film, content)
        file = self.folder / f"{name}.torrent"
        announce = self.tracker.announce_url
        data = self.programs.make_torrent(content, file, announce, private=private)
        infohash = parse_metainfo(data).infohash.client_id
        self.tracker.allow(infohash)
        payload = PayloadFile((content.name,), OnDisk(content))
        return Torrent(content.name, (payload,), data, infohash)


@dataclass(frozen=True)
class OnDisk:
    """The content of a real file, of which an indexer tells the size alone."""

    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def block(self, index: int) -> bytes:
        raise NotImplementedError


@pytest.fixture(scope="module")
def swarm(programs: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    folder = tmp_path_factory.mktemp("swarm")
    film = programs.make_movie(folder / "film.mkv", size="1280x720", megabits=8.0)
    limited = (r"[BitTorrent]", rf"Session\GlobalUPSpeedLimit={UPLOAD_KIB}")
    seeder = programs.RealQbittorrent(_made(folder / "seeder"), limited)
    client = programs.RealQbittorrent(_made(folder / "client"))
    with programs.open_folder() as open_to_all:
        tracker = programs.RealTracker(open_to_all)
        try:
            for program in (tracker, seeder, client):
                program.start()
            yield Swarm(programs, folder, tracker, seeder, client, film)
        finally:
            seeder.kill()
            client.kill()
            tracker.stop()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@dataclass
class Scene:
    """One film on HDBits and in the swarm, and a house whose daemon shall get it."""

    swarm: Swarm
    torrent: Torrent
    house: Any
    hdbits: HdbitsSimulator
    qbittorrent: QbittorrentClient

    async def torrents(self) -> tuple[TorrentStatus, ...]:
        """What reeld's qBittorrent says of the torrent."""
        return await self.qbittorrent.torrents(ids=[self.torrent.infohash])

    async def require_imported(self, life: Any, movie_id: int) -> None:
        """Wait for the movie, and hold what is there against what has to be."""
        movie = await life.in_library(movie_id)
        (file,) = movie["files"]
        (placed,) = self.house.files()
        downloaded = self.swarm.client.downloads / self.torrent.name
        assert (file["path"], file["link"]) == (str(placed), "hardlink")
        assert placed.samefile(downloaded)
        assert placed.read_bytes() == self.swarm.film.read_bytes()
        await self._require_told(life, movie_id)
        await self._require_one_torrent()

    async def _require_told(self, life: Any, movie_id: int) -> None:
        history = await life.until(f"/api/history?movie_id={movie_id}", lambda _: True)
        once = ("added", "searched", "grabbed", "downloaded", "imported")
        assert Counter(each["kind"] for each in history["entries"]) == dict.fromkeys(once, 1)
        assert await life.until("/api/queue", lambda queue: not queue) == []
        status = await life.until("/api/queue/status", lambda status: not status["downloads"])
        assert status["movies"]["in_library"] == 1
        assert await life.until("/api/work?state=dead", lambda _: True) == []

    async def _require_one_torrent(self) -> None:
        with trio.fail_after(30):
            while True:
                (torrent,) = await self.torrents()
                if torrent.category == "reeld-imported":
                    break
                await trio.sleep(0.1)
        assert torrent.is_complete
        assert len([tag for tag in torrent.tags if tag.startswith("reeld-")]) == 1


@pytest.fixture
async def scene(
    swarm: Swarm, make_house: Callable[..., Any], request: pytest.FixtureRequest
) -> AsyncIterator[Scene]:
    """A scene with a torrent of its own, private unless the test's parameter says otherwise."""
    group = f"NO{crc32(request.node.name.encode()) % 10_000}"
    name = f"Big.Buck.Bunny.2008.720p.WEB-DL.AAC2.0.MPEG-4-{group}"
    private = getattr(request, "param", True)
    torrent = await trio.to_thread.run_sync(swarm.torrent, name, private)
    hdbits = HdbitsSimulator([_upload(torrent, name)])
    async with AsyncExitStack() as stack:
        hdbits_url = await stack.enter_async_context(serve(hdbits))
        tmdb = TmdbSimulator([FILM])
        tmdb_url = await stack.enter_async_context(serve(tmdb))
        variables = {
            "REELD_TMDB_URL": tmdb_url,
            "REELD_TMDB_TOKEN": tmdb.token,
            "REELD_HDBITS_URL": hdbits_url,
            "REELD_HDBITS_USERNAME": hdbits.username,
            "REELD_HDBITS_PASSKEY": hdbits.passkey,
            "REELD_HDBITS_SPACING_SECONDS": "0.1",
            "REELD_QBITTORRENT_URL": swarm.client.url,
            "REELD_QBITTORRENT_USERNAME": swarm.client.username,
            "REELD_QBITTORRENT_PASSWORD": swarm.client.password,
            "REELD_QBITTORRENT_POLL_SECONDS": "0.2",
        }
        house = make_house(variables, embedded=True)
        client = await stack.enter_async_context(_client_of(swarm.client))
        async with _seeding(swarm.seeder, torrent):
            yield Scene(swarm, torrent, house, hdbits, client)


def _upload(torrent: Torrent, name: str) -> Upload:
    return Upload(
        id=700_001,
        torrent=torrent,
        filename=f"{name}.torrent",
        name=name.replace(".", " "),
        film=FILM,
        added=1_767_225_600.0,
    )


@asynccontextmanager
async def _client_of(real: Any) -> AsyncIterator[QbittorrentClient]:
    settings = QbittorrentSettings(
        url=real.url, username=real.username, password=Secret(real.password)
    )
    client = QbittorrentClient(settings)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def _seeding(seeder: Any, torrent: Torrent) -> AsyncIterator[None]:
    async with _client_of(seeder) as client:
        await client.add(torrent.data, AddOptions("seeds"))
        with trio.fail_after(30):
            while not any(
                each.is_complete for each in await client.torrents(ids=[torrent.infohash])
            ):
                await trio.sleep(0.05)
        yield
        await client.delete(torrent.infohash, with_files=True)


async def half_way(life: Any) -> None:
    """Wait until the download is in its middle."""

    def is_in_its_middle(queue: Any) -> bool:
        return any(
            each["state"] == "downloading" and 0.05 < each["progress"] < 0.9 for each in queue
        )

    await life.until("/api/queue", is_in_its_middle)


async def test_a_wanted_movie_is_found_downloaded_linked_recorded_and_reported(
    scene: Scene,
) -> None:
    async with scene.house.life() as life:
        movie_id = await life.add(FILM.tmdb_id)
        await scene.require_imported(life, movie_id)
    assert [call.kind for call in scene.hdbits.calls].count("download") == 1


async def test_a_movie_arrives_when_the_daemon_is_killed_during_the_download(scene: Scene) -> None:
    first = scene.house.start()
    await first.ready()
    movie_id = await first.add(FILM.tmdb_id)
    await half_way(first)
    first.kill()
    (torrent,) = await scene.torrents()
    assert not torrent.is_complete
    async with scene.house.life() as second:
        await scene.require_imported(second, movie_id)
    assert [call.kind for call in scene.hdbits.calls].count("download") == 1


async def test_a_movie_arrives_when_the_daemon_is_killed_during_the_import(scene: Scene) -> None:
    first = scene.house.start(kill_at="import.file.renamed")
    await first.ready()
    movie_id = await first.add(FILM.tmdb_id)
    assert await first.ended() == -signal.SIGKILL
    assert len(scene.house.files()) == 1
    async with scene.house.life() as second:
        await scene.require_imported(second, movie_id)


async def test_a_movie_arrives_when_qbittorrent_restarts_during_the_download(scene: Scene) -> None:
    async with scene.house.life() as life:
        movie_id = await life.add(FILM.tmdb_id)
        await half_way(life)
        await trio.to_thread.run_sync(scene.swarm.client.restart)
        (torrent,) = await scene.torrents()
        assert not torrent.is_complete
        await scene.require_imported(life, movie_id)
        actors = await life.until("/control/actors/qbit", lambda actor: actor["state"] == "running")
        assert actors["restarts"] == 0, "a service that restarts is no fault of the actor"


# Of a private torrent no peer sends the metadata: a magnet link to one leads nowhere.
@pytest.mark.parametrize("scene", [False], indirect=True, ids=["public"])
async def test_a_magnet_link_that_was_handed_in_arrives_although_the_daemon_is_killed_on_its_way(
    scene: Scene,
) -> None:
    tracker = scene.swarm.tracker.announce_url
    infohash = InfoHash(scene.torrent.infohash, None)
    magnet = Magnet(infohash, scene.torrent.name.removesuffix(".mkv"), (tracker,))
    first = scene.house.start()
    await first.ready()
    # Nobody looks for it, so what HDBits has is left there.
    movie_id = await first.add(FILM.tmdb_id, monitored=False)
    await first.until(f"/api/movies/{movie_id}", lambda movie: movie["stage"] == "searched")
    handed = await first.post("/api/downloads", magnet=magnet.uri)
    assert handed["movie_id"] == movie_id
    await half_way(first)
    first.kill()
    async with scene.house.life() as second:
        await scene.require_imported(second, movie_id)
    assert "download" not in {call.kind for call in scene.hdbits.calls}
