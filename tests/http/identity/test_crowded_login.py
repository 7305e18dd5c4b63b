"""Logging in while strangers do so without an end: real hashing threads and counts, of which the strangers' is stuck."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator

import pytest
import trio
from argon2 import PasswordHasher

from reeld.domain.role import Role
from reeld.domain.secret import Secret
from reeld.domain.settings import AccessSettings
from reeld.http.identity import passwords
from reeld.http.identity.login import Identity
from reeld.http.identity.passwords import Passwords
from reeld.http.identity.refusals import TooMany, WrongCredentials
from reeld.http.identity.sessions import Sessions
from reeld.http.identity.throttling import Throttle
from reeld.storage import Database
from reeld.storage.repositories import users
from reeld.storage.repositories.throttles import FREE
from reeld.telemetry import Metrics

HOME, ROAD = "192.0.2.7", "198.51.100.7"
PASSWORD = Secret("correct horse battery")


class StuckForStrangers:
    """Hashes; whoever types a wrong password is kept waiting."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.is_stuck = False
        self._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        if password != PASSWORD.reveal():
            self.is_stuck = True
            self.go.wait(30)
        return self._hasher.verify(stored, password)

    def check_needs_rehash(self, stored: str) -> bool:
        return False


@pytest.fixture
async def identity(database: Database, quick_passwords: None) -> Identity:
    """Knows one person, who was let in from home before."""
    sessions = Sessions(database, AccessSettings)
    made = Identity(database, Passwords(), Throttle(database), sessions, Metrics())
    async with database.transaction() as conn:
        await users.add(conn, "Owner", Role.ADMIN, await made.passwords.hash(PASSWORD))
    await made.verify("owner", PASSWORD, HOME)
    return made


@pytest.fixture
async def flood(monkeypatch: pytest.MonkeyPatch, identity: Identity) -> AsyncIterator[None]:
    """Strangers with made-up names from many networks: one is hashed, all places of the queue are taken."""
    hasher = StuckForStrangers()
    monkeypatch.setattr(passwords, "HASHER", hasher)
    turned_away = 0

    async def stranger(number: int) -> None:
        nonlocal turned_away
        try:
            await identity.verify(f"name-{number}", Secret("wrong"), f"10.0.{number}.1")
        except TooMany:
            turned_away += 1
        except WrongCredentials:
            pass

    async with trio.open_nursery() as strangers:
        for number in range(passwords.MOST_WAITING + 8):
            strangers.start_soon(stranger, number)
        with trio.fail_after(30):
            while turned_away < 7:
                await trio.sleep(0.01)
        yield
        hasher.go.set()


async def test_the_owner_gets_in_from_home_while_strangers_take_all_places(
    identity: Identity, flood: None
) -> None:
    with trio.fail_after(30):
        for _ in range(2 * FREE):
            assert (await identity.verify("owner", PASSWORD, HOME)).name == "Owner"


async def test_who_was_turned_away_before_the_password_was_looked_at_has_not_guessed(
    identity: Identity, database: Database, flood: None
) -> None:
    for _ in range(2 * FREE):
        with pytest.raises(TooMany, match="log in at once"):
            await identity.verify("owner", PASSWORD, ROAD)
    counted = await database.fetch_all(
        "SELECT failures FROM throttle WHERE subject = '198.51.100.0/24'"
    )
    assert counted == [(0,)]
