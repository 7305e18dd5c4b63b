"""Rows of people, sessions and keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reeld.domain.role import Role
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.storage import Database
from reeld.storage.repositories import keys, sessions, users
from reeld.storage.repositories.users import User

MONTH, WEEK = timedelta(days=30), timedelta(days=7)


@pytest.fixture
async def anna(database: Database) -> User:
    async with database.transaction() as conn:
        made = await users.add(conn, "Anna", Role.OPERATOR, Secret("a hash"))
    assert made is not None
    return made


async def test_a_name_is_one_however_it_is_capitalised(database: Database, anna: User) -> None:
    async with database.transaction() as conn:
        assert await users.add(conn, "ANNA", Role.ADMIN, Secret("b")) is None
    found = await users.named(database, "aNNa")
    assert found is not None
    assert (found[0].name, found[0].role, found[1].reveal()) == ("Anna", Role.OPERATOR, "a hash")


async def test_a_session_does_not_begin_for_a_password_that_was_changed_meanwhile(
    database: Database, anna: User
) -> None:
    async with database.transaction() as conn:
        await users.set_password(conn, anna.id, Secret("another hash"))
    async with database.transaction() as conn:
        token = sessions.generate()
        assert not await sessions.begin(conn, anna, token, MONTH, "192.0.2.1", "")
    assert await sessions.every(database, WEEK) == []


async def test_a_person_has_so_many_sessions_and_no_more(
    database: Database, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_OF_ONE", 3)
    tokens = [sessions.generate() for _ in range(5)]
    for number, token in enumerate(tokens):
        async with database.transaction() as conn:
            await sessions.begin(conn, anna, token, MONTH, f"192.0.2.{number}", "")
    left = [each.origin for each in await sessions.every(database, WEEK, anna.id)]
    assert sorted(left) == ["192.0.2.2", "192.0.2.3", "192.0.2.4"]


async def test_use_is_written_once_a_minute(database: Database, anna: User) -> None:
    token = sessions.generate()
    async with database.transaction() as conn:
        await sessions.begin(conn, anna, token, MONTH, "192.0.2.1", "")
    found = await sessions.find(database, token, WEEK)
    assert found is not None
    (before,) = await sessions.every(database, WEEK)
    async with database.transaction() as conn:
        await sessions.note_use(conn, found.id)
    assert await sessions.every(database, WEEK) == [before]
    await database.execute("UPDATE session SET last_used_at = now() - interval '2 min'")
    async with database.transaction() as conn:
        await sessions.note_use(conn, found.id)
    (after,) = await sessions.every(database, WEEK)
    assert after.last_used_at > before.last_used_at


async def test_sessions_that_are_over_are_deleted(database: Database, anna: User) -> None:
    for age, left in ((0, 20), (8, 20), (0, -1)):
        async with database.transaction() as conn:
            await sessions.begin(
                conn, anna, sessions.generate(), timedelta(days=left), "192.0.2.1", ""
            )
        await database.execute(
            "UPDATE session SET last_used_at = now() - make_interval(days => %s)"
            " WHERE id = (SELECT max(id) FROM session)",
            (age,),
        )
    async with database.transaction() as conn:
        assert await sessions.prune(conn, WEEK, limit=100) == 2
    assert len(await sessions.every(database, WEEK)) == 1


async def test_a_key_allows_no_more_than_its_owners_role(database: Database, anna: User) -> None:
    key = keys.generate()
    async with database.transaction() as conn:
        await keys.store(conn, "script", key, Scope.ADMIN, user_id=anna.id)
    found = await keys.find(database, key)
    assert found is not None
    assert (found.scope, found.owner, found.owner_id) == (Scope.OPERATE, "Anna", anna.id)
    async with database.transaction() as conn:
        assert not await keys.revoke(conn, found.id, anna.id + 1)
        assert await users.remove(conn, anna.id)
    assert await keys.find(database, key) is None
