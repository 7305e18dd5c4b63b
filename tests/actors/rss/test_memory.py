from __future__ import annotations

from dataclasses import replace
from typing import Any

import trio

from reeld.actors.rss import _memory
from reeld.actors.rss._memory import PageMemory
from reeld.domain.secret import Secret
from reeld.services.feeds import FeedItem

ITEMS = [FeedItem(f"key-{n}", f"Name {n}", Secret(f"https://host/{n}")) for n in range(5)]


async def test_only_what_changed_is_told_apart_by_every_field() -> None:
    memory = PageMemory()
    assert memory.changed(ITEMS, None) == ITEMS
    mark = memory.note(ITEMS)
    assert memory.changed(ITEMS, mark) == []
    for changes in ({"seeders": 7}, {"torrent": Secret("https://host/other")}, {"title": "Other"}):
        other = replace(ITEMS[2], **changes)
        assert memory.changed([*ITEMS[:2], other], mark) == [other]


async def test_a_mark_that_is_not_its_own_makes_it_void() -> None:
    memory = PageMemory()
    first = memory.note(ITEMS)
    memory.note(ITEMS)
    assert memory.changed(ITEMS, first) == ITEMS


async def test_everything_is_stored_again_after_some_hours(autojump_clock: Any) -> None:
    memory = PageMemory()
    mark = memory.note(ITEMS)
    for _ in range(6):
        await trio.sleep(_memory.REFRESH_SECONDS / 6 - 1)
        assert memory.changed(ITEMS, mark) == []
        mark = memory.note(ITEMS)
    await trio.sleep(10)
    assert memory.changed(ITEMS, mark) == ITEMS


async def test_it_remembers_no_more_than_it_may(monkeypatch: Any) -> None:
    monkeypatch.setattr(_memory, "MOST_ITEMS", 3)
    memory = PageMemory()
    mark = memory.note(ITEMS)
    assert memory.changed(ITEMS, mark) == ITEMS[3:]
