"""The manifest: what a backup holds, in a file beside the dump."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Final

import msgspec

from reeld.storage.errors import BackupUnusable

FORMAT: Final = 1
"""The version of the manifest; one with a higher number is refused."""

DUMP: Final = "database.dump"
KEY: Final = "vault.key"
MANIFEST: Final = "manifest.json"
LARGEST_MANIFEST: Final = 1024 * 1024

_TABLE = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class FileFacts(msgspec.Struct, frozen=True):
    """Length in bytes and hash of a file."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a backup without opening the dump.

    Attributes:
        format: The version of this document.
        reeld: The version of reeld that made it.
        schema: The number of the last migration that the database had had.
        server_major: PostgreSQL's version that was dumped.
        tool_major: The version of `pg_dump`; only a `pg_restore` of it or a newer one can read the dump.
        taken_at: The moment that the rows are of (UTC).
        dump: The dump, in PostgreSQL's custom format.
        key: The copy of the vault's key file; None when there was none.
        needs_key: Whether rows are sealed with a key: without it, torrents and feed links in them are lost.
        key_ids: The ids of the keys that open them, as far as they were known when it was made.
        database_bytes: The size of the database when it was dumped: so much room does a restore need.
        tables: The rows of each table at that moment.
    """

    format: int
    reeld: str
    schema: int
    server_major: int
    tool_major: int
    taken_at: datetime
    dump: FileFacts
    key: FileFacts | None
    needs_key: bool
    database_bytes: int
    tables: dict[str, int]
    key_ids: list[str] = []

    @property
    def size(self) -> int:
        """The bytes of dump and key."""
        return self.dump.bytes + (self.key.bytes if self.key else 0)


def to_bytes(manifest: Manifest) -> bytes:
    """Return the document as it is stored."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def hash_of(document: bytes) -> str:
    """Return the hash that a verification is bound to."""
    return hashlib.sha256(document).hexdigest()


def from_bytes(document: bytes) -> Manifest:
    """Read a manifest, of which no byte is trusted.

    Raises:
        BackupUnusable: It is no manifest, or one of a later version of reeld.
    """
    try:
        found = msgspec.json.decode(document, type=_Version).format
        if found > FORMAT:
            raise BackupUnusable(
                f"The backup has manifest format {found}, this reeld knows {FORMAT}: install the version that made it.",
                reason="backup_newer",
            )
        manifest = msgspec.json.decode(document, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BackupUnusable(
            "The manifest cannot be read: it is damaged. Use another backup."
        ) from error
    if not _makes_sense(manifest):
        raise BackupUnusable("The manifest makes no sense: it is damaged. Use another backup.")
    return manifest


class _Version(msgspec.Struct):
    format: int


def _makes_sense(manifest: Manifest) -> bool:
    files = [manifest.dump, *([manifest.key] if manifest.key else [])]
    return (
        manifest.format == FORMAT
        and manifest.taken_at.tzinfo is not None
        and all(_SHA256.fullmatch(each.sha256) and each.bytes >= 0 for each in files)
        and all(_TABLE.fullmatch(name) and rows >= 0 for name, rows in manifest.tables.items())
    )
