"""pykka's actor contract, kept by a trio task in place of a thread."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from types import CoroutineType
from typing import TYPE_CHECKING, Any

import pykka
import trio
from pykka._envelope import Envelope as PykkaEnvelope
from pykka.messages import _ActorStop

from reeld.actors.kernel._faults import part
from reeld.actors.kernel._future import TrioFuture
from reeld.actors.kernel._host import current_host
from reeld.actors.kernel._mailbox import Mailbox
from reeld.actors.kernel._ref import TrioRef

if TYPE_CHECKING:
    from reeld.actors.kernel._cell import Cell

# pykka's own logger: its contract says which lines appear there.
logger = logging.getLogger("pykka")

adopting: ContextVar[Cell | None] = ContextVar("reeld_adopting", default=None)
"""The cell whose next incarnation is being constructed: it lends the new actor its address."""

ON_STOP_SECONDS = 5.0
"""How long an `on_stop` may clean up, whatever has been cancelled around it."""

_task_number = count()


class TrioActor(pykka.Actor):
    """A pykka actor whose loop is a trio task.

    Everything of pykka's documented contract holds, and handlers and hooks may be coroutines. Inside
    the loop, ask with `block=False` and await the future: a call that would block the loop raises
    `RuntimeError`. `start` needs a `host_actors()` block around it, on whatever thread it is called.

    Such an actor has no supervisor: a failed tell ends it, as pykka says. For actors that are
    restarted behind a stable address see `Actor`.
    """

    actor_inbox: Mailbox

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        cell = adopting.get()
        if cell is None:
            super().__init__()
            self._actor_ref = TrioRef(self)
        else:
            adopting.set(None)
            self._adopt(cell)

    def _adopt(self, cell: Cell) -> None:
        """Become the next incarnation behind the cell's address instead of getting one's own.

        This happens in the constructor, so that a subclass may hand its address out from there.
        """
        self.actor_urn = cell.urn
        self.actor_inbox = cell.mailbox
        self.actor_stopped = cell.stopped
        self._actor_ref = cell.lend_ref(self)

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return Mailbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return TrioFuture()

    def _start_actor_loop(self) -> None:
        name = f"{type(self).__name__}-{next(_task_number)}"
        try:
            current_host().spawn(self._trio_loop, name, self._bury)
        except RuntimeError:
            # pykka registers an actor before it starts it: one that never ran must not stay listed.
            self._bury()
            raise

    async def _trio_loop(self) -> None:
        try:
            await self._set_up()
            while not self.actor_stopped.is_set():
                await self._handle(await self.actor_inbox.receive())
        finally:
            self._bury()

    async def _set_up(self) -> None:
        try:
            await _finish(self.on_start)
        except Exception:  # noqa: BLE001 -- pykka: a failing on_start is logged and ends the actor
            self._handle_failure(*sys.exc_info())

    async def _handle(self, envelope: PykkaEnvelope[Any]) -> None:
        reply_to = envelope.reply_to
        try:
            if isinstance(envelope.message, _ActorStop):
                await self._stop_now()
                response = None
            else:
                response = self._handle_receive(envelope.message)
                # Not any awaitable: a handler may well answer with a future, which is one too.
                if isinstance(response, CoroutineType):
                    response = await response
            if reply_to is not None:
                reply_to.set(response)
        except Exception:  # noqa: BLE001 -- pykka: an ask's error goes to the asker, a tell's ends the actor
            await self._failed(reply_to)
        except BaseException as error:  # noqa: BLE001 -- what must go on is raised on
            self._answer_as_dead(envelope)
            cancelled, fault = part(error)
            if fault is not None:
                await self._stop_everything(fault)
            if cancelled is not None:
                raise cancelled from None

    async def _failed(self, reply_to: pykka.Future[Any] | None) -> None:
        if reply_to is not None:
            logger.info("Exception returned from %s to caller:", self, exc_info=sys.exc_info())
            reply_to.set_exception()
            return
        self._handle_failure(*sys.exc_info())
        try:
            await _finish(self.on_failure, *sys.exc_info())
        except Exception:  # noqa: BLE001 -- as above
            self._handle_failure(*sys.exc_info())

    async def _stop_everything(self, error: BaseException) -> None:
        logger.debug("%r in %s. Stopping all actors.", error, self)
        await self._stop_now()
        pykka.ActorRegistry.stop_all(block=False)  # blocking would wait on the loop for the loop
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise error

    async def _stop_now(self) -> None:
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        logger.debug("Stopped %s", self)
        try:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + ON_STOP_SECONDS):
                await _finish(self.on_stop)
        except Exception:  # noqa: BLE001 -- as above
            self._handle_failure(*sys.exc_info())

    def _bury(self) -> None:
        """Take no more messages, and answer those that wait. No checkpoint: needs no shield."""
        if not self.actor_stopped.is_set():
            pykka.ActorRegistry.unregister(self.actor_ref)
            self.actor_stopped.set()
        for envelope in self.actor_inbox.close(self._answer_as_dead):
            if isinstance(envelope.message, _ActorStop) and envelope.reply_to is not None:
                envelope.reply_to.set(None)
            else:
                self._answer_as_dead(envelope)

    def _answer_as_dead(self, envelope: PykkaEnvelope[Any]) -> None:
        if envelope.reply_to is not None:
            error = pykka.ActorDeadError(f"{self.actor_ref} stopped before handling the message")
            envelope.reply_to.set_exception((type(error), error, None))


async def _finish(hook: Callable[..., object], *args: object) -> None:
    """Call a hook, and await what it returns if it is a coroutine function."""
    result = hook(*args)
    if isinstance(result, CoroutineType):
        await result
