"""Telling cancellation, foreseen errors and faults apart, also where trio mixed them in a group."""

from __future__ import annotations

from pathlib import Path

import trio

from reeld.domain.errors import ReeldError


def part(error: BaseException) -> tuple[BaseException | None, BaseException | None]:
    """Separate the cancellation in `error` from what went wrong.

    A handler with a nursery of its own raises groups, and one that fails while it is cancelled raises
    both in one group: `except Exception` does not see that.

    Returns:
        What must be raised on so that cancellation goes on, and what went wrong; either may be None.
        A group of one is unwrapped.
    """
    if isinstance(error, trio.Cancelled):
        return error, None
    if isinstance(error, BaseExceptionGroup):
        cancelled, rest = error.split(trio.Cancelled)
        return cancelled, _unwrap(rest)
    return None, error


def foreseen(fault: BaseException) -> ReeldError | None:
    """Return the foreseen error that `fault` is, or the first of a group of nothing else."""
    if isinstance(fault, ReeldError):
        return fault
    if isinstance(fault, BaseExceptionGroup):
        ours, others = fault.split(ReeldError)
        return _first(ours) if ours is not None and others is None else None
    return None


def describe(fault: BaseException) -> str:
    """Say what a fault was in words that may be shown to people.

    The text of a foreign exception may hold anything, an URL with a key in it say, so only its type
    and its place are told; the whole of it is in the log, which redacts.
    """
    if isinstance(fault, ReeldError):
        return f"{type(fault).__name__}: {fault.sentence}"
    frame = fault.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return type(fault).__name__
    return f"{type(fault).__name__} at {Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"


def _unwrap(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _first(group: BaseExceptionGroup[ReeldError]) -> ReeldError:
    leaf: ReeldError | BaseExceptionGroup[ReeldError] = group
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf
