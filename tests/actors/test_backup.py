"""The actor that saves the database: as durable work, tried afterwards, given up where a person sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.actors import backup as backup_module
from reeld.actors.backup import BackupActor
from reeld.actors.resources import Resources
from reeld.actors.scheduler import tasks_of
from reeld.domain.settings import BackupSettings, Settings
from reeld.storage.backup import Backup, BackupFolder
from reeld.storage.errors import BackupFailed
from reeld.storage.work import WorkState

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
def folder(resources: Resources) -> BackupFolder:
    return BackupFolder(resources.settings.current.backups)


async def test_a_backup_is_made_tried_told_and_measured(
    resources: Resources, rows: Any, run_actor: Any, folder: BackupFolder
) -> None:
    async with run_actor(lambda: BackupActor(resources)) as cell:
        await rows.until(await rows.ask("backup", "make-backup"), seconds=60)
        (verification,) = [
            each
            for each in await resources.work.list(queue="backup")
            if each.kind == "verify-backup"
        ]
        await rows.until(verification.id, seconds=60)
        await cell.address.ask(backup_module.Observe())
    (backup,) = folder.backups()
    assert backup.verified_at is not None
    assert [each["backup"] for each in await rows.events("backup.created")] == [backup.name]
    assert [each["backup"] for each in await rows.events("backup.verified")] == [backup.name]
    metrics, manifest = resources.metrics, backup.require_manifest()
    taken = manifest.taken_at.timestamp()
    assert metrics.value("reeld_backup_last_success_timestamp_seconds") == taken
    assert metrics.value("reeld_backup_last_verified_timestamp_seconds") == taken
    assert metrics.value("reeld_backup_size_bytes") == manifest.size
    for operation in ("create", "verify"):
        labels = {"operation": operation, "outcome": "ok"}
        assert metrics.value("reeld_backup_runs_total", **labels) == 1


async def test_the_gauges_know_at_the_start_what_the_folder_holds(
    resources: Resources, rows: Any, run_actor: Any, folder: BackupFolder, eventually: Eventually
) -> None:
    async with run_actor(lambda: BackupActor(resources)):
        await rows.until(await rows.ask("backup", "make-backup"), seconds=60)
    resources.metrics.set("reeld_backup_size_bytes", 0)

    async def known() -> bool:
        return resources.metrics.value("reeld_backup_size_bytes") > 0

    async with run_actor(lambda: BackupActor(resources)):
        await eventually(known)


async def test_a_folder_in_use_is_waited_for_without_using_up_an_attempt(
    resources: Resources, rows: Any, run_actor: Any, folder: BackupFolder
) -> None:
    with folder.locked():
        async with run_actor(lambda: BackupActor(resources)):
            item = await rows.until_snoozed(await rows.ask("backup", "make-backup"))
    assert (item.reason, item.attempt) == ("backup_busy", 0)


async def test_what_fails_again_and_again_is_dead_with_its_reason(
    resources: Resources, rows: Any, run_actor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Backup:
        raise BackupFailed("The disk is full.", reason="backup_folder_unusable")

    monkeypatch.setattr(backup_module, "create_backup", fail)
    async with run_actor(lambda: BackupActor(resources)):
        work = await rows.ask("backup", "make-backup")
        for attempt in range(1, backup_module.ATTEMPTS):
            await rows.until_failed(work, attempt)
            await rows.make_due(work)
        item = await rows.until(work, WorkState.DEAD)
    assert (item.reason, item.sentence) == ("backup_folder_unusable", "The disk is full.")
    labels = {"operation": "create", "outcome": "failed"}
    assert resources.metrics.value("reeld_backup_runs_total", **labels) == backup_module.ATTEMPTS


async def test_old_backups_that_cannot_be_removed_do_not_undo_the_new_one(
    resources: Resources,
    rows: Any,
    run_actor: Any,
    folder: BackupFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> list[str]:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(BackupFolder, "rotate", fail)
    async with run_actor(lambda: BackupActor(resources)):
        await rows.until(await rows.ask("backup", "make-backup"), seconds=60)
    assert len(folder.backups()) == 1


async def test_a_folder_of_the_settings_is_used_and_rotated(
    resources: Resources,
    rows: Any,
    run_actor: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def verify(backup: Backup, folder: BackupFolder) -> Backup:
        return folder.mark_verified(backup, datetime.now(UTC))

    monkeypatch.setattr(backup_module, "verify_backup", verify)
    rows.configure(backup=BackupSettings(folder=tmp_path / "other", keep=1))
    async with run_actor(lambda: BackupActor(resources)):
        for _ in range(2):
            await rows.until(await rows.ask("backup", "make-backup"), seconds=60)
            await _rest(resources)
    assert len(BackupFolder(tmp_path / "other").backups()) == 1


async def _rest(resources: Resources) -> None:
    """Wait until nothing of the queue waits or runs."""
    with trio.fail_after(60):
        while [
            each
            for each in await resources.work.list(queue="backup")
            if each.state in {WorkState.AVAILABLE, WorkState.RUNNING}
        ]:
            await trio.sleep(0.05)


async def test_an_actor_that_ends_takes_its_programs_along(
    resources: Resources, rows: Any, run_actor: Any, folder: BackupFolder, eventually: Eventually
) -> None:
    begun = trio.Event()

    async def forever(*_: object) -> Backup:
        begun.set()
        await trio.sleep_forever()
        raise AssertionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup_module, "create_backup", forever)
        async with run_actor(lambda: BackupActor(resources)):
            await rows.ask("backup", "make-backup")
            with trio.fail_after(30):
                await begun.wait()
    with folder.locked():
        pass


def test_the_default_is_one_a_day_beside_the_data_and_can_be_switched_off(
    settings: Settings,
) -> None:
    assert settings.backups == settings.data_dir.with_name(f"{settings.data_dir.name}-backups")
    task = tasks_of(settings)["backup"]
    assert (task.every_seconds, settings.backup.keep) == (86400, 7)
    off = replace(settings, backup=BackupSettings(every_hours=0))
    assert "backup" not in tasks_of(off)
