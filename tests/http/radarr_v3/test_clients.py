"""Clients of Radarr as they are published, unmodified, against a running daemon: every method that each of them has."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from reeld.http.radarr_v3 import plain, refused, unserved

CLIENTS = Path(__file__).with_name("clients")
CACHE = Path(__file__).parents[3] / ".cache"
PATHS = Path(__file__).with_name("radarr_paths.txt")
INSTALL_SECONDS = 300
RUN_SECONDS = 110


@pytest.fixture(scope="module")
def python(lacking: Callable[[str], NoReturn]) -> Path:
    """The interpreter of an environment that holds the clients, and nothing of reeld; made once."""
    pinned = CLIENTS / "requirements.txt"
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    name = hashlib.sha256(pinned.read_bytes()).hexdigest()[:12]
    home = CACHE / f"radarr-clients-{version}-{name}"
    interpreter = home / "bin" / "python"
    ready = home / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True, timeout=120)
        install = [interpreter, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
        found = subprocess.run(
            [*install, "--only-binary=:all:", "-r", pinned],
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        if found.returncode:
            lacking(f"The clients of Radarr cannot be installed: {found.stderr[-300:]}")
        ready.touch()
    return interpreter


@pytest.fixture(scope="module")
def not_served() -> set[tuple[str, str]]:
    """What of Radarr's document is said not to be served."""
    return {(method, plain(path)) for method, path in (*unserved(), *refused())}


@pytest.fixture(scope="module")
def radarrs() -> set[tuple[str, str]]:
    """The operations of Radarr's document."""
    lines = (line.split(" ") for line in PATHS.read_text().splitlines())
    return {(method, plain(path)) for *methods, path in lines for method in methods}


@pytest.mark.parametrize("client", ["pyarr", "arrapi", "aiopyarr"])
def test_every_method_of_a_client_works_as_with_radarr_or_is_said_not_to_be_served(
    python: Path,
    radarr: Any,
    tracker: Any,
    client: str,
    not_served: set[tuple[str, str]],
    radarrs: set[tuple[str, str]],
) -> None:
    _empty(radarr)
    script = [python, "-E", "-s", CLIENTS / f"with_{client}.py"]
    told = _driven([*script, *_arguments(radarr, tracker)], _World(radarr))
    assert _complaints(told, not_served, radarrs) == []


def test_a_method_that_is_forgotten_is_seen() -> None:
    told = {
        "methods": ["add_author", "get_tag", "get_queue", "del_list", "upd_tag", "dance"],
        "called": ["get_tag", "upd_tag"],
        "unserved": {
            "del_list": "DELETE importlist/{id}",
            "upd_tag": "PUT tag/{id}",
            "dance": "POST dance",
        },
        "unmade": ["add_author"],
    }
    not_served = {("DELETE", "/api/v3/importlist/{}")}
    radarrs = not_served | {("PUT", "/api/v3/tag/{}")}
    assert _complaints(told, not_served, radarrs) == [
        "get_queue was not called",
        "upd_tag was called, and is said not to be served",
        "PUT tag/{id} is served, or the page about Radarr's clients does not name it",
    ]


def _complaints(
    told: dict[str, Any], not_served: set[tuple[str, str]], radarrs: set[tuple[str, str]]
) -> list[str]:
    """Compare what a client has with what was called, and what was not with what the page says."""
    called, without = set(told["called"]), told["unserved"]
    forgotten = sorted(set(told["methods"]) - called - without.keys() - set(told["unmade"]))
    found = [f"{name} was not called" for name in forgotten]
    both = sorted(called & without.keys())
    found += [f"{name} was called, and is said not to be served" for name in both]
    for operation in without.values():
        method, path = operation.split(" ")
        asked = method, plain(f"/api/v3/{path}")
        if asked in radarrs and asked not in not_served:
            said = "is served, or the page about Radarr's clients does not name it"
            found.append(f"{operation} {said}")
    return found


def _arguments(radarr: Any, tracker: Any) -> Iterator[str]:
    more = radarr.library.parent / "more"
    more.mkdir(exist_ok=True)
    yield from (radarr.url, radarr.key, str(radarr.library), str(more))
    yield from (str(film.tmdb_id) for film in radarr.films[:2])
    yield from (tracker.url, tracker.api_key)


class _World:
    """Does what a script asks of the world around the daemon."""

    def __init__(self, radarr: Any) -> None:
        self._radarr = radarr

    def change(self, order: str) -> None:
        match order:
            case "slow" | "quick":
                self._radarr.turn_downloads(600 if order == "slow" else 0.3)
            case "patient" | "eager":
                minutes = 365 * 24 * 60 if order == "patient" else 0
                said = {"torrentDelay": minutes, "bypassIfHighestQuality": not minutes}
                profile = self._radarr.get("delayprofile/1")
                self._radarr.send("PUT", "delayprofile", profile | said, 202)
            case _:
                raise AssertionError(f"a script asked for {order!r}")


def _driven(command: list[Any], world: _World) -> dict[str, Any]:
    """Run a script, do what it asks for, and return its report."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    watchdog = threading.Timer(RUN_SECONDS, process.kill)
    watchdog.start()
    said: list[str] = []
    try:
        with process:
            assert process.stdout is not None
            assert process.stdin is not None
            for line in process.stdout:
                said.append(line)
                if line.startswith("WORLD "):
                    order = line.removeprefix("WORLD ").strip()
                    world.change(order)
                    process.stdin.write(f"{order}\n")
                    process.stdin.flush()
    finally:
        watchdog.cancel()
        for order in ("quick", "eager"):
            world.change(order)
    assert process.returncode == 0, "".join(said)[-4000:]
    (report,) = [line for line in said if line.startswith("REPORT ")]
    return dict(json.loads(report.removeprefix("REPORT ")))


def _empty(radarr: Any) -> None:
    """Take out what another client left behind."""
    for kind in ("movie", "tag", "exclusions", "blocklist"):
        found = radarr.get(kind)
        for each in found["records"] if isinstance(found, dict) else found:
            radarr.send("DELETE", f"{kind}/{each['id']}")
    for each in radarr.get("rootfolder")[1:]:
        radarr.send("DELETE", f"rootfolder/{each['id']}")
