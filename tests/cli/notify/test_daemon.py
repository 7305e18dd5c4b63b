"""A daemon as a process, and what its service manager hears of it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reeld.cli.keys import find_local

Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path, daemon_starter: Start, quiet_manager: Any) -> Iterator[Start]:
    """Starts daemons that know the manager, and sees that none is left."""
    started: list[Any] = []

    def begin(**environ: str) -> Any:
        given = {
            "REELD_DATA_DIR": str(tmp_path / "data"),
            "REELD_BIND": "127.0.0.1:0",
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "NOTIFY_SOCKET": quiet_manager.address,
            **environ,
        }
        started.append(daemon_starter(given, tmp_path))
        return started[-1]

    yield begin
    for run in started:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def call(run: Any, method: str, path: str, body: Any = None) -> httpx.Response:
    local = find_local(run.data)
    assert local is not None
    headers = {"X-Api-Key": local.key.reveal()}
    with httpx.Client(base_url=local.url, headers=headers, trust_env=False, timeout=30) as client:
        return client.request(method, path, json=body)


def test_a_life_is_told_from_the_start_over_reloads_to_the_end(
    start: Start, quiet_manager: Any, tmp_path: Path
) -> None:
    manager = quiet_manager
    settings = tmp_path / "config" / "reeld" / "reeld.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("")
    run = start(WATCHDOG_USEC="500000")
    manager.wait_for(lambda: manager.states() == ["READY=1"], 60)
    first = manager.datagrams[0]
    assert first[0].startswith("EXTEND_TIMEOUT_USEC=")
    assert first[1].startswith("STATUS=starting: ")
    assert not manager.fields("WATCHDOG")[1:]
    assert manager.fields("STATUS")[-1] == "ready: 0 downloads"
    assert call(run, "GET", "/ready").status_code == 200

    # A beat is counted when it was sent.
    manager.wait_for(lambda: len(manager.fields("WATCHDOG")) >= 3)
    metrics = call(run, "GET", "/metrics").text
    (sample,) = [
        line for line in metrics.splitlines() if line.startswith("reeld_watchdog_beats_total")
    ]
    assert float(sample.split()[1]) >= 3

    body = {"breaker": "tmdb", "reason": "a test"}
    assert call(run, "POST", "/control/actors/tmdb/breakers/open", body).status_code == 200
    wanted = "ready: 0 downloads, 1 breaker open (tmdb)"
    manager.wait_for(lambda: manager.fields("STATUS")[-1] == wanted)

    run.process.send_signal(signal.SIGHUP)
    manager.wait_for(lambda: manager.states() == ["READY=1", "RELOADING=1", "READY=1"])
    assert call(run, "POST", "/control/reload").json() == {"changed": False, "needs_restart": []}
    manager.wait_for(lambda: manager.states() == ["READY=1"] + ["RELOADING=1", "READY=1"] * 2)
    reloads = [each for each in manager.datagrams if each[0] == "RELOADING=1"]
    assert [each[1].partition("=")[0] for each in reloads] == ["MONOTONIC_USEC"] * 2

    # Faulty settings end the reload all the same, and the line says that the former ones hold.
    settings.write_text("no_such_setting = 1\n")
    run.process.send_signal(signal.SIGHUP)
    manager.wait_for(lambda: "are faulty" in manager.fields("STATUS")[-1])
    assert manager.states()[-1] == "READY=1"

    assert run.stop() == 0
    manager.wait_for(lambda: manager.states()[-1] == "STOPPING=1")
    assert manager.states().count("STOPPING=1") == 1
    assert manager.datagrams[-1][0] == "STOPPING=1"


def test_a_daemon_that_the_watchdog_ends_says_where_it_was(
    start: Start, quiet_manager: Any
) -> None:
    run = start(WATCHDOG_USEC="60000000")
    quiet_manager.wait_for(lambda: quiet_manager.fields("WATCHDOG") == ["1"], 60)
    assert run.stop(signal.SIGABRT) == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in run.said
    assert "trio/_core/_run.py" in run.said


def test_a_daemon_that_waits_for_its_database_says_so_and_keeps_its_start_alive(
    start: Start, quiet_manager: Any, tmp_path: Path
) -> None:
    manager = quiet_manager
    run = start(REELD_DATABASE_URL=f"postgresql:///reeld?host={tmp_path}/nowhere")
    manager.wait_for(
        lambda: any(
            line.startswith("database unavailable: PostgreSQL cannot be reached")
            for line in manager.fields("STATUS")
        )
    )
    manager.wait_for(lambda: len(manager.fields("EXTEND_TIMEOUT_USEC")) >= 2)
    assert not manager.states()
    assert not manager.fields("WATCHDOG")
    assert run.stop() == 0
    assert manager.states() == ["STOPPING=1"]


@pytest.mark.parametrize("trouble", ["folder", "settings"])
def test_a_daemon_that_cannot_run_leaves_the_reason(
    start: Start, quiet_manager: Any, tmp_path: Path, trouble: str
) -> None:
    manager = quiet_manager
    environ = {}
    if trouble == "folder":
        (tmp_path / "data").write_text("no folder")
    else:
        environ = {"REELD_BIND": "nowhere"}
    run = start(**environ)
    assert run.end() == 1
    manager.wait_for(lambda: bool(manager.datagrams))
    (line,) = manager.fields("STATUS")
    assert line.startswith("failed: ")
    assert line.removeprefix("failed: ") in run.said
    assert not manager.states()
