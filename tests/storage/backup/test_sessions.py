"""No session outlives a restore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from reeld.domain.role import Role
from reeld.domain.secret import Secret
from reeld.storage import Database
from reeld.storage.backup._marking import mark_restored
from reeld.storage.repositories import sessions, users


async def test_a_session_that_was_ended_does_not_come_back_with_a_backup(
    database: Database,
) -> None:
    manifest: Any = SimpleNamespace(taken_at=datetime.now(UTC))
    async with database.transaction() as conn:
        anna = await users.add(conn, "anna", Role.ADMIN, Secret("a hash"))
        assert anna is not None
        token = sessions.generate()
        assert await sessions.begin(conn, anna, token, timedelta(days=30), "127.0.0.1", "")
    assert await sessions.find(database, token, timedelta(days=7))
    async with database.transaction() as conn:
        await mark_restored(conn, "a backup", manifest)
    assert await sessions.find(database, token, timedelta(days=7)) is None
    assert await users.named(database, "anna")
