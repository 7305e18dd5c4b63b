"""A pykka future that a trio task can await and any other thread can block on."""

from __future__ import annotations

import queue
import sys
from collections.abc import Callable, Generator, Iterable
from threading import Event, Lock
from types import TracebackType
from typing import Any, TypeVar, cast

import pykka
import trio
from pykka._future import _Unset

from reeld.actors.kernel._sleeper import Sleeper

T = TypeVar("T")
J = TypeVar("J")
M = TypeVar("M")
R = TypeVar("R")

ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
Waker = Callable[[], None]


class TrioFuture(pykka.Future[T]):
    """The answer to an ask, now or later.

    `await` it in a trio task; call `get` on any other thread. On the loop's own thread a `get` that
    would have to wait raises `RuntimeError` instead of stopping the loop. Awaiting is cancellable and
    can be repeated; an answer that is there already is returned without a checkpoint.

    pykka derives futures from futures (`map`, `join`, the one of `stop`) by a hook that blocks on its
    sources. Those sources are remembered, so that awaiting such a future first waits for them all and
    then runs the hook, which by then has nothing to wait for.
    """

    # As defaults of the class, not in the constructor: a future is made for every ask.
    _get_hook: Callable[[float | None], T] | None = None
    _get_hook_result: T | _Unset = _Unset()
    _settled = False
    _value: Any = None
    _exc_info: ExcInfo | None = None
    _wakers: tuple[Waker, ...] = ()
    _sources: tuple[TrioFuture[Any], ...] = ()

    def __init__(self) -> None:
        self._lock = Lock()

    # Settling

    def settle(self, value: T | None = None, exc_info: ExcInfo | None = None) -> bool:
        """Set the answer unless there is one. Callable on any thread.

        Returns:
            Whether this call set it.
        """
        with self._lock:
            if self._settled or self._get_hook is not None:
                return False
            self._value = value
            self._exc_info = exc_info
            self._settled = True
            wakers = self._wakers
        for wake in wakers:
            wake()
        return True

    def set(self, value: T | None = None) -> None:
        """Set the answer.

        Raises:
            queue.Full: There is one already, or a hook makes it.
        """
        if not self.settle(value):
            raise queue.Full

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Set an exception as the answer, the one being handled by default.

        Raises:
            queue.Full: There is an answer already, or a hook makes it.
        """
        if not self.settle(None, exc_info or sys.exc_info()):
            raise queue.Full

    def set_get_hook(self, func: Callable[[float | None], T]) -> None:
        """Have `func` make the answer when it is first wanted.

        Raises:
            queue.Full: There is an answer already.
        """
        with self._lock:
            if self._settled:
                raise queue.Full
            super().set_get_hook(func)

    # Getting, on a thread that may block

    def get(self, *, timeout: float | None = None) -> T:
        """Return the answer, or raise it. Blocks at most `timeout` seconds.

        Raises:
            pykka.Timeout: The answer did not come in time.
            RuntimeError: The answer is not there and this is the loop's thread, which must not block.
        """
        if trio.lowlevel.in_trio_run() and timeout != 0 and not self._ready():
            raise RuntimeError("this get() would block the trio loop: await the future instead")
        if self._get_hook is not None:
            return self._hooked(timeout)
        if not self._settled:
            self._block(timeout)
        return self._open()

    def _block(self, timeout: float | None) -> None:
        arrived = Event()
        if self._watch(arrived.set) and not arrived.wait(timeout):
            self._unwatch(arrived.set)
            raise pykka.Timeout(f"{timeout} seconds")

    def _hooked(self, timeout: float | None) -> T:
        # The hook may block on its sources, so no lock is held meanwhile; the first result stays.
        if isinstance(self._get_hook_result, _Unset):
            result = cast("Callable[[float | None], T]", self._get_hook)(timeout)
            with self._lock:
                if isinstance(self._get_hook_result, _Unset):
                    self._get_hook_result = result
        return self._get_hook_result

    def _open(self) -> T:
        if self._exc_info is None:
            return cast("T", self._value)
        kind, error, traceback = self._exc_info
        if error is None:
            assert kind is not None
            error = kind()
        raise error.with_traceback(traceback)

    # Awaiting, on the loop

    def __await__(self) -> Generator[Any, Any, T]:
        if not self._settled and trio.lowlevel.in_trio_task():
            yield from self._arrival().__await__()
        return self._open() if self._get_hook is None and self._settled else self.get()

    __iter__ = __await__

    async def _arrival(self) -> None:
        """Return once the answer is there, or can be made without waiting."""
        if self._get_hook is not None:
            for source in self._sources:
                await source._arrival()
            return
        while not self._settled:
            sleeper = Sleeper()
            if self._watch(sleeper.wake):
                try:
                    await sleeper.sleep()
                except BaseException:
                    self._unwatch(sleeper.wake)
                    raise

    def _ready(self) -> bool:
        if self._get_hook is not None:
            return all(source._ready() for source in self._sources)
        return self._settled

    def _watch(self, wake: Waker) -> bool:
        """Have `wake` called when the answer comes; False when it is there already."""
        with self._lock:
            if self._settled:
                return False
            self._wakers = (*self._wakers, wake)
            return True

    def _unwatch(self, wake: Waker) -> None:
        with self._lock:
            self._wakers = tuple(each for each in self._wakers if each != wake)

    # Deriving

    def derive(self, hook: Callable[[float | None], T], *sources: pykka.Future[Any]) -> None:
        """Have `hook` make the answer out of `sources`, which must be futures of this kind."""
        self.set_get_hook(hook)
        _derived(self, *sources)

    def filter(
        self: TrioFuture[Iterable[J]], func: Callable[[J], bool]
    ) -> pykka.Future[Iterable[J]]:
        """See `pykka.Future.filter`; the new future can be awaited too."""
        return _derived(super().filter(func), self)

    def map(self, func: Callable[[T], M]) -> pykka.Future[M]:
        """See `pykka.Future.map`; the new future can be awaited too."""
        return _derived(super().map(func), self)

    def reduce(
        self: TrioFuture[Iterable[J]], func: Callable[[R, J], R], *args: R
    ) -> pykka.Future[R]:
        """See `pykka.Future.reduce`; the new future can be awaited too."""
        return _derived(super().reduce(func, *args), self)

    def join(self, *futures: pykka.Future[Any]) -> pykka.Future[Iterable[Any]]:
        """See `pykka.Future.join`; the new future can be awaited too."""
        return _derived(super().join(*futures), self, *futures)


def _derived(future: pykka.Future[T], *sources: pykka.Future[Any]) -> pykka.Future[T]:
    """Remember what a hooked future is made from."""
    if not all(isinstance(source, TrioFuture) for source in sources):
        raise TypeError("a TrioFuture can be joined with its own kind only: others block the loop")
    cast("TrioFuture[T]", future)._sources = cast("tuple[TrioFuture[Any], ...]", sources)
    return future
