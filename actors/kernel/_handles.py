"""Which method of an actor handles which message."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from reeld.domain.messages import Message

A = TypeVar("A")
M = TypeVar("M", bound=Message[Any])
R = TypeVar("R")

_MARK = "__reeld_handles__"

Handler = Callable[[Any], Coroutine[Any, Any, Any]]


def handles(
    kind: type[Message[R]],
) -> Callable[[Callable[[A, M], Coroutine[Any, Any, R]]], Callable[[A, M], Coroutine[Any, Any, R]]]:
    """Mark an async method of an actor as the handler of one type of message.

    A method may handle several. What it returns is the reply that the message type declares; the type
    checker holds it to that.

    Args:
        kind: The message's exact type.

    Raises:
        TypeError: The method is not async.
    """

    def mark(
        method: Callable[[A, M], Coroutine[Any, Any, R]],
    ) -> Callable[[A, M], Coroutine[Any, Any, R]]:
        if not inspect.iscoroutinefunction(method):
            raise TypeError(f"{method.__qualname__} handles {kind.__name__}: it must be async")
        setattr(method, _MARK, (*getattr(method, _MARK, ()), kind))
        return method

    return mark


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message goes inside one incarnation.

    Attributes:
        handler: The bound method.
        limit: Seconds it may run.
        label: The message type's name.
    """

    handler: Handler
    limit: float
    label: str


def table_of(actor_class: type) -> dict[type[Message[Any]], str]:
    """Collect which message types a class handles, by name of the method.

    Inherited handlers count, and a method that overrides a handler is one without being marked.

    Raises:
        TypeError: Two methods handle the same message.
    """
    table: dict[type[Message[Any]], str] = {}
    for name in dir(actor_class):
        for kind in _kinds(actor_class, name):
            if kind in table:
                raise TypeError(
                    f"{actor_class.__name__}: {table[kind]} and {name} both handle {kind.__name__}"
                )
            table[kind] = name
    return table


def _kinds(actor_class: type, name: str) -> tuple[type[Message[Any]], ...]:
    for each in actor_class.__mro__:
        kinds: tuple[type[Message[Any]], ...] = getattr(vars(each).get(name), _MARK, ())
        if kinds:
            return kinds
    return ()
