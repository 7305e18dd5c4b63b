"""The dump before a migration."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
import trio

from reeld.domain.errors import Refused
from reeld.storage.conninfo import for_program
from reeld.storage.errors import MigrationRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger("reeld.migrations")

DUMP_SECONDS: Final = 1800.0
KEEP: Final = 5
NO_TLS: Final = "SSL support is not compiled in"
"""What the bundled `pg_dump` says about a server that is only to be reached over TLS."""


@dataclass(frozen=True, slots=True)
class Backup:
    """Dumps a database into a folder before its schema changes.

    Attributes:
        folder: Where the dumps go; made when missing, readable by us alone.
        pg_dump: The program, of the server's major version or a newer one.
        major: Its version.
    """

    folder: Path
    pg_dump: Path
    major: int

    async def take(self, conninfo: str, *, server_major: int, version: int) -> Path | None:
        """Dump the database; None when `pg_dump` is too old for the server or cannot speak to it, which is logged.

        The dump gets its name only once it is complete and on the disk. The newest `KEEP` are kept.

        Args:
            conninfo: The database. No secret of it appears on a command line.
            server_major: The server's version.
            version: The schema's version before the migration.

        Raises:
            MigrationRefused: The dump failed: the disk is full, perhaps; or a secret would have to be on a command line.
                Nothing was migrated.
        """
        if server_major > self.major:
            log.warning("backup_before_migration_skipped", server=server_major, pg_dump=self.major)
            return None
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        final = self.folder / f"before-migration-{version:04}-{stamp}.dump"
        unfinished = final.with_suffix(".tmp")
        # Made here and only filled by pg_dump, so that nobody else can read it.
        unfinished.touch(mode=0o600)
        try:
            if not await self._dump(conninfo, unfinished):
                return None
            await trio.to_thread.run_sync(_settle, unfinished, final)
        finally:
            unfinished.unlink(missing_ok=True)
        self._retire_old()
        log.info("backup_before_migration_taken", path=str(final))
        return final

    async def _dump(self, conninfo: str, target: Path) -> bool:
        """Dump into a file; False when this `pg_dump` cannot reach the server at all, because it knows no TLS."""
        try:
            dsn, secret = for_program(conninfo)
        except Refused as error:
            raise MigrationRefused(
                f"The backup before the migration cannot be made, so nothing was changed. {error.sentence}",
                reason=error.reason,
            ) from error
        command = [str(self.pg_dump), "--format=custom", f"--file={target}", f"--dbname={dsn}"]
        with trio.move_on_after(DUMP_SECONDS):
            done = await trio.run_process(
                command, check=False, capture_stderr=True, env=_environment(secret)
            )
            if done.returncode == 0:
                return True
            said = done.stderr.decode(errors="replace").strip()[-500:]
            if NO_TLS in said:
                log.warning("backup_before_migration_skipped", reason=said)
                return False
            raise MigrationRefused(
                f"The backup before the migration failed, so nothing was changed: {said}",
                reason="backup_failed",
            )
        raise MigrationRefused(
            f"The backup before the migration took longer than {DUMP_SECONDS:g} seconds.",
            reason="backup_failed",
        )

    def _retire_old(self) -> None:
        # The names sort by schema version, then by time.
        dumps = sorted(self.folder.glob("before-migration-*.dump"))
        for old in dumps[:-KEEP]:
            old.unlink(missing_ok=True)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **extra}


def _settle(unfinished: Path, final: Path) -> None:
    """Put a complete file under its final name so that a power cut cannot undo it."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
