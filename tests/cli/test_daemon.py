from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import structlog
import trio
from psycopg.conninfo import conninfo_to_dict

from reeld.actors import database as database_module
from reeld.cli import daemon as daemon_module
from reeld.cli.daemon import Daemon, Started
from reeld.cli.keys import LOCAL_FILE
from reeld.domain.errors import Refused
from reeld.domain.secret import Secret
from reeld.domain.settings import InvalidSetting, ServerSettings, Settings
from reeld.migrations import bundled_migrations, migrate
from reeld.simulators.world import World
from reeld.storage import pool as pool_module
from reeld.storage.errors import DataDirectoryBusy, LeadershipHeld
from reeld.supervisors import Escalated


class Cable:
    """Between a daemon and its database: a Unix socket that can be cut off."""

    def __init__(self, url: str, folder: Path) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        name = f".s.PGSQL.{options.get('port', '5432')}"
        self._target = f"{options['host']}/{name}"
        self._path = folder / name
        self._streams: set[trio.SocketStream] = set()
        self.url = f"postgresql://{parts.path}?{urlencode({**options, 'host': str(folder)})}"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        with trio.socket.socket(trio.socket.AF_UNIX) as listening:
            await listening.bind(str(self._path))
            listening.listen(20)
            async with trio.open_nursery() as nursery:
                await nursery.start(
                    lambda task_status: trio.serve_listeners(
                        self._relay, [trio.SocketListener(listening)], task_status=task_status
                    )
                )
                task_status.started()

    async def cut(self) -> None:
        """Refuse new connections, and break all others."""
        self._path.rename(self._path.with_suffix(".cut"))
        for stream in tuple(self._streams):
            await trio.aclose_forcefully(stream)

    def mend(self) -> None:
        self._path.with_suffix(".cut").rename(self._path)

    async def _relay(self, client: trio.SocketStream) -> None:
        server = await trio.open_unix_socket(self._target)
        self._streams |= {client, server}
        async with client, server, trio.open_nursery() as nursery:
            for source, target in ((client, server), (server, client)):
                nursery.start_soon(self._pump, source, target, nursery.cancel_scope)
        self._streams -= {client, server}

    async def _pump(
        self, source: trio.SocketStream, target: trio.SocketStream, scope: trio.CancelScope
    ) -> None:
        try:
            while data := await source.receive_some(65536):
                await target.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        scope.cancel()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    with trio.fail_after(seconds):
        while not await condition():
            await trio.sleep(0.05)


async def counters(daemon: Any) -> tuple[int, int]:
    tree = (await daemon.http.get("/control/actors")).json()
    return tree["restarts"], tree["dead_letters"]


def in_world(settings: Settings, world: World) -> Settings:
    return replace(
        settings,
        tmdb=world.tmdb_settings(),
        hdbits=world.hdbits_settings(poll_seconds=5, spacing_seconds=0.05),
        qbittorrent=world.qbittorrent_settings(poll_seconds=0.1),
        feeds=(world.feed_settings(),),
    )


async def import_all(daemon: Any, world: World) -> None:
    for film in world.films:
        answer = await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
        assert answer.status_code == 201, answer.text
    await until_all_are_imported(daemon)


async def until_all_are_imported(daemon: Any) -> None:
    try:
        await until(lambda: all_imported(daemon), 60)
    except trio.TooSlowError:
        movies = (await daemon.http.get("/api/movies")).json()["movies"]
        stuck = [
            (each["title"], each["stage"], each["stage_note"])
            for each in movies
            if not each["files"]
        ]
        work = [
            each for each in (await daemon.http.get("/api/work")).json() if each["state"] != "done"
        ]
        pytest.fail(f"{stuck} {work}")


async def all_imported(daemon: Any) -> bool:
    stages = (await daemon.http.get("/api/queue/status")).json()["movies"]
    return all(count == 0 for stage, count in stages.items() if stage != "in_library")


# Keys ------------------------------------------------------------------------------------------------------------------


async def test_the_first_start_makes_the_administrators_key_and_only_the_first(
    run_daemon: Any, daemon_settings: Settings
) -> None:
    settings = replace(daemon_settings, server=ServerSettings(port=0))
    async with run_daemon(settings) as first:
        key = first.started.new_key
        assert key is not None
        headers = {"X-Api-Key": key.reveal()}
        assert (await first.stranger.get("/info", headers=headers)).status_code == 200
    async with run_daemon(settings) as second:
        assert second.started.new_key is None
        assert (await second.stranger.get("/info", headers=headers)).status_code == 200
        assert (await second.stranger.get("/info")).status_code == 401


async def test_a_key_of_the_settings_takes_the_place_of_a_generated_one(
    run_daemon: Any, daemon_settings: Settings
) -> None:
    async with run_daemon(daemon_settings) as daemon:
        assert daemon.started.new_key is None
        assert (await daemon.http.get("/info")).status_code == 200


