"""Backups of the database: made beside the running daemon, tried by a real restore, and put back by a swap of names."""

from reeld.storage.backup._create import Source, create_backup
from reeld.storage.backup._folder import LATEST, Backup, BackupFolder
from reeld.storage.backup._former import (
    FormerDatabase,
    drop_former_databases,
    former_databases,
)
from reeld.storage.backup._manifest import Manifest
from reeld.storage.backup._marking import Restored
from reeld.storage.backup._restore import Target, restore_backup
from reeld.storage.backup._rows import connected
from reeld.storage.backup._verify import verify_backup
from reeld.storage.backup._work import Step, Tell, retire_old, tell_nobody, working_in

__all__ = [
    "LATEST",
    "Backup",
    "BackupFolder",
    "FormerDatabase",
    "Manifest",
    "Restored",
    "Source",
    "Step",
    "Target",
    "Tell",
    "connected",
    "create_backup",
    "drop_former_databases",
    "former_databases",
    "restore_backup",
    "retire_old",
    "tell_nobody",
    "verify_backup",
    "working_in",
]
