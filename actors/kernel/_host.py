"""Where actors that nobody supervises run."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import Context

import trio

_hosts: list[Host] = []


class Host:
    """A nursery that `TrioActor.start` can reach from any thread."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._token = trio.lowlevel.current_trio_token()

    def spawn(
        self, loop: Callable[[], Awaitable[object]], name: str, failed: Callable[[], None]
    ) -> None:
        """Run `loop` as a task of the host's nursery, in an empty context.

        Args:
            loop: The actor's loop.
            name: The task's name.
            failed: Called on the loop if the nursery had closed by the time the task was to start.

        Raises:
            RuntimeError: The nursery has closed.
            trio.RunFinishedError: The loop has ended.
        """

        # A task copies the context it is started in: an actor must not carry its starter's.
        def start() -> None:
            Context().run(lambda: self._nursery.start_soon(loop, name=name))

        if _on_loop(self._token):
            start()
            return

        def start_or_report() -> None:
            # What escapes from here would end the whole run.
            try:
                start()
            except RuntimeError:
                failed()

        self._token.run_sync_soon(start_or_report)


def current_host() -> Host:
    """Return the innermost host of this process.

    Raises:
        RuntimeError: There is none.
    """
    if not _hosts:
        raise RuntimeError("no host runs actors: enter `host_actors()` in a trio task first")
    return _hosts[-1]


@contextlib.asynccontextmanager
async def host_actors() -> AsyncIterator[Host]:
    """Let `TrioActor.start` work while the block runs; at its end, wait for the actors to stop."""
    async with trio.open_nursery() as nursery:
        host = Host(nursery)
        _hosts.append(host)
        try:
            yield host
        finally:
            _hosts.remove(host)


def _on_loop(token: trio.lowlevel.TrioToken) -> bool:
    return trio.lowlevel.in_trio_run() and trio.lowlevel.current_trio_token() is token