async def test_commands_on_this_machine_find_the_daemon_while_it_runs(
    run_daemon: Any, daemon_settings: Settings
) -> None:
    from reeld.cli.keys import find_local

    path = daemon_settings.data_dir / LOCAL_FILE
    async with run_daemon(daemon_settings) as daemon:
        assert path.stat().st_mode & 0o777 == 0o600
        assert daemon_settings.data_dir.stat().st_mode & 0o777 == 0o700
        local = find_local(daemon_settings.data_dir)
        assert local is not None
        assert local.url == daemon.started.url
        headers = {"X-Api-Key": local.key.reveal()}
        assert (await daemon.stranger.get("/info", headers=headers)).status_code == 200
    assert not path.exists()


async def test_a_database_of_ones_own_is_dumped_before_its_schema_changes(
    run_daemon: Any, daemon_settings: Settings, empty_database_url: str
) -> None:
    await migrate(empty_database_url, bundled_migrations()[:-1])
    options = conninfo_to_dict(empty_database_url)
    name = options.pop("dbname")
    url = Secret(f"postgresql:///{name}?{urlencode(options)}")
    async with run_daemon(replace(daemon_settings, database_url=url)):
        pass
    (dump,) = (daemon_settings.data_dir / "backups").iterdir()
    assert dump.read_bytes().startswith(b"PGDMP")


# One daemon at a time --------------------------------------------------------------------------------------------------


async def test_a_second_daemon_on_a_data_directory_ends_with_a_clear_error(
    run_daemon: Any, daemon_settings: Settings
) -> None:
    async with run_daemon(daemon_settings) as first:
        with pytest.raises(DataDirectoryBusy, match=f"process {os.getpid()}.*REELD_DATA_DIR"):
            await Daemon(daemon_settings).run()
        assert (await first.stranger.get("/ready")).status_code == 200
        assert (daemon_settings.data_dir / LOCAL_FILE).exists()


async def test_a_second_daemon_on_a_database_ends_with_a_clear_error(
    run_daemon: Any, daemon_settings: Settings, tmp_path: Path
) -> None:
    async with run_daemon(daemon_settings) as first:
        second = Daemon(replace(daemon_settings, data_dir=tmp_path / "second"))
        with pytest.raises(Escalated) as caught, trio.fail_after(60):
            await second.run()
        cause: BaseException | None = caught.value
        while isinstance(cause, Escalated):
            cause = cause.__cause__
        assert isinstance(cause, LeadershipHeld)
        assert "Stop that one first" in cause.sentence
        assert not (tmp_path / "second" / LOCAL_FILE).exists()
        assert (await first.stranger.get("/ready")).status_code == 200
        assert await counters(first) == (0, 0)


async def test_a_data_directory_that_cannot_be_made_is_said(daemon_settings: Settings) -> None:
    settings = replace(daemon_settings, data_dir=Path("/proc/reeld"))
    with pytest.raises(Refused, match="REELD_DATA_DIR"):
        await Daemon(settings).run()


async def test_a_database_url_that_cannot_be_read_is_said_without_its_password(
    daemon_settings: Settings,
) -> None:
    url = Secret("postgresql://reeld:hunter22@[::/reeld?nonsense=1")
    with pytest.raises(InvalidSetting, match="database_url") as caught:
        await Daemon(replace(daemon_settings, database_url=url)).run()
    assert "hunter22" not in str(caught.value)
    assert caught.value.__cause__ is None


# Stopping --------------------------------------------------------------------------------------------------------------


async def test_a_signal_stops_the_pipeline_first_then_the_database_then_the_web_server(
    run_daemon: Any, daemon_settings: Settings
) -> None:
    stopped: list[str] = []

    def note(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        match event:
            case {"event": "actor_stop_requested", "actor": str(name)}:
                stopped.append(name)
            case {"event": "leadership_released"}:
                stopped.append("lead")
            case {"event": "child_cancelled", "child": str(name)}:
                stopped.append(f"cancelled {name}")
        raise structlog.DropEvent

    structlog.configure(processors=[note])
    try:
        async with run_daemon(daemon_settings) as daemon:
            os.kill(os.getpid(), signal.SIGTERM)
            await until(lambda: is_stopping(daemon))
    finally:
        structlog.reset_defaults()
    assert stopped == [
        "backup",
        *("importer", "qbit", "decision"),
        *("indexers", "rss", "hdbits", "tmdb"),
        *("scheduler", "dispatcher", "database", "lead"),
        "health",
    ]


async def is_stopping(daemon: Any) -> bool:
    try:
        return bool((await daemon.stranger.get("/ready")).json().get("reason") == "stopping")
    except httpx.HTTPError:
        return True


async def test_a_second_signal_does_not_wait_for_what_is_being_done(
    run_daemon: Any, daemon_settings: Settings, world: World
) -> None:
    async with (
        run_daemon(in_world(daemon_settings, world)) as daemon,
        trio.open_nursery() as nursery,
    ):
        world.tmdb.turn(latency=300.0)
        nursery.start_soon(ask_in_vain, daemon)
        await until(lambda: is_handling(daemon, "tmdb"))
        # Its handler may go on for its stop deadline of fifteen seconds; nobody wants to wait for it.
        with trio.fail_after(10):
            os.kill(os.getpid(), signal.SIGTERM)
            await until(lambda: is_stopping(daemon))
            os.kill(os.getpid(), signal.SIGTERM)
            while (daemon_settings.data_dir / LOCAL_FILE).exists():
                await trio.sleep(0.05)


async def ask_in_vain(daemon: Any) -> None:
    with suppress(httpx.HTTPError):
        await daemon.http.get("/api/movies/find?query=x")


async def is_handling(daemon: Any, name: str) -> bool:
    node = (await daemon.http.get(f"/control/actors/{name}")).json()
    return bool(node["mailbox"]["in_flight"])


async def test_a_daemon_that_is_told_to_stop_before_it_began_does_not_begin(
    daemon_settings: Settings,
) -> None:
    daemon = Daemon(daemon_settings)
    daemon.stop()
    with trio.fail_after(10):
        await daemon.run()


async def test_a_fault_of_whoever_waits_for_readiness_stops_the_daemon_in_order(
    daemon_settings: Settings,
) -> None:
    async def fail(_started: Started) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), trio.fail_after(20):
        await Daemon(daemon_settings).run(fail)
    assert not (daemon_settings.data_dir / LOCAL_FILE).exists()


