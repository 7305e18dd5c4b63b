"""Passwords: argon2id with the library's defaults (RFC 9106's second choice: 64 MiB, three passes, four lanes).

A hash takes about a tenth of a second of a processor and 64 MiB: two at once, off the loop, and bounded queues. One of
the two is kept for whoever is known, so that strangers who log in without an end keep nobody else waiting.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import Final, TypeVar

import trio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reeld.domain.secret import Secret
from reeld.http.identity.refusals import TooMany

HASHER = PasswordHasher()
AT_ONCE: Final = 2
"""One for strangers, one for whoever is known."""
MOST_WAITING: Final = 32
"""In each of the two queues."""

T = TypeVar("T")


class Passwords:
    """Hashes and verifies. Cancelled, a call ends when its hash does."""

    def __init__(self) -> None:
        self._strangers = trio.CapacityLimiter(1)
        self._known = trio.CapacityLimiter(AT_ONCE - 1)
        self._nobodys: Secret | None = None

    async def hash(self, password: Secret) -> Secret:
        """Return what is stored of a password. Who has one hashed has been let in.

        Raises:
            TooMany: Too many others wait.
        """
        return await self._hash(password, self._known)

    async def fits(self, password: Secret, stored: Secret | None, *, at_home: bool = False) -> bool:
        """Whether a password is the one that was hashed; without a hash it takes as long, and is wrong.

        Args:
            password: As it was typed.
            stored: The hash; None when nobody has the name.
            at_home: It comes from a network that its owner was let in from before: no stranger waits before it.

        Raises:
            TooMany: Too many others wait; the password was not looked at.
        """
        queue = self._known if at_home else self._strangers
        if self._nobodys is None:
            # For whoever comes first, known or not: how long it takes must not tell.
            self._nobodys = await self._hash(Secret(secrets.token_urlsafe(32)), queue)
        fits = await self._run(partial(_verified, password, stored or self._nobodys), queue)
        return fits and stored is not None

    def is_outdated(self, stored: Secret) -> bool:
        """Whether a password is hashed with other parameters than new ones are."""
        return HASHER.check_needs_rehash(stored.reveal())

    async def _hash(self, password: Secret, queue: trio.CapacityLimiter) -> Secret:
        return Secret(await self._run(partial(HASHER.hash, password.reveal()), queue))

    async def _run(self, work: partial[T], queue: trio.CapacityLimiter) -> T:
        if queue.statistics().tasks_waiting >= MOST_WAITING:
            raise TooMany("Too many people log in at once. Try again in 2 s.", retry_after=2.0)
        return await trio.to_thread.run_sync(work, limiter=queue)


def _verified(password: Secret, stored: Secret) -> bool:
    try:
        return HASHER.verify(stored.reveal(), password.reveal())
    except (VerificationError, InvalidHashError):
        return False
