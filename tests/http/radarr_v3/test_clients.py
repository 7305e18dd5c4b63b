"""Clients of Radarr as they are published, unmodified, against a running daemon."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

CLIENTS = Path(__file__).with_name("clients")
CACHE = Path(__file__).parents[3] / ".cache"
INSTALL_SECONDS = 300
RUN_SECONDS = 240


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


@pytest.mark.parametrize("client", ["pyarr", "arrapi", "aiopyarr"])
def test_a_client_works_as_with_radarr(python: Path, radarr: Any, client: str) -> None:
    _empty(radarr)
    films = [str(film.tmdb_id) for film in radarr.films[:2]]
    command = [python, "-I", CLIENTS / f"with_{client}.py", radarr.url, radarr.key]
    found = subprocess.run(
        [*command, str(radarr.library), *films],
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr[-4000:]


def _empty(radarr: Any) -> None:
    """Take out what another client left behind."""
    for kind in ("movie", "tag", "exclusions"):
        for each in radarr.get(kind):
            radarr.send("DELETE", f"{kind}/{each['id']}")
