"""The hub: every frame passes here once, and goes to whoever follows its topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from reeld.domain.topics import Topic
from reeld.http.events.frames import Frame
from reeld.http.events.subscription import Ending, Subscription


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

    def publish(self, frame: Frame) -> None:
        """Hand a frame to everybody who follows its topic."""
        self._count(frame.topic)
        for each in self._subscriptions:
            each.offer(frame)

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