async def test_an_open_breaker_is_still_open_after_a_restart_of_the_daemon(
    run_daemon: Any, daemon_settings: Settings, world: World
) -> None:
    settings = in_world(daemon_settings, world)
    async with run_daemon(settings) as daemon:
        # Right before the stop: only the last write of all can keep it.
        order = {"breaker": "hdbits", "reason": "a drill"}
        await daemon.http.post("/control/actors/hdbits/breakers/open", json=order)
    async with run_daemon(settings) as daemon:
        node = (await daemon.http.get("/control/actors/hdbits")).json()
        assert node["breakers"][0]["state"] == "forced_open"
        assert "a drill" in node["breakers"][0]["reason"] + node["breakers"][0]["sentence"]


# Trouble ---------------------------------------------------------------------------------------------------------------


async def test_a_quiet_run_restarts_nothing_and_loses_no_message(
    run_daemon: Any, daemon_settings: Settings, world: World
) -> None:
    world.qbittorrent.turn(download_seconds=0.3)
    async with run_daemon(in_world(daemon_settings, world)) as daemon:
        await import_all(daemon, world)
        assert await counters(daemon) == (0, 0)
        assert (await daemon.http.get("/api/work?state=dead")).json() == []


@pytest.fixture
async def cable(
    daemon_settings: Settings, tmp_path_factory: pytest.TempPathFactory, nursery: trio.Nursery
) -> AsyncIterator[Cable]:
    url = daemon_settings.database_url
    assert url is not None
    # The path of a Unix socket is short.
    between = Cable(url.reveal(), tmp_path_factory.mktemp("s"))
    await nursery.start(between.run)
    yield between
    nursery.cancel_scope.cancel()


async def test_an_outage_of_the_database_is_said_and_waited_out(
    run_daemon: Any,
    daemon_settings: Settings,
    world: World,
    cable: Cable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_module, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr(daemon_module, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(pool_module, "BACKOFF_MAX_SECONDS", 1.0)
    world.qbittorrent.turn(download_seconds=1.0)
    settings = replace(in_world(daemon_settings, world), database_url=Secret(cable.url))
    async with run_daemon(settings) as daemon:
        # Cut while movies are on their way.
        for film in world.films:
            await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
        await cable.cut()
        await until(lambda: answers(daemon, "/ready", 503))
        said = (await daemon.stranger.get("/ready")).json()
        assert said["reason"] == "database_unavailable"
        assert "goes on when it is back" in said["output"]
        refused = await daemon.http.get("/api/movies")
        assert (refused.status_code, refused.json()["reason"]) == (503, "database_unavailable")
        assert (await daemon.stranger.get("/health")).status_code == 200
        assert (await daemon.http.get("/control/actors")).status_code == 200
        assert await counters(daemon) == (0, 0)
        cable.mend()
        await until(lambda: answers(daemon, "/ready", 200))
        await until_all_are_imported(daemon)
        assert await counters(daemon) == (0, 0)
        assert len((await daemon.http.get("/api/movies")).json()["movies"]) == len(world.films)


async def answers(daemon: Any, path: str, status: int) -> bool:
    return bool((await daemon.stranger.get(path)).status_code == status)


async def test_with_its_own_server_the_daemon_outlives_the_servers_death(
    run_daemon: Any, daemon_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CHECK_SECONDS", 0.2)
    settings = replace(daemon_settings, database_url=None)
    async with run_daemon(settings) as daemon:
        assert (await daemon.http.get("/info")).json()["database"] == "embedded"
        data = settings.data_dir / "postgres" / "data"
        before = int((data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(before, signal.SIGKILL)

        async def serves_again() -> bool:
            try:
                pid = int((data / "postmaster.pid").read_text().splitlines()[0])
            except (OSError, ValueError, IndexError):
                return False
            answer = await daemon.http.get("/api/movies")
            return pid != before and bool(answer.status_code == 200)

        await until(serves_again)
        assert await counters(daemon) == (0, 0)
        postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(postmaster, 0)
