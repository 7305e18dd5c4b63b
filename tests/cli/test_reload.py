from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.actors.kernel import Directory
from reeld.actors.settings import LiveSettings
from reeld.cli import reload as reload_module
from reeld.cli.reload import SettingsReader
from reeld.domain.settings import InvalidSetting, Reloaded, Settings
from reeld.simulators.world import World

KEY = "the-key-of-the-tests"


class Configured:
    """A settings file, and the environment that names it."""

    def __init__(self, path: Path, settings: Settings, world: World) -> None:
        assert settings.database_url is not None
        self.path = path
        self.environ = {
            "REELD_CONFIG": str(path),
            "REELD_DATA_DIR": str(settings.data_dir),
            "REELD_DATABASE_URL": settings.database_url.reveal(),
            "REELD_LIBRARY_ROOT_FOLDER": str(settings.library.root_folder),
            "REELD_BIND": "127.0.0.1:0",
            "REELD_API_KEY": KEY,
        }
        self._world = world
        self.reader = SettingsReader(self.environ)

    def write(self, token: str, more: str = "") -> None:
        """Write the file the way editors do: aside, then into its place."""
        draft = self.path.with_suffix(".new")
        draft.write_text(f'[tmdb]\nurl = "{self._world.tmdb.url}"\ntoken = "{token}"\n{more}')
        draft.replace(self.path)


@pytest.fixture
def configured(tmp_path: Path, daemon_settings: Settings, world: World) -> Configured:
    return Configured(tmp_path / "reeld.toml", daemon_settings, world)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    with trio.fail_after(20):
        while not await condition():
            await trio.sleep(0.05)


async def post_reload(daemon: Any) -> None:
    answer = await daemon.http.post("/control/reload")
    assert answer.json() == {"changed": True, "needs_restart": []}


async def send_sighup(_daemon: Any) -> None:
    os.kill(os.getpid(), signal.SIGHUP)


async def wait_for_the_watch(_daemon: Any) -> None:
    """Nothing is to be done: the file has changed."""


@pytest.mark.parametrize("trigger", [post_reload, send_sighup, wait_for_the_watch])
async def test_corrected_credentials_heal_without_a_restart(
    run_daemon: Any,
    configured: Configured,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    trigger: Callable[[Any], Awaitable[None]],
) -> None:
    watches = trigger is wait_for_the_watch
    monkeypatch.setattr(reload_module, "WATCH_SECONDS", 0.1 if watches else 3600.0)
    configured.write("wrong-token")
    body = {"tmdb_id": world.films[0].tmdb_id}
    async with run_daemon(configured.reader.read(), configured.reader) as daemon:
        refused = await daemon.http.post("/api/movies", json=body)
        assert (refused.status_code, refused.json()["reason"]) == (502, "credentials_rejected")
        node = (await daemon.http.get("/control/actors/tmdb")).json()
        assert node["breakers"][0]["state"] == "forced_open"
        again = await daemon.http.post("/api/movies", json=body)
        assert again.status_code == 503

        configured.write(world.tmdb.token)
        await trigger(daemon)

        async def healed() -> bool:
            answer = await daemon.http.post("/api/movies", json=body)
            return answer.status_code in {200, 201}

        await until(healed)
        node = (await daemon.http.get("/control/actors/tmdb")).json()
        assert (node["restarts"], node["breakers"][0]["state"]) == (0, "closed")
        assert "wrong-token" not in str(node)


async def test_settings_that_cannot_work_are_refused_and_those_in_force_stay(
    run_daemon: Any, configured: Configured, world: World
) -> None:
    configured.write(world.tmdb.token)
    async with run_daemon(configured.reader.read(), configured.reader) as daemon:
        metrics = daemon.started.metrics
        read_at = "reeld_config_last_reload_success_timestamp_seconds"
        begun = metrics.value(read_at)
        assert begun > 1.7e9
        for wrong in ("[tmdb", "[tmdb]\ncolour = 1\n", "[hdbits]\npoll_seconds = []\n", "\xff"):
            configured.path.write_text(wrong, encoding="latin-1")
            answer = await daemon.http.post("/control/reload")
            assert (answer.status_code, answer.json()["reason"]) == (422, "invalid_setting"), wrong
            assert metrics.value("reeld_config_last_reload_successful") == 0
            assert metrics.value(read_at) == begun
        os.kill(os.getpid(), signal.SIGHUP)
        configured.path.unlink()
        os.kill(os.getpid(), signal.SIGHUP)
        await trio.sleep(0.2)
        found = await daemon.http.get("/api/movies/find", params={"query": world.films[0].title})
        assert found.json()["movies"]
        configured.write(world.tmdb.token)
        assert (await daemon.http.post("/control/reload")).json() == {
            "changed": False,
            "needs_restart": [],
        }
        assert metrics.value("reeld_config_last_reload_successful") == 1
        assert metrics.value(read_at) > begun


async def test_what_only_a_restart_can_change_stays_as_it_is(configured: Configured) -> None:
    configured.write("a-token")
    live = LiveSettings(configured.reader.read())
    before = live.current
    environ = {
        **configured.environ,
        "REELD_BIND": "127.0.0.1:9",
        "REELD_DATA_DIR": "/elsewhere",
        "REELD_TRACING_ENDPOINT": "http://127.0.0.1:4318",
    }
    named = ("data_dir", "server", "tracing")
    assert await SettingsReader(environ).reload(live, Directory()) == Reloaded(False, named)
    configured.write("another-token")
    assert await SettingsReader(environ).reload(live, Directory()) == Reloaded(True, named)
    assert live.current.data_dir == before.data_dir
    assert live.current.server == before.server
    assert live.current.tracing == before.tracing
    assert live.current.tmdb != before.tmdb


async def test_a_file_that_may_not_be_read_is_said(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured.write("a-token")
    live = LiveSettings(configured.reader.read())

    def forbidden() -> Settings:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(configured.reader, "read", forbidden)
    with pytest.raises(InvalidSetting, match="Permission denied"):
        await configured.reader.reload(live, Directory())


def test_a_change_of_a_credential_changes_the_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    reader = SettingsReader({"CREDENTIALS_DIRECTORY": str(folder), "HOME": str(tmp_path)})
    seen = {reader.fingerprint()}
    folder.mkdir()
    (folder / "tmdb_token").write_text("one")
    seen.add(reader.fingerprint())
    (folder / "tmdb_token").write_text("three")
    seen.add(reader.fingerprint())
    assert len(seen) == 3
