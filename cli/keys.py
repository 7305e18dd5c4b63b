"""The keys that open the daemon's door: the administrator's, and one for whoever runs commands on this machine."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.http.access import Caller, digest
from reeld.http.identity.names import ADMINISTRATOR, LOCAL
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import keys
from reeld.telemetry import redaction

log = structlog.get_logger("reeld.cli")

LOCAL_FILE: Final = "daemon.json"
"""In the data directory, readable by its owner alone: where the running daemon answers, and a key to it."""


@dataclass(frozen=True, slots=True)
class LocalDaemon:
    """What a command needs to call the daemon that runs on this data directory.

    Attributes:
        certificate: The file of the certificate that it shows, whatever name that is for; None without TLS.
    """

    url: str
    key: Secret
    ops_url: str
    certificate: str | None = None


class Keys:
    """Makes and checks the keys of one daemon.

    Args:
        data_dir: Where the local key is published.
        configured: The administrator's key from the settings, instead of a generated one.
    """

    def __init__(self, data_dir: Path, configured: Secret | None) -> None:
        self._path = data_dir / LOCAL_FILE
        self._configured = configured
        self._local = Secret(f"reeld_local_{secrets.token_urlsafe(32)}")
        self.new: Secret | None = None
        redaction.register([self._local.reveal()])

    @property
    def fixed(self) -> dict[bytes, Caller]:
        """By their hashes, the keys that need no database."""
        known = {digest(self._local.reveal()): Caller(LOCAL, Scope.ADMIN)}
        if self._configured is not None:
            known[digest(self._configured.reveal())] = Caller(ADMINISTRATOR, Scope.ADMIN)
        return known

    async def ensure(self, database: Database) -> None:
        """Make the administrator's key at the very first start, unless the settings bring one."""
        if self._configured is not None:
            return
        key = keys.generate()
        async with database.transaction() as conn:
            if await keys.store(conn, ADMINISTRATOR, key) is not None:
                self.new = key
                redaction.register([key.reveal()])

    async def find(self, database: Database, key: Secret) -> Caller | None:
        """Return whose key it is, by the database, and note its use; None when it is nobody's.

        Of a key whose time is over it is told whose it was: `Caller.has_ended`.
        """
        found = await keys.find(database, key)
        if found is None:
            over = await keys.expired(database, key)
            return None if over is None else Caller(over[0], over[2], ends_at=over[1])
        try:
            async with database.transaction() as conn:
                await keys.note_use(conn, found.id)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("key_use_not_noted", reason=error.reason)
        return Caller(
            found.name, found.scope, found.owner_id, ends_at=found.expires_at, key_id=found.id
        )

    def publish_local(self, url: str, ops_url: str, certificate: Path | None = None) -> Secret:
        """Let commands on this machine find the daemon. Blocks on the disk."""
        draft = self._path.with_suffix(".tmp")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            note = {"url": url, "ops_url": ops_url, "key": self._local.reveal(), "pid": os.getpid()}
            shown = {} if certificate is None else {"certificate": str(certificate)}
            json.dump(note | shown, file)
        draft.replace(self._path)
        return self._local

    def withdraw_local(self) -> None:
        """Take the note away again."""
        self._path.unlink(missing_ok=True)


def find_local(data_dir: Path) -> LocalDaemon | None:
    """Return the daemon that runs on a data directory; None when there is no note of one."""
    try:
        note = json.loads((data_dir / LOCAL_FILE).read_text(encoding="utf-8"))
        return LocalDaemon(
            str(note["url"]),
            Secret(str(note["key"])),
            str(note.get("ops_url", note["url"])),
            note.get("certificate"),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
