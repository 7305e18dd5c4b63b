"""Judgements of the parts of a daemon, from what is known of them: one function a check, and the few that look."""

from reeld.actors.checks._backups import BackupAges, check_backup
from reeld.actors.checks._client import LinkTrial, check_links, check_preferences
from reeld.actors.checks._database import SILENT_SECONDS, check_database
from reeld.actors.checks._disks import DISK_SECONDS, Disks
from reeld.actors.checks._parts import check_actor, check_breaker, check_mailboxes
from reeld.actors.checks._process import ProcessWatch
from reeld.actors.checks._rows import (
    check_feed,
    check_leader,
    check_migrations,
    check_profile,
    check_schedule,
    check_work,
)
from reeld.actors.checks._services import check_service

__all__ = [
    "DISK_SECONDS",
    "SILENT_SECONDS",
    "BackupAges",
    "Disks",
    "LinkTrial",
    "ProcessWatch",
    "check_actor",
    "check_backup",
    "check_breaker",
    "check_database",
    "check_feed",
    "check_leader",
    "check_links",
    "check_mailboxes",
    "check_migrations",
    "check_preferences",
    "check_profile",
    "check_schedule",
    "check_service",
    "check_work",
]
