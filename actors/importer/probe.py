"""Reading what is inside a video, in a process that may crash, hang or be killed.

libmediainfo parses dozens of formats in C++, and the files come from strangers. One short-lived process a
file costs 70 to 90 ms of one core (measured with Python 3.11: 12 ms interpreter, 55 ms pymediainfo and its
library, the rest parsing). A pool would save 65 ms of that and would let one file poison the next probe;
a movie is imported a few times a day.
"""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import trio

from reeld.actors.importer._media import Track, facts_of
from reeld.actors.importer._source import opened
from reeld.actors.importer._threads import FileWork
from reeld.domain.errors import DeadlineExceeded, Refused
from reeld.domain.media import MediaFacts

_WORKER: Final = str(Path(__file__).with_name("_probe_worker.py"))
_MAX_ANSWER: Final = 1024 * 1024


class Unreadable(Refused):
    """The probe cannot make sense of the file: damaged, no video, or made to break players."""

    default_reason = "unreadable"


class Prober:
    """Probes files, a bounded number at once.

    Args:
        files: Opens them in its threads.
        processes: How many probes may run at once.
        command: What to run; the probe's worker unless a test says otherwise.
    """

    def __init__(
        self, files: FileWork, *, processes: int = 2, command: Sequence[str] | None = None
    ) -> None:
        self._files = files
        self._limiter = trio.CapacityLimiter(processes)
        # -I: neither the working directory nor the environment adds to what is imported.
        self._command = command or (sys.executable, "-I", _WORKER)

    async def probe(self, root: Path, relative: str, *, deadline: float = 30.0) -> MediaFacts:
        """Read a file's tracks.

        Cancelled or late, the process is killed.

        Args:
            root: Trusted; the path below it is walked without following symbolic links.
            relative: Below the root.
            deadline: Seconds for the probe itself, once its turn has come.

        Raises:
            Unreadable: No video in it, or the library crashed or gave nonsense.
            DeadlineExceeded: It took too long: a slow disk, or a file made to take forever.
            SourceMissing: Nothing lies there.
            UnsafePath: It runs through a symbolic link or is no regular file.
        """
        async with self._limiter:
            key = f"probe:{root / relative}"
            with await self._files.run(key, lambda _: _open(root, relative)) as file:
                size = os.fstat(file.fileno()).st_size
                answer = await self._ask(file.fileno(), deadline)
        return _facts(answer, size, root / relative)

    async def _ask(self, fd: int, deadline: float) -> bytes | None:
        """Run the worker; None when it failed or said too much."""
        with trio.move_on_after(deadline):
            return await self._run(fd, math.ceil(deadline))
        raise DeadlineExceeded(
            f"Reading the media file took more than {deadline:.0f} seconds: it is tried again."
        )

    async def _run(self, fd: int, cpu_seconds: int) -> bytes | None:
        process = await trio.lowlevel.open_process(
            [*self._command, str(cpu_seconds)],
            stdin=fd,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
        )
        try:
            answer = await _read(process)
            if answer is not None and await process.wait() == 0:
                return answer
            return None
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


async def _read(process: trio.Process) -> bytes | None:
    answer = bytearray()
    stdout = process.stdout
    if stdout is None:  # pragma: no cover - PIPE was asked for
        return None
    async with stdout:
        async for chunk in stdout:
            answer += chunk
            if len(answer) > _MAX_ANSWER:
                return None
    return bytes(answer)


def _open(root: Path, relative: str) -> io.FileIO:
    with opened(root, relative) as file:
        return io.FileIO(os.dup(file.fd))


def _facts(answer: bytes | None, size: int, path: Path) -> MediaFacts:
    tracks = _tracks(answer)
    if tracks is None:
        raise Unreadable(f"The media library fails on {path}: the file is damaged or malicious.")
    facts = facts_of(tracks)
    if not facts.has_video:
        raise Unreadable(f"{path} holds no picture that a player could show.", reason="no_video")
    if any(track.get("istruncated") == "Yes" for track in tracks):
        raise Unreadable(f"{path} ends too early: the file is cut off.", reason="truncated")
    if tracks[0].get("file_size") != str(size):
        raise Unreadable(f"{path} could not be read to its end.")
    return facts


def _tracks(answer: bytes | None) -> list[Track] | None:
    """Take the worker's answer apart; it saw hostile bytes, so it is not trusted either."""
    try:
        tracks = json.loads(answer or b"")["tracks"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(tracks, list) or not tracks:
        return None
    if all(isinstance(track, dict) and _all_text(track) for track in tracks):
        return tracks
    return None


def _all_text(track: dict[object, object]) -> bool:
    return all(isinstance(text, str) for pair in track.items() for text in pair)
