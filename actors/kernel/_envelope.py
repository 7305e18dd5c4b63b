"""A message on its way, with what its sender wants known about it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from math import inf, nan
from typing import Any

from opentelemetry.trace import SpanContext
from pykka import Future
from pykka._envelope import Envelope as PykkaEnvelope

from reeld.actors.kernel._future import TrioFuture


class Envelope(PykkaEnvelope[Any]):
    """A message, who waits for its answer and until when.

    Attributes:
        to: The name of the actor it is sent to.
        deadline: The asker's deadline in the loop's time; infinite for a tell. While the message is
            handled, the handler's own.
        chain: The actors that wait for the answer, the first asker first.
        span: The sender's span context; None when there is none.
        handled_in: The span in which it was handled; None when there is none.
        enqueued_at: The loop's time when it was sent; not a number when no loop ran yet.
        followers: Askers of the same work, whose messages were coalesced into this one.
        concluded: Whether it was answered, or would have been if anybody waited.
    """

    __slots__ = (
        "chain",
        "concluded",
        "deadline",
        "enqueued_at",
        "followers",
        "handled_in",
        "span",
        "to",
    )

    def __init__(
        self,
        message: Any,
        reply_to: Future[Any] | None = None,
        *,
        to: str = "",
        deadline: float = inf,
        chain: tuple[str, ...] = (),
        span: SpanContext | None = None,
        enqueued_at: float = nan,
    ) -> None:
        # Not through super(): an envelope is made for every message.
        self.message = message
        self.reply_to = reply_to
        self.to = to
        self.deadline = deadline
        self.chain = chain
        self.span = span
        self.handled_in: SpanContext | None = None
        self.enqueued_at = enqueued_at
        self.followers: list[Future[Any]] | None = None
        self.concluded = False

    def answer(self, value: Any) -> None:
        """Give `value` to everybody who still waits."""
        self.concluded = True
        if self.reply_to is not None:
            settle(self.reply_to, value)
        for follower in self.followers or ():
            settle(follower, value)

    def fail(self, error: BaseException) -> None:
        """Give `error` to everybody who still waits."""
        self.concluded = True
        if self.reply_to is not None:
            settle_error(self.reply_to, error)
        for follower in self.followers or ():
            settle_error(follower, error)

    def join(self, other: Envelope) -> None:
        """Let the asker of `other`, who wants the same work, wait for this message's answer."""
        if other.reply_to is None:
            # Nobody set this one a limit, so no asker may: the work is wanted whoever gives up.
            self.deadline = inf
            return
        self.followers = [*(self.followers or ()), other.reply_to]
        self.deadline = max(self.deadline, other.deadline)
        self.chain += tuple(name for name in other.chain if name not in self.chain)


handling: ContextVar[Envelope | None] = ContextVar("reeld_handling", default=None)
"""The message that the running handler handles: its deadline and chain bound what the handler asks."""


def settle(future: Future[Any], value: Any) -> None:
    """Answer a future unless its asker was answered already, by a deadline say."""
    if isinstance(future, TrioFuture):
        future.settle(value)
    else:
        future.set(value)


def settle_error(future: Future[Any], error: BaseException) -> None:
    """Fail a future unless its asker was answered already."""
    if isinstance(future, TrioFuture):
        future.settle(None, (type(error), error, error.__traceback__))
    else:
        future.set_exception((type(error), error, error.__traceback__))


Reject = Callable[[PykkaEnvelope[Any]], None]
"""Answers an envelope that came too late."""
