"""Proof that a supervisor still looks after its children: its own task answers when it comes round."""

from __future__ import annotations

import trio


class Pulse:
    """A question to the task that a supervisor decides in.

    Any number of tasks may ask at once; one answer serves all that asked before it.
    """

    def __init__(self) -> None:
        self._asked = trio.Event()
        self._answered = trio.Event()

    async def ask(self) -> None:
        """Wait until the supervisor's task has come round. It has no deadline of its own: the asker brings one."""
        self._asked.set()
        await self._answered.wait()

    async def asked(self) -> None:
        """Wait until somebody asks."""
        await self._asked.wait()

    def answer(self) -> None:
        """Answer everybody who has asked so far."""
        answered = self._answered
        self._asked, self._answered = trio.Event(), trio.Event()
        answered.set()
