"""Passwords: what is stored of them, and what checking them may cost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import trio
from argon2 import PasswordHasher

from reeld.domain.secret import Secret
from reeld.http.identity import passwords
from reeld.http.identity.passwords import HASHER, Passwords
from reeld.http.identity.refusals import TooMany


def test_they_are_hashed_as_the_library_thinks_right() -> None:
    assert HASHER.hash("correct horse").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_a_password_fits_its_own_hash_and_no_other(quick_passwords: None) -> None:
    own = Passwords()
    stored = await own.hash(Secret("correct horse"))
    assert "correct" not in stored.reveal()
    assert await own.fits(Secret("correct horse"), stored)
    assert not await own.fits(Secret("correct horses"), stored)
    assert await own.hash(Secret("correct horse")) != stored


@pytest.mark.parametrize("stored", ["", "no hash", "$argon2id$v=19$m=8,t=1,p=1$x$y"])
async def test_what_is_no_hash_fits_nothing(quick_passwords: None, stored: str) -> None:
    assert not await Passwords().fits(Secret("correct horse"), Secret(stored))


async def test_a_hash_of_other_parameters_is_outdated(quick_passwords: None) -> None:
    stored = Secret(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash("x" * 8))
    assert Passwords().is_outdated(stored)
    assert not Passwords().is_outdated(await Passwords().hash(Secret("x" * 8)))


class Counted:
    """Hashes, and says how often."""

    def __init__(self) -> None:
        self.verified: list[str] = []
        self.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    def hash(self, password: str) -> str:
        return self.hasher.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        self.verified.append(stored)
        return self.hasher.verify(stored, password)


async def test_nobodys_password_costs_as_much_as_somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()
    monkeypatch.setattr(passwords, "HASHER", counted)
    own = Passwords()
    stored = await own.hash(Secret("correct horse"))
    assert not await own.fits(Secret("wrong"), stored)
    assert not await own.fits(Secret("wrong"), None)
    # Both are hashes of the same parameters: neither is refused before any work is done.
    own_hash, nobodys = counted.verified
    assert nobodys.rpartition("p=1$")[0] == own_hash.rpartition("p=1$")[0]


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    hasher = Stuck()
    monkeypatch.setattr(passwords, "HASHER", hasher)
    yield hasher
    hasher.go.set()


class Stuck(Counted):
    """Hashes when it is told to, and says how many it did at once."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self._lock = threading.Event(), threading.Lock()
        self.running = self.most = 0

    def hash(self, password: str) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.go.wait(30)
        with self._lock:
            self.running -= 1
        return super().hash(password)


async def test_whoever_would_wait_too_long_is_told_so_and_two_are_hashed_at_once(
    stuck: Stuck,
) -> None:
    own = Passwords()
    refused = {True: 0, False: 0}

    async def one(at_home: bool) -> None:
        try:
            await own.fits(Secret("correct horse"), None, at_home=at_home)
        except TooMany:
            refused[at_home] += 1

    async with trio.open_nursery() as nursery:
        for at_home in (False, True):
            for _ in range(1 + passwords.MOST_WAITING + 10):
                nursery.start_soon(one, at_home)
        with trio.fail_after(30):
            while stuck.most < passwords.AT_ONCE or sum(refused.values()) < 20:
                await trio.sleep(0.01)
        assert refused == {True: 10, False: 10}
        stuck.go.set()
    assert stuck.most == passwords.AT_ONCE


async def test_strangers_keep_nobody_who_is_known_waiting(stuck: Stuck) -> None:
    own = Passwords()

    async def stranger() -> None:
        with suppress(TooMany):
            await own.fits(Secret("wrong"), None)

    async with trio.open_nursery() as nursery:
        for _ in range(60):
            nursery.start_soon(stranger)
        with trio.fail_after(30):
            while not stuck.running:
                await trio.sleep(0.01)
            nursery.start_soon(own.hash, Secret("correct horse"))
            while stuck.running < 2:
                await trio.sleep(0.01)
        stuck.go.set()
