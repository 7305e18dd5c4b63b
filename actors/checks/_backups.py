"""How old the newest backup is, told by the names in its folder: health must not need what makes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import trio

from reeld.telemetry import Check, Status

OLD_BACKUP_SECONDS: Final = 2 * 86_400.0
LOOK_SECONDS: Final = 2.0

_NAME: Final = re.compile(r"reeld-(\d{8}T\d{6}Z)(-\d{1,3})?", re.ASCII)
_MANIFEST: Final = "manifest.json"
_VERIFIED: Final = "verified.json"


def check_backup(newest: datetime | None, verified: datetime | None, now: datetime) -> list[Check]:
    """Judge the backups.

    Args:
        newest: When the newest one was made; None when there is none.
        verified: When the newest one that was tried was made.
        now: The time.
    """
    if newest is None:
        # A daemon that never made one may have been told not to.
        return []
    age = round((now - newest).total_seconds())
    made = _judge(
        "backup:age", age, newest, "The newest backup is {} old: see `reeld backup list`."
    )
    tried = None if verified is None else round((now - verified).total_seconds())
    sentence = "No backup of late was tried by a restore: see `reeld backup verify`."
    return [made, _judge("backup:verified_age", tried, verified, sentence)]


def _judge(check: str, age: int | None, last: datetime | None, sentence: str) -> Check:
    if age is not None and age <= OLD_BACKUP_SECONDS:
        return Check(check, Status.PASS, observed=age, unit="s", last_success=last)
    told = sentence.format(f"{(age or 0) / 86_400:.0f} days")
    return Check(check, Status.WARN, sentence=told, observed=age, unit="s", last_success=last)


class BackupAges:
    """Looks at a folder of backups, in a thread."""

    def __init__(self) -> None:
        self._limiter = trio.CapacityLimiter(1)

    async def checks(self, folder: Path) -> list[Check]:
        """Judge the backups in a folder, within `LOOK_SECONDS`; none when it is not there or hangs."""
        with trio.move_on_after(LOOK_SECONDS):
            try:
                newest, verified = await trio.to_thread.run_sync(
                    _newest, folder, abandon_on_cancel=True, limiter=self._limiter
                )
            except OSError:
                return []
            return check_backup(newest, verified, datetime.now(UTC))
        return []


def _newest(folder: Path) -> tuple[datetime | None, datetime | None]:
    made, tried = [], []
    for path in folder.iterdir():
        if (match := _NAME.fullmatch(path.name)) and (path / _MANIFEST).is_file():
            at = datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            made.append(at)
            if (path / _VERIFIED).is_file():
                tried.append(at)
    return max(made, default=None), max(tried, default=None)
