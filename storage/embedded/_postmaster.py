"""One postmaster process: ready, gone, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
import trio

from reeld.storage.errors import EmbeddedServerFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from reeld.storage.embedded._identity import Identity

log = structlog.get_logger("reeld.storage")

FAST_STOP_SECONDS: Final = 20.0
IMMEDIATE_STOP_SECONDS: Final = 5.0
STALL_SECONDS: Final = 120.0
"""A start that shows no sign of life for so long is given up. A start that does may take as long as it needs."""

POLL_SECONDS: Final = 0.02
REPORT_SECONDS: Final = 5.0
STATUS_LINE: Final = 7
"""The line of postmaster.pid that holds `starting`, `ready` or `stopping` (PostgreSQL's pidfile.h, counted from 0)."""


@dataclass(eq=False, slots=True)
class Postmaster:
    """A running postmaster: one that we started, or one that a former daemon left behind.

    Attributes:
        pid: Its process.
        data: The data directory it serves.
    """

    pid: int
    data: Path
    _child: subprocess.Popen[bytes] | None = None

    @classmethod
    async def start(
        cls, command: Sequence[str], *, data: Path, identity: Identity, log_file: int
    ) -> Self:
        """Start a postmaster; it is not ready yet.

        It gets a session of its own: Ctrl-C at a terminal goes to reeld, which stops it after the drain.

        Raises:
            EmbeddedServerFailed: The program cannot be started.
        """

        def spawn() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                cwd="/",
                env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                start_new_session=True,
                **identity.process_options(),
            )

        try:
            child = await trio.to_thread.run_sync(spawn)
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedServerFailed(f"PostgreSQL cannot be started: {error}") from error
        return cls(child.pid, data, child)

    @classmethod
    def orphan_of(cls, data: Path) -> Self | None:
        """Return the postmaster that still serves a directory, or None."""
        fields = _pid_file(data)
        if not fields or not fields[0].lstrip("-").isdigit():
            return None
        found = cls(abs(int(fields[0])), data)
        return found if found._serves_directory() else None

    @staticmethod
    def disown_stale_files(data: Path, sockets: Path, identity: Identity) -> None:
        """Keep the pid files of a dead postmaster from stopping the next one.

        PostgreSQL refuses to start while the process named there exists: also when it is a zombie that nobody collects,
        or another program that was given the number since, as happens in containers. The caller has made sure that
        none of them serves the directory, and holds its lock. A file that names the new postmaster's own parent counts
        as stale (CreateLockFile in miscinit.c), and the shared memory named in it is still looked at, so that server
        processes that linger keep their protection.
        """
        fields = _pid_file(data)
        if fields:
            fresh = data / "postmaster.pid.reeld"
            fresh.write_text("\n".join([str(os.getpid()), *fields[1:], ""]))
            fresh.chmod(0o600)
            identity.own(fresh)
            fresh.rename(data / "postmaster.pid")
        for lock in sockets.glob(".s.PGSQL.*.lock"):
            lock.unlink(missing_ok=True)

    async def ready(self, log_path: Path) -> None:
        """Wait until it accepts connections, for as long as it makes progress.

        A crash recovery may take minutes. Progress is a growing log or processor time used by its processes.

        Raises:
            EmbeddedServerFailed: It ended, or showed no sign of life for `STALL_SECONDS`.
        """
        started = seen = reported = trio.current_time()
        life: tuple[int, int] | None = None
        while not self._says_ready():
            if not self.alive():
                raise EmbeddedServerFailed(
                    f"PostgreSQL did not start: {last_complaint(log_path)} (see {log_path})"
                )
            now = trio.current_time()
            if now - reported > REPORT_SECONDS:
                reported = now
                log.info(
                    "embedded_server_recovering",
                    seconds=round(now - started),
                    said=last_line(log_path),
                )
            if (signs := (_size(log_path), self._processor_ticks())) != life:
                life, seen = signs, now
            elif now - seen > STALL_SECONDS:
                raise EmbeddedServerFailed(
                    f"PostgreSQL is starting but made no progress for {STALL_SECONDS:g} seconds:"
                    f" {last_line(log_path)} (see {log_path})"
                )
            await trio.sleep(POLL_SECONDS)

    async def ended(self) -> None:
        """Wait until the process is gone."""
        if self._child is not None and self._child.poll() is not None:
            # Collected: its number may belong to anything by now.
            return
        with _process_descriptor(self.pid) as descriptor:
            if descriptor is not None:
                await trio.lowlevel.wait_readable(descriptor)
        if self._child is not None:
            self._child.wait()

    def alive(self) -> bool:
        """Tell whether the process runs."""
        if self._child is not None:
            return self._child.poll() is None
        return self._serves_directory()

    async def stop(self) -> None:
        """Stop it, not cancellable: fast, then at once, then by force. Bounded by the sum of both deadlines."""
        steps = (
            (signal.SIGINT, FAST_STOP_SECONDS),
            (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS),
            (signal.SIGKILL, IMMEDIATE_STOP_SECONDS),
        )
        for order, seconds in steps:
            if not self.alive():
                return
            with suppress(ProcessLookupError):
                os.kill(self.pid, order)
            with trio.move_on_after(seconds, shield=True):
                await self.ended()
                return
            log.warning("embedded_server_would_not_stop", pid=self.pid, after=order.name)

    def _says_ready(self) -> bool:
        fields = _pid_file(self.data)
        return (
            len(fields) > STATUS_LINE
            and fields[0] == str(self.pid)
            and fields[STATUS_LINE].strip() == "ready"
        )

    def _serves_directory(self) -> bool:
        # A pid in a file may belong to anything by now. A postmaster works inside its data directory.
        try:
            name = Path(f"/proc/{self.pid}/comm").read_text().strip()
            return name == "postgres" and Path(f"/proc/{self.pid}/cwd").samefile(self.data)
        except OSError:
            return False

    def _processor_ticks(self) -> int:
        return sum(_ticks(pid) for pid in (self.pid, *_children(self.pid)))


def last_line(log_path: Path) -> str:
    """Return the last line of the server's log."""
    lines = _tail(log_path)
    return lines[-1] if lines else "its log is empty"


def last_complaint(log_path: Path) -> str:
    """Return the last line of the server's log that says what went wrong."""
    lines = _tail(log_path)
    complaints = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line]
    return (complaints or lines or ["its log is empty"])[-1]


def _tail(path: Path, size: int = 8192) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, _size(path) - size))
            return file.read(size).decode(errors="replace").strip().splitlines()
    except OSError:
        return []


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except OSError:
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def _ticks(pid: int) -> int:
    try:
        # The name in parentheses may hold anything: count the fields after it (proc_pid_stat(5): 14 and 15).
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    except (OSError, IndexError, ValueError):
        return 0


@contextmanager
def _process_descriptor(pid: int) -> Iterator[int | None]:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
