"""Which `pg_dump` and `pg_restore` are used, and how they are run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from reeld.domain.errors import DeadlineExceeded, Refused
from reeld.storage.conninfo import for_program
from reeld.storage.embedded import Binaries
from reeld.storage.errors import BackupFailed, EmbeddedServerFailed

BUNDLED: Final = (16, 18)
ASK_SECONDS: Final = 10.0
MOST_SAID: Final = 500

_VERSION = re.compile(rb"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True, slots=True)
class Tools:
    """A `pg_dump` and the `pg_restore` of the same version.

    Attributes:
        speaks_tls: The bundled ones do not.
    """

    folder: Path
    major: int
    speaks_tls: bool


async def tools_for(server_major: int, *, over_tls: bool) -> Tools:
    """Return the programs for a server: the oldest that are as new as it is, since those fit it best.

    Args:
        server_major: The server's version.
        over_tls: The server is reached over TLS, so its rows and the password must not travel without.

    Raises:
        BackupFailed: There are none (`no_pg_dump`).
    """
    there = [*bundled_tools(), *await trio.to_thread.run_sync(_in_path)]
    return choose(there, server_major, over_tls=over_tls)


def choose(there: Iterable[Tools], server_major: int, *, over_tls: bool) -> Tools:
    """Choose among programs; for the arguments see `tools_for`."""
    fitting = [
        each for each in there if each.major >= server_major and (each.speaks_tls or not over_tls)
    ]
    if fitting:
        return min(fitting, key=lambda each: (each.major, each.speaks_tls))
    why = (
        "The database is reached over TLS, which the pg_dump that comes with reeld does not speak."
        if over_tls
        else f"The server is PostgreSQL {server_major}, which is newer than the pg_dump that comes with reeld."
    )
    raise BackupFailed(
        f"{why} Install postgresql-client-{server_major} or newer, so that its pg_dump and pg_restore are in PATH.",
        reason="no_pg_dump",
    )


def bundled_tools() -> list[Tools]:
    """Return the programs that came with reeld."""
    found = []
    for major in BUNDLED:
        try:
            found.append(Tools(Binaries.bundled(major).folder, major, speaks_tls=False))
        except EmbeddedServerFailed:
            continue
    return found


def _in_path() -> list[Tools]:
    dump, restore = shutil.which("pg_dump"), shutil.which("pg_restore")
    if dump is None or restore is None or Path(dump).parent != Path(restore).parent:
        return []
    try:
        said = subprocess.run(
            [dump, "--version"], capture_output=True, timeout=ASK_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = _VERSION.search(said)
    return [Tools(Path(dump).parent, int(found[1]), speaks_tls=True)] if found else []


async def run_tool(
    program: Path,
    arguments: Iterable[str],
    conninfo: str,
    *,
    seconds: float,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> None:
    """Run a program on a database; cancelled or late, it is ended.

    Args:
        program: `pg_dump` or `pg_restore`.
        arguments: What it is to do.
        conninfo: The database. No secret of it appears on the command line.
        seconds: Its deadline.
        stdin: A descriptor.
        stdout: A descriptor.

    Raises:
        BackupFailed: It could not be started, or failed, its own words are in the sentence; or a secret would have to
            be on its command line.
        DeadlineExceeded: It took too long.
    """
    try:
        dsn, secret = for_program(conninfo)
    except Refused as error:
        raise BackupFailed(error.sentence, reason=error.reason) from error
    command = [str(program), *arguments, f"--dbname={dsn}"]
    with trio.move_on_after(seconds):
        try:
            done = await trio.run_process(
                command,
                check=False,
                stdin=stdin,
                stdout=stdout,
                capture_stderr=True,
                env={**os.environ, **secret, "LC_ALL": "C.UTF-8"},
            )
        except OSError as error:
            raise BackupFailed(f"{program} cannot be started: {error.strerror}.") from error
        if done.returncode != 0:
            said = (done.stderr or b"").decode(errors="replace").strip()[-MOST_SAID:]
            raise BackupFailed(f"{program.name} failed: {said}", reason=f"{program.name}_failed")
        return
    raise DeadlineExceeded(
        f"{program.name} was not done within {seconds:g} seconds and was ended; try again when the machine is idle."
    )
