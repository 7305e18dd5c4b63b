"""pykka's actor reference, with futures that can be awaited."""

from __future__ import annotations

from typing import Any, Literal, TypeVar, overload

import pykka
from pykka.messages import _ActorStop

from reeld.actors.kernel._future import TrioFuture

A = TypeVar("A", bound=pykka.Actor)


class TrioRef(pykka.ActorRef[A]):
    """A reference to a `TrioActor`: on the loop ask and stop with `block=False`, and await."""

    @overload
    def stop(self, *, block: Literal[True], timeout: float | None = None) -> bool: ...

    @overload
    def stop(
        self, *, block: Literal[False], timeout: float | None = None
    ) -> pykka.Future[bool]: ...

    @overload
    def stop(
        self, *, block: bool = True, timeout: float | None = None
    ) -> bool | pykka.Future[bool]: ...

    def stop(
        self, *, block: bool = True, timeout: float | None = None
    ) -> bool | pykka.Future[bool]:
        """Ask the actor to stop after what it was sent before; see `pykka.ActorRef.stop`.

        Returns:
            True if this stopped it, False if it was dead; with `block=False`, a future of that.

        Raises:
            RuntimeError: Called with `block=True` on the loop's thread.
        """
        asked = self.ask(_ActorStop(), block=False)

        def stopped(timeout: float | None) -> bool:
            try:
                asked.get(timeout=timeout)
            except pykka.ActorDeadError:
                return False
            return True

        future: TrioFuture[Any] = TrioFuture()
        future.derive(stopped, asked)
        return future.get(timeout=timeout) if block else future
