"""What befalls a reeld while it is watched, and what is done about it. Each is undone by the one that heals."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import trio
from psycopg import sql

from reeld.simulators.rss import FeedItem
from reeld.simulators.torrents import Text, single_file
from reeld.simulators.world import World

FEED: Final = "open-movies"
FEED_SECONDS: Final = 3
"""Rows are counted every ten seconds: tasks that come round much more often than that look overdue in between."""
NO_ROOM: Final = 2**50
"""Bytes to be left free: no disk of a test has so much."""
PATIENCE_SECONDS: Final = 60.0


@dataclass
class Scene:
    """A world, the reeld that lives in it, and what is known of the database below it.

    Attributes:
        house: Where reeld lives, with its settings in a file that may be changed.
        life: The process.
        server: The connection string of the database server.
        collector: Takes the traces.
    """

    world: World
    house: Any
    life: Any
    server: str
    collector: Any
    _items: int = 0
    movies: list[int] = field(default_factory=list)

    # Settings ---------------------------------------------------------------------------------------------------------

    async def leave_room(self, free_bytes: int) -> None:
        """Have copies leave so much room."""
        write_settings(self.house, self.world, free_bytes=free_bytes)
        await self.must("/control/reload")

    async def break_settings(self) -> None:
        """Put an error into the settings, and ask for them to be read."""
        settings_file(self.house).write_text("[library\n")
        assert not (await self.call("/control/reload")).is_success

    async def mend_settings(self) -> None:
        """Write good settings, and ask for them to be read."""
        write_settings(self.house, self.world, feed_seconds=FEED_SECONDS + 1)
        assert (await self.call("/control/reload")).is_success

    # Outside ----------------------------------------------------------------------------------------------------------

    async def lose_sources(self) -> None:
        """Have HDBits go away and TMDB reject the token it gave, after some answers that say to slow down."""
        self.world.tmdb.turn(fail_next=2, fail_status=429, retry_after="1")
        for _ in range(3):
            await self.call("/api/movies", tmdb_id=self.world.films[-1].tmdb_id)
        self.world.tmdb.token = f"not {self.world.tmdb.token}"
        self.world.hdbits.turn(down_for=600.0)
        for movie in self.movies:
            await self.must(f"/api/movies/{movie}/search")
        await self.until_breaker("hdbits", "open")
        await self.until_breaker("tmdb", "forced_open", "/api/movies")

    async def break_a_connection(self) -> None:
        """Have TMDB reset a connection that was used before: what was asked over it is asked once more."""
        await self.call("/api/movies", tmdb_id=1)
        self.world.tmdb.turn(drop_before=1)
        await self.call("/api/movies", tmdb_id=1)
        await trio.sleep(0.5)

    def find_sources(self) -> None:
        """Have both come back."""
        self.world.tmdb.token = self.world.tmdb.token.removeprefix("not ")
        self.world.hdbits.turn(down_for=0.0)

    async def miss_items(self, times: int = 2) -> None:
        """Have the feed move on, again and again, by more than it shows."""
        self.world.rss.turn(items=2)
        for _ in range(times):
            for _ in range(3):
                self._publish()
            asked = self.world.rss.requests["/feed.xml"]
            await self.until(lambda asked=asked: self.world.rss.requests["/feed.xml"] > asked + 1)

    def _publish(self) -> None:
        self._items += 1
        title = f"Nothing.Of.Interest.{1900 + self._items}.1080p.WEB-DL.H.264-X"
        torrent = single_file(f"{title}.mkv", Text(title.encode()), announce="http://127.0.0.1:9/a")
        self.world.rss.publish(FeedItem(800_000 + self._items, title, torrent, time.time() - 60))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the process where it is, as a machine does that has no memory left."""
        self.life.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.life.process.send_signal(signal.SIGCONT)

    # Inside -----------------------------------------------------------------------------------------------------------

    async def park(self, actor: str) -> None:
        """Crash an actor until its budget is used up."""
        while (await self.state_of(actor)) != "parked":
            await self.call(f"/control/actors/{actor}/crash")
            await trio.sleep(0.02)

    async def reset_breakers(self, actor: str) -> None:
        """Have an actor's breakers look at once whether all is well."""
        path = f"/control/actors/{actor}"
        for breaker in (await self.call(path, get=True)).json()["breakers"]:
            await self.must(f"{path}/breakers/reset", breaker=breaker["name"])

    async def fill_mailbox(self, actor: str) -> None:
        """Hold an actor's messages back, and send it some."""
        await self.must(f"/control/actors/{actor}/pause")
        for _ in range(4):
            await self.must(f"/control/actors/{actor}/poll")

    async def empty_mailbox(self, actor: str) -> None:
        """Let them through."""
        await self.must(f"/control/actors/{actor}/resume")

    async def add_dead_work(self) -> None:
        """Write work that nobody announced and nobody can do."""
        await self.execute("INSERT INTO work (queue, kind) SELECT 'backup', 'of-another-version'")

    async def add_due_work(self, actor: str) -> None:
        """Write work that is due, for an actor that rests."""
        await self.execute(
            sql.SQL(
                "INSERT INTO work (queue, kind, args) VALUES ({}, 'decide-movie', '{{\"movie_id\": 1}}')"
            ).format(actor)
        )

    async def back_up(self) -> None:
        """Have a backup made now, which is then verified."""
        await self.execute("INSERT INTO work (queue, kind) SELECT 'backup', 'make-backup'")
        await self.must("/control/actors/backup/poll")

    async def discard_dead_work(self) -> None:
        """Give up all that is dead."""
        async with self.life.client() as client:
            for work in (await client.get("/api/work?state=dead")).json():
                (await client.post(f"/api/work/{work['id']}/discard")).raise_for_status()

    # Database ---------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def locked_tables(self) -> AsyncIterator[None]:
        """Hold tables that every call needs, so that connections are used up and requests wait."""
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(self.call_quietly, "/api/movies")
        conn = await trio.to_thread.run_sync(psycopg.connect, self.house.database_url)
        try:
            await trio.to_thread.run_sync(conn.execute, "LOCK TABLE movie, work")
            async with trio.open_nursery() as nursery:
                # Each another one: who asks the same at the same time shares one connection.
                for number in range(30):
                    nursery.start_soon(self.call_quietly, f"/api/movies?limit={1 + number}")
                yield
                conn.close()
        finally:
            conn.close()

    @asynccontextmanager
    async def no_database(self) -> AsyncIterator[None]:
        """Have the database refuse everybody and throw out who is there."""
        name = sql.Identifier(self.house.database)
        alter = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        await self.execute(alter.format(name, sql.SQL("false")), self.server)
        try:
            await self.execute(
                sql.SQL(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"
                ).format(self.house.database),
                self.server,
            )
            yield
        finally:
            await self.execute(alter.format(name, sql.SQL("true")), self.server)

    async def execute(self, query: Any, where: str | None = None) -> None:
        """Do something to the database, beside reeld."""

        def execute() -> None:
            with psycopg.connect(where or self.house.database_url, autocommit=True) as conn:
                conn.execute(query)

        await trio.to_thread.run_sync(execute)

    # Asking -----------------------------------------------------------------------------------------------------------

    async def call(self, path: str, *, get: bool = False, **body: object) -> httpx.Response:
        """Ask reeld for something, whatever it answers."""
        async with self.life.client() as client:
            return await (client.get(path) if get else client.post(path, json=body or None))

    async def call_quietly(self, path: str) -> None:
        """Look at something that may take long or fail."""
        await self.call(path, get=True)

    async def must(self, path: str, **body: object) -> None:
        """Ask for something that must be granted."""
        answer = await self.call(path, **body)
        assert answer.is_success, answer.text

    async def state_of(self, actor: str) -> str:
        """The state of an actor."""
        return str((await self.call(f"/control/actors/{actor}", get=True)).json()["state"])

    async def until_breaker(self, actor: str, state: str, ask: str = "") -> None:
        """Wait for a breaker, and let the actor call meanwhile by adding a movie that there is not."""

        async def holds() -> bool:
            if ask:
                await self.call(ask, tmdb_id=1)
            seen = (await self.call(f"/control/actors/{actor}", get=True)).json()
            return any(breaker["state"] == state for breaker in seen["breakers"])

        await self.until(holds)

    async def until(self, holds: Any, seconds: float = PATIENCE_SECONDS) -> None:
        """Look again and again until it holds."""
        with trio.fail_after(seconds):
            while True:
                found = holds()
                if (await found) if hasattr(found, "__await__") else found:
                    return
                await trio.sleep(0.05)


def settings_file(house: Any) -> Path:
    """Where the settings are that change."""
    return Path(house.folder / "reeld.toml")


def write_settings(
    house: Any, world: World, *, free_bytes: int = 0, feed_seconds: float = FEED_SECONDS
) -> None:
    """Write the settings that may change while reeld runs."""
    settings_file(house).write_text(
        f"[library]\nfree_bytes = {free_bytes}\n"
        f'[[feeds]]\nname = "{FEED}"\nurl = "{world.rss.feed_url}"\ninterval_seconds = {feed_seconds}\n'
    )


@asynccontextmanager
async def service_manager(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Listen as systemd does, and give the variables that say where."""
    path = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.setblocking(False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_read_all, trio.socket.from_stdlib_socket(listener))
            yield {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "2000000"}
            nursery.cancel_scope.cancel()


async def _read_all(listener: trio.socket.SocketType) -> None:
    while True:
        await listener.recv(65536)
