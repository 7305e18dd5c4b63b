"""BackupActor: saves the database again and again, and tries what it has saved."""

from __future__ import annotations

import importlib.metadata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Final

import structlog
import trio

from reeld.actors.kernel import handles
from reeld.actors.resources import Resources
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.errors import ReeldError, Refused, Unavailable
from reeld.domain.history import EventKind
from reeld.domain.messages import Message, Overflow, SettingsChanged
from reeld.domain.work import Priority, Queue, WorkKind
from reeld.storage import TrioConnection
from reeld.storage.backup import (
    Backup,
    BackupFolder,
    Source,
    create_backup,
    retire_old,
    verify_backup,
    working_in,
)
from reeld.storage.events import append
from reeld.storage.work import Job, enqueue

log = structlog.get_logger("reeld.actors")

ATTEMPTS: Final = 5
"""After so many failures in a row it is for a person: a disk that is full does not mend itself."""
OBSERVE_SECONDS: Final = 60.0
OPERATIONS: Final = ("create", "verify", "restore")
OUTCOMES: Final = ("ok", "failed")


@dataclass(frozen=True, slots=True)
class Observe(Message[None]):
    """Look which backups there are."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


class BackupActor(WorkerActor):
    """Works on queue `backup`: `make-backup {}` and, for each that was made, `verify-backup {backup}`.

    What takes long runs in processes of PostgreSQL's own, and in threads; both end when the actor does. A backup
    that a person makes with `reeld backup create` shows in the gauges too, since they are read from the folder.
    """

    name = "backup"
    queue = Queue.BACKUP
    slots: ClassVar[int] = 1
    job_seconds: ClassVar[float] = 4 * 3600.0

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        for operation in OPERATIONS:
            for outcome in OUTCOMES:
                resources.metrics.counter(
                    "reeld_backup_runs_total", operation=operation, outcome=outcome
                )

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Read from the folder what is there, and begin to sweep."""
        self.every("observe", OBSERVE_SECONDS, Observe(), first=0.0)
        await super().on_start()

    @handles(SettingsChanged)
    async def settings_changed(self, message: SettingsChanged) -> None:
        """Look into the folder that the settings name now."""
        await super().settings_changed(message)
        self.address.tell(Observe())

    @handles(Observe)
    async def observe(self, _message: Observe) -> None:
        """Set the gauges from the manifests."""
        try:
            backups = await trio.to_thread.run_sync(self._folder().backups)
        except ReeldError as error:
            log.warning("backups_not_read", error=error.sentence)
            return
        whole = [each for each in backups if each.manifest is not None]
        verified = [each for each in whole if each.verified_at is not None]
        metrics = self.resources.metrics
        if whole:
            manifest = whole[0].require_manifest()
            taken = manifest.taken_at.timestamp()
            metrics.set("reeld_backup_last_success_timestamp_seconds", taken)
            metrics.set("reeld_backup_size_bytes", manifest.size)
        if verified:
            taken = verified[0].require_manifest().taken_at.timestamp()
            metrics.set("reeld_backup_last_verified_timestamp_seconds", taken)

    @works(WorkKind.MAKE_BACKUP)
    async def make_backup(self, job: Job) -> Effect:
        """Save the database, and retire old backups."""
        folder = self._folder()
        async with self._measured("create", job), working_in(folder):
            backup = await create_backup(self._source(), folder)
            await retire_old(folder, self.resources.settings.current.backup.keep)
        self.address.tell(Observe())
        return _created(backup)

    @works(WorkKind.VERIFY_BACKUP)
    async def verify_backup(self, job: Job) -> Effect | None:
        """Restore a backup on trial."""
        folder = self._folder()
        async with self._measured("verify", job), working_in(folder):
            backup = await trio.to_thread.run_sync(folder.find, str(job.args["backup"]))
            await verify_backup(backup, folder)
            await retire_old(folder, self.resources.settings.current.backup.keep)
        self.address.tell(Observe())
        return _verified(backup)

    def _folder(self) -> BackupFolder:
        return BackupFolder(self.resources.settings.current.backups)

    def _source(self) -> Source:
        vault = self.resources.vault
        return Source(
            self.resources.database.conninfo,
            vault.file,
            importlib.metadata.version("reeld"),
            vault.key_ids,
        )

    @asynccontextmanager
    async def _measured(self, operation: str, job: Job) -> AsyncIterator[None]:
        """Count how it ends; the last of some failures gives the work up, so that a person sees it."""
        try:
            yield
        except Unavailable:
            raise
        except ReeldError as error:
            self._count(operation, "failed")
            if job.attempt >= ATTEMPTS:
                raise Refused(error.sentence, reason=error.reason) from error
            raise
        self._count(operation, "ok")

    def _count(self, operation: str, outcome: str) -> None:
        self.resources.metrics.add("reeld_backup_runs_total", operation=operation, outcome=outcome)


def _created(backup: Backup) -> Effect:
    size = backup.require_manifest().size

    async def effect(conn: TrioConnection) -> None:
        payload = {"backup": backup.name, "bytes": size}
        await append(conn, EventKind.BACKUP_CREATED, None, payload)
        await enqueue(
            conn,
            Queue.BACKUP,
            WorkKind.VERIFY_BACKUP,
            {"backup": backup.name},
            unique_key=backup.name,
            priority=Priority.BACKGROUND,
        )

    return effect


def _verified(backup: Backup) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        await append(conn, EventKind.BACKUP_VERIFIED, None, {"backup": backup.name})

    return effect
