"""What the units forbid, tried on the real programs: hardlinks, the daemon, and its PostgreSQL."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from reeld.cli.keys import find_local

SANDBOX: Final = Path(__file__).with_name("sandbox.py")
ORDINARY: Final = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
"""Inside it the process is no root, and has no capability, but still owns the files of these tests."""

START_SECONDS: Final = 90.0

PROBE: Final = """
import sys
from pathlib import Path
from reeld.actors.importer.linkprobe import can_link
probe = can_link(Path(sys.argv[1]), Path(sys.argv[2]))
print(probe.can_link, probe.refusal, probe.sentence)
"""


def mounting(writable: Sequence[Path]) -> list[str]:
    """A command line that starts another one where only some folders can be written: each a mount of its own.

    That is how systemd does it: ProtectSystem=strict makes the tree read-only, and each path of ReadWritePaths= and
    StateDirectory= is bound onto itself.
    """
    bind = 'for each do test "$each" = -- && break; mount --bind "$each" "$each" || exit 1; done'
    script = f'{bind}; mount -o remount,bind,ro / || exit 1; while test "$1" != --; do shift; done; shift; exec "$@"'
    names = ["unshare", "--mount", "--ipc", "--propagation=private", "sh", "-c", script, "sh"]
    return [*names, *map(str, writable), "--"]


@pytest.fixture(autouse=True)
def _mounts_are_allowed() -> None:
    probe = [*mounting([]), *ORDINARY, "true"]
    done = subprocess.run(probe, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip("needs root and mount and user namespaces")


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder with downloads and a library, on one file system."""
    for name in ("downloads", "movies"):
        (tmp_path / "my media" / name).mkdir(parents=True)
    return tmp_path / "my media"


def sandbox(units: Path) -> list[str]:
    return [sys.executable, str(SANDBOX), str(units / "reeld.service"), "--"]


def probed(units: Path, media: Path, writable: Sequence[Path]) -> str:
    """What the probe of the importer finds under all that the unit forbids."""
    command = [sys.executable, "-c", PROBE, str(media / "downloads"), str(media / "movies")]
    done = subprocess.run(
        [*mounting(writable), *ORDINARY, *sandbox(units), *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_hardlinks_work_below_one_writable_path(shipped: Path, media: Path) -> None:
    assert probed(shipped, media, [media]).startswith("True None ")


def test_hardlinks_do_not_work_across_two_writable_paths_of_one_disk(
    shipped: Path, media: Path
) -> None:
    downloads, movies = media / "downloads", media / "movies"
    assert downloads.stat().st_dev == movies.stat().st_dev
    said = probed(shipped, media, [downloads, movies])
    assert said.startswith("False cross_device ")
    assert "ReadWritePaths=" in said


def test_what_is_not_named_cannot_be_written(media: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [*mounting([media]), *ORDINARY, "touch", str(tmp_path / "elsewhere")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Read-only file system" in done.stderr


@pytest.fixture
def confined(shipped: Path, media: Path, tmp_path: Path) -> list[str]:
    """A command line that starts another one under what reeld.service forbids."""
    data, *beside = (tmp_path / f"data{end}" for end in ("", "-keys", "-backups"))
    for folder in (data, *beside):
        folder.mkdir(mode=0o700)
    return [*mounting([data, *beside, media]), *ORDINARY, *sandbox(shipped)]


@pytest.mark.parametrize(
    "code",
    [
        "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000))",
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import os; os.setpriority(os.PRIO_PROCESS, 0, 5)",
        "import os, pathlib; os.chown(pathlib.Path(os.environ['HERE']), -1, os.getgid())",
    ],
    ids=["a namespace", "a netlink socket", "a priority", "another group"],
)
def test_the_sandbox_of_these_tests_forbids(confined: list[str], media: Path, code: str) -> None:
    def ends_well(command: Sequence[str]) -> bool:
        done = subprocess.run(
            [*command, sys.executable, "-c", code],
            env={**os.environ, "HERE": str(media)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode == 0

    assert ends_well([*mounting([media]), *ORDINARY])
    assert not ends_well(confined)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The service manager's end of the notification socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.settimeout(START_SECONDS)
        yield bound


def test_reeld_and_its_postgresql_run_under_all_that_the_unit_forbids(
    confined: list[str], manager: socket.socket, media: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("REELD_")}
    environ |= {
        "STATE_DIRECTORY": f"{data}:{data}-keys:{data}-backups",
        "REELD_BIND": "127.0.0.1:0",
        "REELD_LIBRARY_ROOT_FOLDER": str(media / "movies"),
        "XDG_CONFIG_HOME": str(tmp_path / "etc"),
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "1000000",
        "TMPDIR": str(data),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*confined, sys.executable, "-m", "reeld", "run"],
            env=environ,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(b"READY=1", manager, process, tmp_path / "log")
        wait_for(b"WATCHDOG=1", manager, process, tmp_path / "log")
        local = find_local(data)
        assert local is not None
        headers = {"X-Api-Key": local.key.reveal()}
        with httpx.Client(base_url=local.url, headers=headers, trust_env=False) as client:
            assert client.get("/info").json()["database"] == "embedded"
            assert client.get("/api/movies").status_code == 200
        assert (data / "postgres" / "data" / "postmaster.pid").exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, (tmp_path / "log").read_text(errors="replace")
        assert not (data / "postgres" / "data" / "postmaster.pid").exists()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(field: bytes, manager: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while field not in manager.recv(65536):
        assert process.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < end
