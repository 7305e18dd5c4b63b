"""Passwords: what is stored of them, and what checking them may cost."""

from __future__ import annotations

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


async def test_whoever_would_wait_too_long_is_told_so_and_two_are_hashed_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    go, lock = threading.Event(), threading.Lock()
    running, most = 0, 0

    class Slow(Counted):
        def hash(self, password: str) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            go.wait(30)
            with lock:
                running -= 1
            return super().hash(password)

    monkeypatch.setattr(passwords, "HASHER", Slow())
    own = Passwords()
    refused = 0

    async def one() -> None:
        nonlocal refused
        try:
            await own.hash(Secret("correct horse"))
        except TooMany:
            refused += 1

    async with trio.open_nursery() as nursery:
        for _ in range(passwords.AT_ONCE + passwords.MOST_WAITING + 10):
            nursery.start_soon(one)
        with trio.fail_after(30):
            while most < passwords.AT_ONCE or not refused:
                await trio.sleep(0.01)
        go.set()
    assert refused == 10
    assert most == passwords.AT_ONCE
