"""The hub: every frame passes here once, and goes to whoever follows its topic."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import trio

from reeld.domain.topics import Topic
from reeld.http.events.frames import Frame
from reeld.http.events.subscription import Ending, Subscription

SLICE: Final = 10
"""Followers that are woken at once: what they do takes some 3 ms."""


class Hub:
    """Hands frames to subscriptions. All of it is for the trio thread, and nothing waits.

    Attributes:
        head: The place of the last event that was published, in the order of commits.
        is_open: Whether events are read now; nobody is let in before.
    """

    def __init__(self, count: Callable[[str], None] = lambda _: None) -> None:
        self.head = 0
        self.is_open = False
        self._count = count
        self._subscriptions: set[Subscription] = set()
        self._to_wake: OrderedDict[Subscription, None] = OrderedDict()
        self._crowd = trio.Event()

    def publish(self, frame: Frame) -> None:
        """Hand a frame to everybody who follows its topic; a few see it at once, a crowd a few at a time."""
        self._count(frame.topic)
        concerned = [each for each in self._subscriptions if each.offer(frame)]
        if len(concerned) <= SLICE:
            for each in concerned:
                each.wake()
        else:
            self._to_wake.update(dict.fromkeys(concerned))
            self._crowd.set()

    async def run(self) -> None:
        """Wake crowds, until cancelled.

        What hundreds of followers do with one frame takes the loop's time: others have their turns in between.
        """
        while True:
            await self._crowd.wait()
            self._crowd = trio.Event()
            while self._to_wake:
                for _ in range(min(SLICE, len(self._to_wake))):
                    self._to_wake.popitem(last=False)[0].wake()
                await trio.lowlevel.checkpoint()

    def wants(self, topic: Topic) -> bool:
        """Whether anybody follows a topic."""
        return any(topic in each.topics for each in self._subscriptions)

    def join(self, subscription: Subscription) -> None:
        """Publish to a subscription from now on: it sees every event behind `head`."""
        self._subscriptions.add(subscription)

    def leave(self, subscription: Subscription) -> None:
        """Publish to a subscription no more."""
        self._subscriptions.discard(subscription)

    @contextmanager
    def follow(self, topics: Iterable[Topic] = Topic) -> Iterator[Subscription]:
        """Follow topics inside the process for the length of the block: `await subscription.next()`.

        It begins with the next event. A follower that is too slow gets `Ended`, and looks at the rows again.
        """
        subscription = Subscription(topics)
        self.join(subscription)
        try:
            yield subscription
        finally:
            self.leave(subscription)

    def end_all(self, ending: Ending) -> None:
        """End every subscription."""
        for each in tuple(self._subscriptions):
            each.end(ending)
