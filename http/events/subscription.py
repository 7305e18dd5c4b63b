"""What one follower has still to see: bounded, whatever the follower does."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import trio

from reeld.domain.topics import Topic
from reeld.http.events.frames import Frame, merged, not_before

ROOM: Final = 1000
"""Frames that wait for a follower; with one more it is too slow, and has to resume."""


class Ending(StrEnum):
    """Why a follower is told nothing more."""

    SLOW = "slow"
    """It left too much unread."""
    STUCK = "stuck"
    """It took nothing for so long that it was cut off."""
    KEY_GONE = "key_gone"
    """Its key or session ended."""
    SHUTDOWN = "shutdown"
    """The daemon stops."""
    DATABASE_AWAY = "database_away"
    """What it missed cannot be read now."""
    FAULT = "fault"
    """The live events are started anew after a fault."""


class Ended(Exception):
    """Nothing more will come; a follower may resume unless its key is gone."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(str(ending))
        self.ending = ending


class Subscription:
    """The frames of some topics that one follower has not read yet.

    Frames keep their order and none is left out: a follower that leaves `room` of them (`ROOM`) unread is ended
    instead.
    Progress alone is merged into one frame that waits, behind everything else.
    """

    def __init__(self, topics: Iterable[Topic] = Topic, *, room: int | None = None) -> None:
        self.topics = frozenset(topics)
        self.ending: Ending | None = None
        self._room = ROOM if room is None else room
        self._waiting: deque[Frame] = deque()
        self._progress: Frame | None = None
        self._taken = 0
        self._news = trio.Event()

    def offer(self, frame: Frame) -> bool:
        """Have the follower see a frame, if it wants that topic. Never waits; `wake` lets it look.

        Returns:
            Whether there is something to look at.
        """
        if frame.topic not in self.topics or self.ending is not None:
            return False
        if frame.parts is not None:
            self._progress = merged(self._progress, frame) if self._progress else frame
        elif len(self._waiting) < self._room:
            self._waiting.append(frame)
        else:
            self.end(Ending.SLOW)
        return True

    def end(self, ending: Ending) -> None:
        """Have the follower see nothing more; only the first reason counts."""
        if self.ending is None:
            self.ending = ending
            self._waiting.clear()
            self._progress = None
            self._news.set()

    def take(self) -> Frame | None:
        """Return the next frame, or None when none waits.

        Raises:
            Ended: None will come.
        """
        if self.ending is not None:
            raise Ended(self.ending)
        if self._waiting:
            frame = self._waiting.popleft()
            self._taken = max(self._taken, frame.message.seq)
            return frame
        progress, self._progress = self._progress, None
        return None if progress is None else not_before(progress, self._taken)

    async def wait(self) -> None:
        """Wait until there may be something to take."""
        await self._news.wait()
        self._news = trio.Event()

    def wake(self) -> None:
        """Let `wait` return, now or the next time."""
        self._news.set()

    async def next(self) -> Frame:
        """Wait for the next frame. Cancelled, it has taken none.

        Raises:
            Ended: None will come.
        """
        while (frame := self.take()) is None:
            await self.wait()
        return frame
