"""One daemon for a module, in a thread of its own: clients of Radarr's block, or bring asyncio."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
import pytest
import trio
from psycopg.conninfo import conninfo_to_dict

from reeld.cli.daemon import Daemon
from reeld.domain.secret import Secret
from reeld.domain.settings import LibrarySettings, ServerSettings, Settings
from reeld.simulators import TorznabSimulator
from reeld.simulators.serving import serve_app
from reeld.simulators.world import World

KEY = "the-key-of-radarrs-clients"
TRACKER_KEY = "the-key-of-prowlarr"
SECONDS = 60.0

FoundT = TypeVar("FoundT")


@dataclass(frozen=True, slots=True)
class Radarr:
    """A daemon as Radarr's clients see it.

    Attributes:
        films: What TMDB knows and the indexers offer.
        http: Calls `/api/v3` with the key.
        stranger: Calls the daemon with no key.
        turn_downloads: Says how many seconds downloads take from now on.
        client_down: Has the download client answer with errors for so many seconds from now on.
        torrents: Returns the infohashes of what the download client has, as Radarr writes them.
        forget_torrents: Has the download client lose all of them.
    """

    url: str
    key: str
    films: Any
    library: Path
    http: httpx.Client
    stranger: httpx.Client
    turn_downloads: Callable[[float], None]
    client_down: Callable[[float], None]
    torrents: Callable[[], set[str]]
    forget_torrents: Callable[[], None]

    def get(self, path: str, /, status: int = 200, **query: Any) -> Any:
        """Return what a GET answers."""
        answer = self.http.get(path, params=query or None)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def send(
        self, method: str, path: str, /, body: Any = None, status: int = 200, **query: Any
    ) -> Any:
        """Return what another request answers."""
        answer = self.http.request(method, path, json=body, params=query or None)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def until(self, look: Callable[[], FoundT]) -> FoundT:
        """Look until something is found."""
        end = time.monotonic() + SECONDS
        while not (found := look()):
            assert time.monotonic() < end, "it did not come about in time"
            time.sleep(0.1)
        return found

    def add(self, film: Any, **more: Any) -> dict[str, Any]:
        """Add a movie as Seerr does, and return it."""
        body = {
            "title": film.title,
            "qualityProfileId": 1,
            "profileId": 1,
            "titleSlug": str(film.tmdb_id),
            "minimumAvailability": "released",
            "tmdbId": film.tmdb_id,
            "year": film.year,
            "rootFolderPath": str(self.library),
            "monitored": True,
            "tags": [],
            "addOptions": {"searchForMovie": True},
        }
        return dict(self.send("POST", "movie", body | more, 201))

    @contextmanager
    def away(self, *names: str) -> Iterator[None]:
        """Have nobody call these services."""
        for name in names:
            self._steer(name, "open")
        try:
            yield
        finally:
            for name in names:
                self._steer(name, "reset")

    def _steer(self, name: str, order: str) -> None:
        answer = self.stranger.post(
            f"/control/actors/{name}/breakers/{order}",
            json={"breaker": name, "reason": "maintenance"},
            headers={"X-Api-Key": self.key},
        )
        assert answer.status_code == 200, answer.text

    def imported(self, movie_id: int) -> dict[str, Any]:
        """Wait for the file of a movie, and return the movie."""
        return self.until(
            lambda: movie if (movie := self.get(f"movie/{movie_id}"))["hasFile"] else None
        )


@pytest.fixture(scope="module")
def radarr(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Radarr]:
    """A daemon in a simulated world."""
    folder = tmp_path_factory.mktemp("radarr")
    library = folder / "library"
    library.mkdir()
    settings = Settings(
        data_dir=folder / "data",
        database_url=Secret(_url_of(module_database_url)),
        library=LibrarySettings(root_folder=library),
        server=ServerSettings(port=0, api_key=Secret(KEY)),
    )
    running = _Running(folder, settings)
    thread = threading.Thread(target=trio.run, args=(running.run,), name="daemon")
    thread.start()
    try:
        assert running.ready.wait(SECONDS), "the daemon did not start"
        assert running.url, f"the daemon did not start: {running.fault!r}"
        headers = {"X-Api-Key": KEY}
        with (
            httpx.Client(base_url=f"{running.url}/api/v3/", headers=headers, timeout=60) as http,
            httpx.Client(base_url=running.url, timeout=60) as stranger,
        ):
            films = running.films
            steered = running.turn, running.client_down, running.torrents, running.forget_torrents
            yield Radarr(running.url, KEY, films, library, http, stranger, *steered)
    finally:
        running.stop()
        thread.join(SECONDS)


@pytest.fixture(scope="module")
def tracker() -> Iterator[Any]:
    """An indexer that speaks Torznab, as Prowlarr offers one."""
    simulator = TorznabSimulator(api_key=TRACKER_KEY)
    ready, token = threading.Event(), []
    scope = trio.CancelScope()

    async def serve() -> None:
        token.append(trio.lowlevel.current_trio_token())
        with scope:
            async with trio.open_nursery() as nursery:
                await nursery.start(serve_app, simulator)
                ready.set()
                await trio.sleep_forever()

    thread = threading.Thread(target=trio.run, args=(serve,), name="tracker")
    thread.start()
    assert ready.wait(30)
    yield simulator
    trio.from_thread.run_sync(scope.cancel, trio_token=token[0])
    thread.join(30)


class _Deaf(Daemon):
    """A daemon that heeds no signals, which only the main thread may."""

    async def _heed_signals(self, *_: Any) -> None:
        await trio.sleep_forever()


class _Running:
    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._token: Any = None
        self._daemon: Any = None
        self._world: Any = None
        self.fault: BaseException | None = None
        self.ready = threading.Event()
        self.url = ""
        self.films: Any = ()

    async def run(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        try:
            async with World.open(self._folder / "world", download_seconds=0.3) as world:
                self.films, self._world = world.films, world
                await self._serve(_settings_in(world, self._settings))
        except BaseException as error:
            self.fault = error
            raise
        finally:
            self.ready.set()

    async def _serve(self, settings: Settings) -> None:
        self._daemon = _Deaf(settings, None)
        send, receive = trio.open_memory_channel[Any](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._daemon.run, send.send)
            await receive.receive()
            self.url = self._daemon.url
            self.ready.set()

    def turn(self, seconds: float) -> None:
        turned = partial(self._world.qbittorrent.turn, download_seconds=seconds)
        trio.from_thread.run_sync(turned, trio_token=self._token)

    def client_down(self, seconds: float) -> None:
        turned = partial(self._world.qbittorrent.turn, down_for=seconds)
        trio.from_thread.run_sync(turned, trio_token=self._token)

    def torrents(self) -> set[str]:
        client = self._world.qbittorrent
        found = trio.from_thread.run_sync(lambda: list(client.torrents), trio_token=self._token)
        return {infohash.upper() for infohash in found}

    def forget_torrents(self) -> None:
        clear = self._world.qbittorrent.torrents.clear
        trio.from_thread.run_sync(clear, trio_token=self._token)

    def stop(self) -> None:
        if self._daemon is not None and self.fault is None:
            trio.from_thread.run_sync(self._daemon.stop, trio_token=self._token)


def _settings_in(world: World, settings: Settings) -> Settings:
    return replace(
        settings,
        tmdb=world.tmdb_settings(),
        hdbits=world.hdbits_settings(poll_seconds=60, spacing_seconds=0.05),
        qbittorrent=world.qbittorrent_settings(poll_seconds=0.1),
        feeds=(world.feed_settings(),),
    )


def _url_of(conninfo: str) -> str:
    options = conninfo_to_dict(conninfo)
    name = options.pop("dbname")
    return f"postgresql:///{name}?{urlencode(options)}"
