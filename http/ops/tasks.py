"""The tree of trio's tasks with their stacks: what the daemon is doing at this very moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import trio
from litestar import get

from reeld.http.surface import Surface

MOST_TASKS: Final = 300
"""A daemon has some sixty; at 20 µs a task the loop stands still for 6 ms at most."""
DEEPEST_STACK: Final = 40


@dataclass(frozen=True, slots=True)
class FrameView:
    """Where a task or a thread is; no values, which may be secrets."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task.

    Attributes:
        depth: How far below the main task it is.
        stack: The outermost call first.
    """

    name: str
    depth: int
    stack: tuple[FrameView, ...]


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread; the outermost call first."""

    name: str
    stack: tuple[FrameView, ...]


@dataclass(frozen=True, slots=True)
class Dump:
    """All tasks, parents before children, and all threads.

    Attributes:
        truncated: Whether there are more tasks than are shown.
    """

    tasks: tuple[TaskView, ...]
    threads: tuple[ThreadView, ...]
    truncated: bool


def task_routes(_surface: Surface) -> list[Any]:
    """Return the route of the dump, below `/control`."""

    @get("/tasks", operation_id="dumpTasks")
    async def tasks() -> Dump:
        """Show every task and thread with its stack: for a fault report, or to see what hangs."""
        return dump()

    return [tasks]


def dump() -> Dump:
    """Return what runs now. On the loop; some 20 µs a task."""
    found: list[TaskView] = []
    for task, depth in _walk():
        if len(found) >= MOST_TASKS:
            return Dump(tuple(found), _threads(), truncated=True)
        found.append(TaskView(task.name, depth, _stack_of(task)))
    return Dump(tuple(found), _threads(), truncated=False)


def _walk() -> Iterator[tuple[trio.lowlevel.Task, int]]:
    root = trio.lowlevel.current_root_task()
    waiting = [(root, 0)] if root is not None else []
    while waiting:
        task, depth = waiting.pop()
        yield task, depth
        below = [child for nursery in task.child_nurseries for child in nursery.child_tasks]
        waiting += [
            (child, depth + 1) for child in sorted(below, key=lambda each: each.name, reverse=True)
        ]


def _stack_of(task: trio.lowlevel.Task) -> tuple[FrameView, ...]:
    frames: list[FrameView] = []
    for frame, line in task.iter_await_frames():
        if len(frames) >= DEEPEST_STACK:
            break
        frames.append(_view(frame, line))
    return tuple(frames)


def _threads() -> tuple[ThreadView, ...]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return tuple(
        ThreadView(names.get(ident, str(ident)), _stack_from(frame))
        for ident, frame in sys._current_frames().items()
    )


def _stack_from(innermost: FrameType) -> tuple[FrameView, ...]:
    frames: list[FrameView] = []
    frame: FrameType | None = innermost
    while frame is not None and len(frames) < DEEPEST_STACK:
        frames.append(_view(frame, frame.f_lineno))
        frame = frame.f_back
    return tuple(reversed(frames))


def _view(frame: FrameType, line: int) -> FrameView:
    return FrameView(frame.f_code.co_filename, line, frame.f_code.co_qualname)
