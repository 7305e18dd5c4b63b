"""What end-to-end tests share: the daemon as a process that can be killed, and a look into what it left."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx
import psycopg
import pytest
import trio
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parents[1] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
real_programs = sys.modules.setdefault(_NAME, importlib.util.module_from_spec(_spec))
if not hasattr(real_programs, "RealQbittorrent"):
    _spec.loader.exec_module(real_programs)

KEY = "end-to-end-tests-key"
LAUNCHER = Path(__file__).with_name("daemon_process.py")
START_SECONDS = 30.0
PATIENCE_SECONDS = 60.0
TICK = 0.03
_GREETING = re.compile(r"^reeld is ready at (http://\S+)$", re.MULTILINE)


def url_of(conninfo: str) -> str:
    """A connection string as the URL that reeld's setting wants."""
    parts = {key: str(value) for key, value in conninfo_to_dict(conninfo).items()}
    user = quote(parts.pop("user", ""), safe="")
    password = parts.pop("password", None)
    account = user if password is None else f"{user}:{quote(password, safe='')}"
    name = quote(parts.pop("dbname"), safe="")
    return f"postgresql://{account}@/{name}?{urlencode(parts, quote_via=quote)}"


class Killed(Exception):
    """The daemon was killed while it was waited for."""


@dataclass
class Life:
    """One process of the daemon, from its start to its end."""

    Killed: ClassVar = Killed

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""
    """Where it answers; known once it is ready."""

    def client(self) -> httpx.AsyncClient:
        """A client with the administrator's key."""
        return httpx.AsyncClient(base_url=self.url, headers={"X-Api-Key": KEY}, timeout=20)

    async def ready(self) -> None:
        """Wait until it is ready to work, and learn from its greeting where it answers."""
        with trio.fail_after(START_SECONDS):
            while not (greeting := _GREETING.search(self.log.read_text(errors="replace"))):
                self.require_alive()
                await trio.sleep(TICK)
        self.url = greeting[1]

    async def until(
        self, path: str, holds: Callable[[Any], bool], seconds: float = PATIENCE_SECONDS
    ) -> Any:
        """Ask the API again and again until its answer pleases; the answer comes back."""
        async with self.client() as client:
            answer: Any = None
            try:
                with trio.fail_after(seconds):
                    while True:
                        answer = await self.get(client, path)
                        if holds(answer):
                            return answer
                        await trio.sleep(TICK)
            except trio.TooSlowError:
                raise AssertionError(f"{path} never became right: {answer}\n{self.tail}") from None

    async def get(self, client: httpx.AsyncClient, path: str) -> Any:
        """Ask once; raises `Killed` when nobody is there to answer."""
        try:
            answer = await client.get(path)
        except httpx.TransportError as error:
            await trio.sleep(TICK)
            self.require_alive()
            raise Killed from error
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: object) -> Any:
        """Send something; raises `Killed` when nobody is there to take it."""
        async with self.client() as client:
            try:
                answer = await client.post(path, json=body or None)
            except httpx.TransportError as error:
                raise Killed from error
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

    async def add(self, tmdb_id: int, **more: object) -> int:
        """Want a movie and return its number."""
        return int((await self.post("/api/movies", tmdb_id=tmdb_id, **more))["id"])

    async def in_library(self, movie_id: int, seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait until a movie is there."""
        return await self.until(
            f"/api/movies/{movie_id}", lambda movie: movie["stage"] == "in_library", seconds
        )

    def require_alive(self) -> None:
        """Raise `Killed` when the process is gone."""
        if self.process.poll() is not None:
            raise Killed

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()

    async def stop(self) -> int:
        """Ask it to stop in order; returns its exit status."""
        self.process.terminate()
        return await self.ended()

    async def ended(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for its end; returns its exit status, negative for a signal."""
        with trio.move_on_after(seconds):
            while self.process.poll() is None:
                await trio.sleep(TICK)
            return int(self.process.returncode)
        raise AssertionError(f"the daemon did not end within {seconds:g} s\n{self.tail}")

    @property
    def tail(self) -> str:
        """The end of its log, for a failing test: without what happens every half second."""
        lines = self.log.read_text(errors="replace").splitlines(keepends=True)
        return "".join(line for line in lines if '"task_due"' not in line)[-12_000:]


@dataclass
class House:
    """A place where one daemon lives after another: its folders, its database, its settings."""

    folder: Path
    database: str | None
    """None for the server that the daemon brings."""
    database_url: str
    variables: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    lives: list[Life] = field(default_factory=list)

    @property
    def library(self) -> Path:
        """The library's root folder."""
        return self.folder / "library"

    def start(self, *, kill_at: str | None = None) -> Life:
        """Start a daemon, to be killed at a crash point if one is given."""
        if self.lives:
            assert self.lives[-1].process.poll() is not None, "one daemon at a time"
        return self.start_beside(kill_at=kill_at)

    def start_beside(self, *, kill_at: str | None = None) -> Life:
        """Start a daemon although another one may live."""
        self.library.mkdir(exist_ok=True)
        log = self.folder / f"daemon-{len(self.lives)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *self._command(kill_at)],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.lives.append(Life(process, log))
        return self.lives[-1]

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Life]:
        """A daemon that is ready, and stops in order after the block."""
        life = self.start()
        await life.ready()
        yield life
        assert await life.stop() == 0, life.tail

    def end(self) -> None:
        """Kill what is still alive."""
        for life in self.lives:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(life.process.pid, signal.SIGKILL)
            life.process.wait()
        postmaster = self.folder / "data" / "postgres" / "data" / "postmaster.pid"
        if postmaster.exists():  # its session is its own: it outlives a killed daemon
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(postmaster.read_text().split()[0]), signal.SIGQUIT)

    def rows(self, query: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Look into the database, beside the daemon."""
        with psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row) as conn:
            return conn.execute(query, params).fetchall()  # type: ignore[arg-type]

    def values(self, query: str, params: Sequence[object] = ()) -> list[Any]:
        """The first column of what is in the database."""
        return [next(iter(row.values())) for row in self.rows(query, params)]

    def files(self) -> list[Path]:
        """Every file of the library but those in the recycle folder."""
        return [path for path in self._all_files() if ".recycle" not in path.parts]

    def recycled(self) -> list[Path]:
        """Every file of the recycle folder."""
        return [path for path in self._all_files() if ".recycle" in path.parts]

    def _all_files(self) -> list[Path]:
        return sorted(path for path in self.library.rglob("*") if not path.is_dir())

    def _command(self, kill_at: str | None) -> list[str]:
        if kill_at is None and not self.flags:
            return ["-m", "reeld", "run", "--log-level", "debug"]
        return [str(LAUNCHER), *self.flags, *(["--kill-at", kill_at] if kill_at else [])]

    def _environment(self) -> dict[str, str]:
        # A killed process leaves nothing of what was measured, and measuring makes its starts twice as long.
        ours = ("REELD_", "COVERAGE_")
        own = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        database = {"REELD_DATABASE_URL": self.database_url} if self.database else {}
        return (
            own
            | database
            | {
                "HOME": str(self.folder),
                "REELD_DATA_DIR": str(self.folder / "data"),
                "REELD_BIND": "127.0.0.1:0",
                "REELD_API_KEY": KEY,
                "REELD_LIBRARY_ROOT_FOLDER": str(self.library),
                **self.variables,
            }
        )


@dataclass
class Builder:
    """Builds houses, each with a database of its own on the run's server."""

    base: Path
    server: str
    template: str
    _numbers: Iterator[int] = field(default_factory=count)

    def house(self, variables: Mapping[str, str] | None = None, *, embedded: bool = False) -> House:
        """A house on a fresh, migrated database; or one whose daemon brings its server and makes the database."""
        folder = self.base / f"house-{next(self._numbers)}"
        folder.mkdir()
        if embedded:
            return House(folder, None, "", dict(variables or {}))
        name = f"reeld_test_{uuid4().hex[:12]}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(self.template)
            )
        )
        url = url_of(make_conninfo(self.server, dbname=name))
        return House(folder, name, url, dict(variables or {}))

    def tear_down(self, house: House) -> None:
        """End the house's daemon and drop its database."""
        house.end()
        if house.database is None:
            return
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._execute(statement.format(sql.Identifier(house.database)))

    def settings_of(self, world: Any) -> dict[str, str]:
        """How a daemon reaches the simulators of a world."""
        return settings_of(world)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server, autocommit=True) as conn:
            conn.execute(statement)


