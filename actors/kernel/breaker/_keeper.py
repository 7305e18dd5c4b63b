"""Keeps breakers in the database, off the path of the calls."""

from __future__ import annotations

import structlog
import trio

from reeld.actors.kernel.breaker._breaker import Breaker
from reeld.actors.kernel.breaker._stored import BreakerStore, StoredBreaker
from reeld.domain.errors import DatabaseUnavailable

log = structlog.get_logger("reeld.actors")


class BreakerKeeper:
    """Restores breakers at the start of the daemon and stores what changes, from one task of its own.

    A change only marks the breaker. The task stores the newest state of each marked one, so that many changes cost
    one write; while the database is away the marks stay, and no call notices.

    Args:
        store: Where the breakers are kept.
        deadline: Seconds that one load or save may take.
        pace: Seconds between two rounds of saving.
        patience: The longest pause, in seconds, between attempts while the store fails.
    """

    def __init__(
        self,
        store: BreakerStore,
        *,
        deadline: float = 5.0,
        pace: float = 0.5,
        patience: float = 30.0,
    ) -> None:
        self._store = store
        self._deadline = deadline
        self._pace = pace
        self._patience = patience
        self._marked: dict[str, Breaker] = {}
        self._unread: dict[str, tuple[Breaker, int]] = {}
        self._wake = trio.Event()
        self._adopting = 0
        self._adopted = trio.Event()

    @property
    def pending(self) -> frozenset[str]:
        """The names of the breakers whose newest state is not stored yet."""
        return frozenset(self._marked)

    async def adopt(self, breaker: Breaker) -> Breaker:
        """Restore a breaker and keep it from now on. Takes `deadline` seconds at most, and never fails.

        When the store cannot be read the breaker begins half-open, and is restored as soon as the store can be read,
        unless it has learned something by itself meanwhile: see `catch_up`.
        """
        self._adopting += 1
        try:
            self._restore(breaker, await self._load(breaker.name))
        except Exception as error:  # noqa: BLE001  # whatever ails the store, the service can still be called
            # At the start of the daemon the database is often not up yet: that is nothing to worry about.
            tell = log.info if isinstance(error, DatabaseUnavailable) else log.warning
            tell("breaker_not_restored", breaker=breaker.name, error=type(error).__name__)
            breaker.distrust()
            self._unread[breaker.name] = (breaker, breaker.revision)
            self._wake.set()
        finally:
            self._adopting -= 1
            self._adopted.set()
        breaker.on_change = self._mark
        return breaker

    async def catch_up(self) -> None:
        """Restore what could not be read so far. Whoever lets calls through for the first time awaits it before.

        Otherwise credentials that are known to be wrong would be tried again at each start that finds the database away.

        Raises:
            DatabaseUnavailable: The database is away: try again later.
        """
        while self._adopting:
            # One that began to read while the database was away has yet to fail.
            self._adopted = trio.Event()
            await self._adopted.wait()
        try:
            await self._read_unread()
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # what cannot be read is no reason to let nothing begin
            log.warning(
                "breakers_not_read", breakers=sorted(self._unread), error=type(error).__name__
            )

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Store what changes, until cancelled; then store the rest, for `deadline` seconds at most."""
        task_status.started()
        try:
            await self._keep_storing()
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + self._deadline):
                await self.flush()

    async def flush(self) -> bool:
        """Store every marked breaker once. Returns whether all are stored."""
        try:
            await self._read_unread()
            while self._marked:
                await self._save(next(iter(self._marked)))
        except Exception as error:  # noqa: BLE001  # the marks stay, so that the next round tries again
            log.warning(
                "breakers_not_stored", breakers=sorted(self._marked), error=type(error).__name__
            )
            return False
        return True

    async def _keep_storing(self) -> None:
        pause = self._pace
        while True:
            await self._wake.wait()
            self._wake = trio.Event()
            if await self.flush():
                pause = self._pace
            else:
                self._wake.set()
                pause = min(self._patience, pause * 2)
            await trio.sleep(pause)

    async def _read_unread(self) -> None:
        for name, (breaker, revision) in list(self._unread.items()):
            stored = await self._load(name)
            self._unread.pop(name, None)
            if breaker.revision == revision:
                self._restore(breaker, stored)

    async def _load(self, name: str) -> StoredBreaker | None:
        with trio.fail_after(self._deadline):
            return await self._store.load(name)

    async def _save(self, name: str) -> None:
        breaker = self._marked.pop(name)
        saved = False
        try:
            with trio.fail_after(self._deadline):
                await self._store.save(breaker.stored())
            saved = True
        finally:
            if not saved:
                self._marked.setdefault(name, breaker)

    def _restore(self, breaker: Breaker, stored: StoredBreaker | None) -> None:
        if stored is not None:
            breaker.restore(stored)

    def _mark(self, breaker: Breaker) -> None:
        self._marked[breaker.name] = breaker
        self._wake.set()
