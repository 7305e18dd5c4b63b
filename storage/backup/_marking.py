"""What a restored database is told before anybody works with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.domain.history import EventKind
from reeld.storage.backup._manifest import Manifest
from reeld.storage.connection import TrioConnection
from reeld.storage.errors import BackupFailed
from reeld.storage.events import append

# The epoch never goes back, so that nobody who led before can write. Nobody holds the lead.
_LEADER: Final = """
UPDATE leader SET epoch = greatest(epoch, %s) + 1, holder = NULL, lock_key = NULL, host = '', pid = NULL,
                  lease_until = now()
"""

# Whoever had claimed it is long gone, and it is not the work's fault.
_GIVE_BACK: Final = """
UPDATE work SET state = 'available', attempt = greatest(attempt - 1, 0), run_at = now(), again = false,
                worker = NULL, owner = NULL, deadline_at = NULL,
                reason = 'restored', sentence = 'It ran when the backup was made; it is done again.'
WHERE state = 'running'
"""

_MARK: Final = "INSERT INTO restoration (backup, taken_at) VALUES (%s, %s)"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to.

    Attributes:
        backup: Its name.
        kept: The name under which the former database is kept; None when there was none.
        work_waiting: How much work waits to be done again.
    """

    backup: str
    kept: str | None
    work_waiting: int


async def mark_restored(connection: TrioConnection, backup: str, manifest: Manifest) -> None:
    """Write that the rows are older than the world, in the caller's transaction."""
    await connection.execute(_LEADER, (0,))
    await connection.execute(_GIVE_BACK)
    await connection.execute("DELETE FROM work_owner")
    # One that was ended since, perhaps because it was stolen, must not begin again.
    await connection.execute("DELETE FROM session")
    await connection.execute(_MARK, (backup, manifest.taken_at))
    payload = {"backup": backup, "taken_at": manifest.taken_at.isoformat()}
    await append(connection, EventKind.BACKUP_RESTORED, None, payload)


async def require_restored(connection: TrioConnection, backup: str, kept: str | None) -> Restored:
    """Look at the database under its final name.

    Raises:
        BackupFailed: It is not the restored one.
    """
    found = await connection.execute("SELECT backup FROM restoration ORDER BY id DESC LIMIT 1")
    row = await found.fetchone()
    if row is None or row[0] != backup:
        raise BackupFailed(
            f"The restored database is not there under its name; the former one is kept as {kept}. Restore again.",
            reason="swap_failed",
        )
    waiting = await connection.execute("SELECT count(*) FROM work WHERE state = 'available'")
    count = await waiting.fetchone()
    return Restored(backup, kept, int(count[0]) if count else 0)
