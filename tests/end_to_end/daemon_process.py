"""`reeld run` in a process that was told where to die, or to write down what it does to disk and client.

    python daemon_process.py [--kill-at NAME[:HIT]] [--record FILE] [--copy] [--orders] [--hasty] [--circle] [--slow-disk]

The crash points are armed by a call in here: no setting and no variable reaches them. With `--copy` the file system
behaves as if downloads and library lay on two disks that share no blocks. With `--orders` the daemon takes a poke of
`qbit` for orders of a person about the first download. With `--hasty` it does not wait a minute before it starts a
torrent again. With `--circle` a poke of `decision` has it ask itself, which is a fault that reeld does not have. With
`--slow-disk` the disk that pictures are cached on takes two seconds for each.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reeld.actors.decision import DecisionActor
from reeld.actors.importer import _parts, _publishing
from reeld.actors.importer._failures import LinkRefusal
from reeld.actors.qbit import _watching
from reeld.cli import main
from reeld.domain.messages import (
    Message,
    PauseDownload,
    PrioritiseDownload,
    RemoveDownload,
    ResumeDownload,
    SetShareLimits,
    Sweep,
)
from reeld.http.ops import control
from reeld.services.images import _cache
from reeld.services.qbittorrent import QbittorrentClient
from reeld.storage import crashpoints

FILE_EFFECTS = (
    "chmod", "chown", "copy_file_range", "fchmod", "fchown", "ftruncate", "link", "mkdir", "open", "pwrite", "remove",
    "rename", "replace", "rmdir", "symlink", "truncate", "unlink", "utime", "write",
)  # fmt: skip
CLIENT_LOOKS = frozenset(
    {"aclose", "categories", "files", "forgive", "preferences", "properties", "torrents", "trackers", "transfer",
     "version"}
)  # fmt: skip


class Recorder:
    """Writes a line for each crash point that is passed and each effect that took place."""

    def __init__(self, file: Path) -> None:
        self._out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._write = os.write

    def hit(self, name: str) -> None:
        self._say("point", name, "")

    def watch(self) -> None:
        crashpoints._watch = self  # type: ignore[assignment]
        for name in FILE_EFFECTS:
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        # renameat2 is called through ctypes.
        _publishing._renameat2.cache_clear()
        rename = _publishing._renameat2()
        assert rename is not None
        wrapped = self._wrapped("renameat2", rename)
        _publishing._renameat2 = lambda: wrapped  # type: ignore[assignment]
        for name, member in vars(QbittorrentClient).items():
            if callable(member) and not name.startswith("_") and name not in CLIENT_LOOKS:
                setattr(QbittorrentClient, name, self._client_call(name, member))

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def effect(*args: Any, **kwargs: Any) -> Any:
            answer = call(*args, **kwargs)
            site = None if _tries_links(sys._getframe(1)) else _site(sys._getframe(1))
            makes = name != "open" or (len(args) > 1 and args[1] & os.O_CREAT)
            if site is not None and makes and answer != -1:
                self._say("effect", f"os.{name}", site)
            return answer

        return effect

    def _client_call(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        async def effect(*args: Any, **kwargs: Any) -> Any:
            # The coroutine is awaited where it was made, so the frame below is the one that called.
            site = _site(sys._getframe(1))
            try:
                return await call(*args, **kwargs)
            finally:
                if site is not None:
                    self._say("effect", f"client.{name}", site)

        return effect

    def _say(self, *fields: str) -> None:
        self._write(self._out, ("\t".join(fields) + "\n").encode())


def _tries_links(frame: Any) -> bool:
    """Whether the link probe asked for it: at any time, with a file of its own, beside every import."""
    while frame is not None:
        if frame.f_code.co_filename.endswith("/importer/linkprobe.py"):
            return True
        frame = frame.f_back
    return False


def _site(frame: Any) -> str | None:
    """The function in `actors/` that asked for it; None for anybody else."""
    path = Path(frame.f_code.co_filename)
    if "actors" not in path.parts:
        return None
    below = path.parts[path.parts.index("actors") :]
    return f"{'/'.join(below)}:{frame.f_code.co_name}"


class AskYourself(Message[None]):
    """Ask the actor that handles this."""


async def ask_yourself(actor: DecisionActor, message: AskYourself) -> None:
    await actor.address.ask(message)


def prepare() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kill-at")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--copy", action="store_true")
    parser.add_argument("--orders", action="store_true")
    parser.add_argument("--hasty", action="store_true")
    parser.add_argument("--circle", action="store_true")
    parser.add_argument("--slow-disk", action="store_true")
    given = parser.parse_args()
    if given.kill_at:
        name, _, hit = given.kill_at.partition(":")
        crashpoints.arm(name, int(hit or 1))
    if given.copy:
        _parts.hard_link = lambda *_: LinkRefusal.CROSS_DEVICE
        _parts.clone = lambda *_: False
    if given.orders:
        control._POKES["qbit"] = (
            PauseDownload(1),
            SetShareLimits(1, ratio=2.0),
            PrioritiseDownload(1),
            PrioritiseDownload(1, first=False),
            ResumeDownload(1),
            *((RemoveDownload(1),) if given.record else ()),
        )
    if given.hasty:
        _watching.RESTART_SECONDS = 0.3
    if given.circle:
        DecisionActor.ask_yourself = ask_yourself  # type: ignore[attr-defined]
        DecisionActor._routes = {**DecisionActor._routes, AskYourself: "ask_yourself"}
        control._POKES["decision"] = (Sweep(), AskYourself())
    if given.slow_disk:
        write = _cache._write

        def write_slowly(*args: Any) -> None:
            time.sleep(2)
            write(*args)

        _cache._write = write_slowly
    if given.record:
        Recorder(given.record).watch()


if __name__ == "__main__":
    prepare()
    sys.argv = ["reeld", "run", "--log-level", "debug"]
    main()
