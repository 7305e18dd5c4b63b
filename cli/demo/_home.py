"""Where the demo lives: a folder of its own, in which an earlier demo is put aside and never deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import trio

from reeld.cli.lock import LOCK_FILE, only_daemon_on
from reeld.cli.settings import default_data_dir, read_settings
from reeld.domain.errors import Refused
from reeld.domain.settings import LibrarySettings, Settings
from reeld.storage.embedded import EmbeddedServer

MARK: Final = "demo.json"
"""Marks a folder that a demo made, so that nothing else is ever put aside."""
ASIDE: Final = "earlier"
DEMO_LOCK: Final = "demo.lock"
"""Held for as long as a demo runs: its daemon holds a lock of its own only once the world around it is there."""
_STAYS: Final = frozenset({ASIDE, LOCK_FILE, DEMO_LOCK})


def read_demo_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of the demo: the person's address, key, database and folder, and nothing else of theirs."""
    keep = ("REELD_BIND", "REELD_DATABASE_URL", "REELD_API_KEY", "REELD_METRICS_TOKEN")
    given = {name: environ[name] for name in keep if name in environ}
    folder = environ.get("REELD_DATA_DIR")
    data_dir = Path(folder) if folder else default_data_dir(environ).with_name("reeld-demo")
    # No file is read: the demo must not reach out with a person's own credentials.
    basic = read_settings(
        {**given, "REELD_DATA_DIR": str(data_dir), "XDG_CONFIG_HOME": "/nonexistent"}
    )
    return replace(basic, library=LibrarySettings(root_folder=basic.data_dir / "library"))


@contextmanager
def demo_home(data_dir: Path) -> Iterator[None]:
    """Make the folder fresh, and keep it for the length of the block; blocks on the disk.

    An earlier demo in it moves into a folder of its own; the database server that it left running, if it was killed, is
    ended first: nobody would find it any more.

    Raises:
        Refused: The folder holds something that no demo made.
        DataDirectoryBusy: Another demo or a daemon runs in it.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _things_in(data_dir) and not (data_dir / MARK).exists():
        raise Refused(
            f"{data_dir} is not empty, and no demo made it. Set REELD_DATA_DIR to another folder for the demo.",
            reason="not_a_demo_folder",
        )
    with only_daemon_on(data_dir, DEMO_LOCK):
        with only_daemon_on(data_dir):
            trio.run(EmbeddedServer(data_dir / "postgres").end_left_running)
            _make_fresh(data_dir)
        yield


def _make_fresh(data_dir: Path) -> None:
    if there := _things_in(data_dir):
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        aside = data_dir / ASIDE / stamp
        aside.mkdir(parents=True)
        for path in there:
            path.rename(aside / path.name)
    (data_dir / MARK).write_text(json.dumps({"made_by": "reeld demo"}) + "\n", encoding="utf-8")
    (data_dir / "library").mkdir()


def _things_in(data_dir: Path) -> list[Path]:
    return [path for path in data_dir.iterdir() if path.name not in _STAYS]