@pytest.fixture(scope="session")
def builder(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: str, migrated_template: str
) -> Builder:
    """Builds houses; whoever asks for one tears it down."""
    return Builder(tmp_path_factory.mktemp("houses"), postgres_server, migrated_template)


@pytest.fixture
def make_house(builder: Builder) -> Iterator[Callable[..., House]]:
    """Makes houses that are torn down after the test: `make_house(variables)`."""
    houses: list[House] = []

    def make(variables: Mapping[str, str] | None = None, *, embedded: bool = False) -> House:
        houses.append(builder.house(variables, embedded=embedded))
        return houses[-1]

    yield make
    for house in houses:
        builder.tear_down(house)


def settings_of(world: Any) -> dict[str, str]:
    """How a daemon reaches the simulators of a world, as fast as they can."""
    qbittorrent, hdbits = world.qbittorrent_settings(), world.hdbits_settings()
    return {
        "REELD_TMDB_URL": world.tmdb.url,
        "REELD_TMDB_TOKEN": world.tmdb.token,
        "REELD_HDBITS_URL": hdbits.url,
        "REELD_HDBITS_USERNAME": hdbits.username,
        "REELD_HDBITS_PASSKEY": hdbits.passkey.reveal(),
        "REELD_HDBITS_SPACING_SECONDS": "0.01",
        "REELD_HDBITS_CALLS_PER_HOUR": "100000",
        "REELD_HDBITS_POLL_SECONDS": "0.5",
        "REELD_QBITTORRENT_URL": qbittorrent.url,
        "REELD_QBITTORRENT_USERNAME": qbittorrent.username,
        "REELD_QBITTORRENT_PASSWORD": qbittorrent.password.reveal(),
        "REELD_QBITTORRENT_POLL_SECONDS": "0.1",
    }


_SWARM = ("qbittorrent-nox", "opentracker", "mktorrent", "ffmpeg")


@pytest.fixture(scope="session")
def programs() -> Any:
    """The real programs from Debian; without them the test is skipped, with one line that says which are missing."""
    packages = real_programs.PACKAGES
    missing = [packages[name] for name in _SWARM if shutil.which(name) is None]
    if missing:
        message = f"missing programs: apt-get install {' '.join(missing)}"
        if os.environ.get("REELD_REQUIRE_SERVICES") == "1":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return real_programs
