"""How psycopg's generators wait on trio.

psycopg is built as generators that say "call me when this socket is readable" and a wait function for each way of
waiting. These are the wait functions for trio. They are the hot path of every statement: no cancel scope, no task and
no allocation that a plain round trip does not need.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Final, TypeVar, cast

import trio
from psycopg import errors
from psycopg.waiting import Ready, Wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from psycopg.abc import PQGen, PQGenConn

T = TypeVar("T")

WAIT_R: Final = Wait.R
WAIT_W: Final = Wait.W
READY_R: Final = Ready.R

LONGEST_BUSY_SECONDS: Final = 0.005
"""How long a generator that always finds its socket ready may keep the loop from the other tasks."""


async def wait_for(gen: PQGen[T], fileno: int, *, timeout: float | None = None) -> T:
    """Drive a generator of one connection to its end.

    Args:
        gen: A generator that yields what it waits for. It may have been started already.
        fileno: The connection's socket.
        timeout: Seconds; None waits without an end.

    Returns:
        What the generator returns.

    Raises:
        psycopg.errors._WaitTimeout: `timeout` passed. The generator can be driven on.
        psycopg.OperationalError: The socket was closed meanwhile.
        trio.Cancelled: The generator can be driven on.
    """
    if timeout is None:
        return await _drive(gen, fileno)
    with trio.move_on_after(timeout):
        return await _drive(gen, fileno)
    return _after_timeout(gen, fileno)


async def wait_for_connection(gen: PQGenConn[T]) -> T:
    """Drive a generator whose socket may change from step to step: connecting, and asking for a cancellation.

    Raises:
        psycopg.OperationalError: No connection.
    """
    try:
        fileno, wanted = next(gen)
        while True:
            fileno, wanted = gen.send(await _until_ready(fileno, wanted))
    except StopIteration as end:
        return cast("T", end.value)


async def _drive(gen: PQGen[T], fileno: int) -> T:
    last_turn = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            if wanted == WAIT_R:
                await trio.lowlevel.wait_readable(fileno)
                ready = READY_R
            elif found := _ready_now(fileno, wanted):
                # A socket asked for writing is nearly always writable: polling it is cheaper than a turn of the loop.
                ready = found
                if time.monotonic() - last_turn > LONGEST_BUSY_SECONDS:
                    await trio.lowlevel.checkpoint()
                    last_turn = time.monotonic()
            else:
                ready = await _until_ready(fileno, wanted)
                last_turn = time.monotonic()
            wanted = gen.send(ready)
    except StopIteration as end:
        return cast("T", end.value)
    except (OSError, trio.ClosedResourceError) as error:
        raise errors.OperationalError("the connection's socket was closed") from error


def _after_timeout(gen: PQGen[T], fileno: int) -> T:
    """Look once more at what has arrived already, so that a timeout of zero still polls."""
    try:
        gen.send(_ready_now(fileno, WAIT_R))
    except StopIteration as end:
        return cast("T", end.value)
    raise errors._WaitTimeout("wait timeout expired")


def _ready_now(fileno: int, wanted: Wait) -> Ready:
    poll = select.poll()
    readable = select.POLLIN if wanted & WAIT_R else 0
    writable = select.POLLOUT if wanted & WAIT_W else 0
    poll.register(fileno, readable | writable)
    ready = 0
    for _, events in poll.poll(0):
        # An error or a hang-up counts as ready: the next read or write tells what happened.
        broken = events & ~(select.POLLIN | select.POLLOUT)
        ready |= int(Ready.R) if readable and events & (select.POLLIN | broken) else 0
        ready |= int(Ready.W) if writable and events & (select.POLLOUT | broken) else 0
    return Ready(ready)


async def _until_ready(fileno: int, wanted: Wait) -> Ready:
    if wanted == WAIT_R:
        await trio.lowlevel.wait_readable(fileno)
        return Ready.R
    if wanted == WAIT_W:
        await trio.lowlevel.wait_writable(fileno)
        return Ready.W
    return await _until_either(fileno)


async def _until_either(fileno: int) -> Ready:
    ready = 0
    closed: Exception | None = None

    async def waiting(wait: Callable[[int], Awaitable[None]], means: Ready) -> None:
        nonlocal ready, closed
        try:
            await wait(fileno)
        except (OSError, trio.ClosedResourceError) as error:
            closed = error
        ready |= means
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(waiting, trio.lowlevel.wait_readable, Ready.R)
        nursery.start_soon(waiting, trio.lowlevel.wait_writable, Ready.W)
    if closed is not None:
        raise closed
    return Ready(ready)
