"""Messages that an actor tells itself later."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import trio

from reeld.actors.kernel import Actor, handles
from reeld.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Tick(Message[None]):
    name: str = "tick"


@dataclass(frozen=True, slots=True)
class Set(Message[None]):
    """Set a timer, for every so many seconds or for once."""

    key: str
    seconds: float
    message: Message[Any]
    first: float | None = None
    jitter: float = 0
    once: bool = False


@dataclass(frozen=True, slots=True)
class Cancel(Message[None]):
    key: str


@dataclass(frozen=True, slots=True)
class Break(Message[None]):
    pass


class Timed(Actor):
    mailbox_capacity = 2

    def __init__(self, rings: list[tuple[float, str]]) -> None:
        super().__init__()
        self.rings = rings

    @handles(Tick)
    async def tick(self, message: Tick) -> None:
        self.rings.append((trio.current_time(), message.name))

    @handles(Set)
    async def set_timer(self, message: Set) -> None:
        if message.once:
            self.after(message.key, message.seconds, message.message)
        else:
            self.every(
                message.key,
                message.seconds,
                message.message,
                first=message.first,
                jitter=message.jitter,
            )

    @handles(Cancel)
    async def cancels(self, message: Cancel) -> None:
        self.cancel_timer(message.key)

    @handles(Break)
    async def breaks(self, message: Break) -> None:
        raise LookupError


@pytest.fixture
def rings() -> list[tuple[float, str]]:
    return []


@pytest.fixture
async def timed(system: Any, rings: list[tuple[float, str]]) -> Any:
    return await system.start(lambda: Timed(rings))


async def test_a_timer_rings_again_and_again(
    autojump_clock: object, timed: Any, rings: Any
) -> None:
    begun = trio.current_time()
    await timed.ask(Set("poll", 10, Tick()))
    await trio.sleep(35)
    assert [at - begun for at, _ in rings] == [10, 20, 30]


async def test_the_first_ring_can_be_at_another_time(
    autojump_clock: object, timed: Any, rings: Any
) -> None:
    begun = trio.current_time()
    await timed.ask(Set("poll", 10, Tick(), first=0))
    await trio.sleep(25)
    assert [at - begun for at, _ in rings] == [0, 10, 20]


async def test_jitter_varies_each_pause_within_its_share(
    autojump_clock: object, timed: Any, rings: Any
) -> None:
    await timed.ask(Set("poll", 10, Tick(), first=0, jitter=0.1))
    await trio.sleep(1000)
    times = [at for at, _ in rings]
    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert all(8.999 <= pause <= 11.001 for pause in pauses)
    assert max(pauses) - min(pauses) > 0.1


async def test_a_single_ring_rings_once(autojump_clock: object, timed: Any, rings: Any) -> None:
    await timed.ask(Set("once", 10, Tick(), once=True))
    await trio.sleep(100)
    assert len(rings) == 1


async def test_a_timer_of_the_same_key_is_replaced(
    autojump_clock: object, timed: Any, rings: Any
) -> None:
    await timed.ask(Set("poll", 10, Tick("old")))
    await timed.ask(Set("poll", 20, Tick("new")))
    await trio.sleep(45)
    assert [name for _, name in rings] == ["new", "new"]


async def test_a_cancelled_timer_is_silent(autojump_clock: object, timed: Any, rings: Any) -> None:
    await timed.ask(Set("poll", 10, Tick()))
    await timed.ask(Cancel("poll"))
    await timed.ask(Cancel("never set"))
    await trio.sleep(50)
    assert rings == []


async def test_timers_end_with_their_incarnation(
    autojump_clock: object, timed: Any, rings: Any, system: Any
) -> None:
    await timed.ask(Set("poll", 10, Tick()))
    timed.tell(Break())
    await trio.sleep(50)
    assert len(system.crashes) == 1
    assert rings == []


async def test_a_timer_that_finds_the_mailbox_full_goes_on(
    autojump_clock: object, timed: Any, rings: Any, system: Any, logs: list[Any]
) -> None:
    await timed.ask(Set("poll", 10, Tick()))
    system.cells["svc"].pause()
    await trio.sleep(45)
    system.cells["svc"].resume()
    await trio.sleep(10)
    assert len(rings) == 3
    assert [entry["event"] for entry in logs].count("timer_skipped") == 2
    assert system.crashes == []


async def test_a_period_of_nothing_is_refused(
    autojump_clock: object, timed: Any, system: Any
) -> None:
    timed.tell(Set("poll", 0, Tick()))
    await trio.sleep(1)
    assert isinstance(system.crashes[0].cause, ValueError)


def test_timers_and_tasks_need_a_running_incarnation() -> None:
    actor = Timed([])
    with pytest.raises(RuntimeError, match="on_start"):
        actor.every("poll", 1, Tick())
    with pytest.raises(RuntimeError, match="on_start"):
        actor.start_soon(trio.sleep, 1)
    with pytest.raises(RuntimeError, match="no address"):
        _ = actor.address
