"""What the last reading of a feed stored, so that what stayed the same is not stored again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import uuid4

import trio

from reeld.services.feeds import FeedItem

REFRESH_SECONDS: Final = 6 * 3600.0
"""So often everything is stored again: a release that a feed still has must not look forgotten."""
MOST_ITEMS: Final = 5000
"""Of one feed; what is beyond is stored at each reading."""


class PageMemory:
    """Remembers the items of one feed's last reading, by their key.

    It counts only while the feed's row bears its mark: a reading that was never committed, one of another process, or a
    restored database makes it void.
    """

    def __init__(self) -> None:
        self._mark = ""
        self._items: Mapping[str, int] = {}
        self._since = 0.0

    def changed(self, items: Iterable[FeedItem], mark: object) -> list[FeedItem]:
        """Return the items that are not stored as they are.

        Args:
            items: What the feed holds now.
            mark: What the feed's row says.
        """
        if mark != self._mark or trio.current_time() - self._since > REFRESH_SECONDS:
            self._items = {}
        return [item for item in items if self._items.get(item.key) != hash(item)]

    def note(self, items: Iterable[FeedItem]) -> str:
        """Remember a reading that is about to be committed; return the mark that the feed's row has to bear."""
        if not self._items:
            self._since = trio.current_time()
        self._mark = uuid4().hex
        self._items = {item.key: hash(item) for item in list(items)[:MOST_ITEMS]}
        return self._mark
