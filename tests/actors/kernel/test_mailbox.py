"""Mailboxes: order, bounds, lanes, and hand-over between threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import trio
import trio.testing
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pykka._envelope import Envelope as PykkaEnvelope

from reeld.actors.kernel import Envelope, TrioFuture
from reeld.actors.kernel._lanes import CONTROL_CAPACITY, Admission, BoundedMailbox
from reeld.actors.kernel._mailbox import BREATH, Mailbox
from reeld.domain.messages import Message, Overflow


@dataclass(frozen=True, slots=True)
class Plain(Message[None]):
    number: int = 0


@dataclass(frozen=True, slots=True)
class Health(Message[None]):
    control: ClassVar[bool] = True
    number: int = 0


@dataclass(frozen=True, slots=True)
class Sweep(Message[None]):
    overflow: ClassVar[Overflow] = Overflow.COALESCE
    movie: int = 0
    why: str = ""

    def coalesce_key(self) -> Hashable:
        return self.movie


def put(mailbox: Mailbox, *messages: Any) -> None:
    for message in messages:
        mailbox.put(Envelope(message))


def bounded(capacity: int = 10) -> tuple[BoundedMailbox, list[tuple[Any, Admission]]]:
    away: list[tuple[Any, Admission]] = []
    return BoundedMailbox(capacity, lambda env, why: away.append((env.message, why))), away


async def take(mailbox: BoundedMailbox) -> Any:
    envelope = await mailbox.receive_next()
    return None if envelope is None else envelope.message


# The plain one


async def test_messages_come_out_in_the_order_they_were_put() -> None:
    mailbox = Mailbox()
    put(mailbox, *range(200))
    assert [(await mailbox.receive()).message for _ in range(200)] == list(range(200))
    assert mailbox.empty()


async def test_a_cancelled_receive_takes_nothing() -> None:
    mailbox = Mailbox()
    put(mailbox, *range(BREATH + 1))
    taken = []
    with trio.CancelScope() as scope:
        scope.cancel()
        while True:
            taken.append((await mailbox.receive()).message)
    assert len(taken) == BREATH
    assert (await mailbox.receive()).message == BREATH


async def test_a_message_wakes_a_receiver_that_was_cancelled_before() -> None:
    mailbox = Mailbox()
    with trio.move_on_after(0.001):
        await mailbox.receive()
    async with trio.open_nursery() as nursery:

        async def receive() -> None:
            assert (await mailbox.receive()).message == "late"

        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        put(mailbox, "late")


async def test_a_message_that_comes_while_the_receiver_lies_down_is_not_slept_through() -> None:
    mailbox = Mailbox()

    class Interruption:
        """A lock that is taken only after another thread has put a message."""

        def __enter__(self) -> None:
            mailbox._lock = lock
            put(mailbox, "in between")
            lock.acquire()

        def __exit__(self, *args: object) -> None:
            lock.release()

    lock, mailbox._lock = mailbox._lock, Interruption()  # type: ignore[assignment]
    with trio.fail_after(1):
        assert (await mailbox.receive()).message == "in between"


async def test_a_full_mailbox_lets_other_tasks_run() -> None:
    mailbox = Mailbox()
    put(mailbox, *range(10 * BREATH))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        for _ in range(10 * BREATH):
            await mailbox.receive()
        nursery.cancel_scope.cancel()
    assert turns >= 5


async def test_nothing_is_lost_between_many_threads_and_one_task() -> None:
    mailbox, threads, each = Mailbox(), 4, 500
    seen: list[tuple[int, int]] = []

    def fill(thread: int) -> None:
        for number in range(each):
            mailbox.put(Envelope((thread, number)))

    async with trio.open_nursery() as nursery:
        for thread in range(threads):
            nursery.start_soon(trio.to_thread.run_sync, fill, thread)
        with trio.fail_after(30):
            while len(seen) < threads * each:
                seen.append((await mailbox.receive()).message)
    for thread in range(threads):
        assert [number for who, number in seen if who == thread] == list(range(each))


def test_a_closed_mailbox_hands_over_what_waited_and_rejects_what_comes() -> None:
    mailbox = Mailbox()
    rejected: list[PykkaEnvelope[Any]] = []
    put(mailbox, 1, 2)
    assert [envelope.message for envelope in mailbox.close(rejected.append)] == [1, 2]
    put(mailbox, 3)
    assert [envelope.message for envelope in rejected] == [3]
    assert mailbox.empty()


def test_every_message_put_while_it_closes_is_either_handed_over_or_rejected() -> None:
    for _ in range(50):
        mailbox = Mailbox()
        rejected: list[Any] = []
        begin = threading.Barrier(2)

        def fill(mailbox: Mailbox = mailbox, begin: threading.Barrier = begin) -> None:
            begin.wait(5)
            put(mailbox, *range(100))

        thread = threading.Thread(target=fill)
        thread.start()
        begin.wait(5)
        waited = mailbox.close(rejected.append)
        thread.join(5)
        assert [envelope.message for envelope in [*waited, *rejected]] == list(range(100))


# The bounded one


def test_a_full_mailbox_turns_messages_away() -> None:
    mailbox, away = bounded(2)
    put(mailbox, Plain(1), Plain(2), Plain(3))
    assert away == [(Plain(3), Admission.FULL)]
    assert mailbox.depth == 2


async def test_control_messages_overtake_and_are_not_refused_as_full() -> None:
    mailbox, away = bounded(1)
    put(mailbox, Plain(1), Health(1), Health(2))
    assert [await take(mailbox) for _ in range(3)] == [Health(1), Health(2), Plain(1)]
    assert away == []


def test_even_the_control_lane_is_bounded() -> None:
    mailbox, away = bounded(1)
    put(mailbox, *(Health(number) for number in range(CONTROL_CAPACITY + 1)))
    assert away == [(Health(CONTROL_CAPACITY), Admission.FULL)]


async def test_the_same_work_waits_only_once() -> None:
    mailbox, away = bounded()
    put(mailbox, Sweep(1, "first"), Sweep(2), Sweep(1, "again"))
    assert away == [(Sweep(1, "again"), Admission.COALESCED)]
    assert [await take(mailbox), await take(mailbox)] == [Sweep(1, "first"), Sweep(2)]


async def test_work_that_is_being_done_may_be_wanted_again() -> None:
    mailbox, away = bounded()
    put(mailbox, Sweep(1))
    await take(mailbox)
    put(mailbox, Sweep(1))
    assert away == []
    assert await take(mailbox) == Sweep(1)


def test_work_that_waits_is_found_even_when_the_mailbox_is_full() -> None:
    mailbox, away = bounded(1)
    put(mailbox, Sweep(1), Sweep(1), Sweep(2))
    assert [why for _, why in away] == [Admission.COALESCED, Admission.FULL]


def test_coalesced_askers_share_one_answer_and_the_longest_deadline() -> None:
    mailbox, _ = bounded()
    first, second = TrioFuture[Any](), TrioFuture[Any]()
    mailbox.put(Envelope(Sweep(1), first, deadline=5, chain=("a",)))
    mailbox.put(Envelope(Sweep(1), second, deadline=9, chain=("a", "b")))
    waiting = mailbox.get()
    waiting.answer("done")
    assert (first.get(timeout=0), second.get(timeout=0)) == ("done", "done")
    assert (waiting.deadline, waiting.chain) == (9, ("a", "b"))


def test_work_that_a_tell_wants_too_does_not_expire_with_the_asker() -> None:
    mailbox, _ = bounded()
    mailbox.put(Envelope(Sweep(1), TrioFuture(), deadline=5))
    mailbox.put(Envelope(Sweep(1)))
    assert mailbox.get().deadline == float("inf")


async def test_a_pause_holds_ordinary_messages_back_and_lets_control_pass() -> None:
    mailbox, _ = bounded()
    mailbox.pause()
    put(mailbox, Plain(1), Health(1))
    seen: list[Any] = []

    async def receive() -> None:
        while True:
            seen.append(await take(mailbox))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        put(mailbox, Plain(2), Health(2))
        await trio.testing.wait_all_tasks_blocked()
        assert seen == [Health(1), Health(2)]
        mailbox.resume()
        await trio.testing.wait_all_tasks_blocked()
        assert seen[2:] == [Plain(1), Plain(2)]
        nursery.cancel_scope.cancel()


async def test_a_dismissed_receiver_leaves_what_waits_to_the_next() -> None:
    mailbox, _ = bounded()
    async with trio.open_nursery() as nursery:

        async def receive() -> None:
            assert await take(mailbox) is None

        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        mailbox.dismiss()
    put(mailbox, Plain(1))
    assert await take(mailbox) is None
    mailbox.welcome()
    assert await take(mailbox) == Plain(1)


def test_a_reopened_mailbox_takes_messages_again() -> None:
    mailbox, _ = bounded()
    put(mailbox, Sweep(1))
    mailbox.close(lambda envelope: None)
    put(mailbox, Plain(1))
    mailbox.reopen()
    put(mailbox, Sweep(1))
    assert mailbox.depth == 1


class MailboxMachine(RuleBasedStateMachine):
    """Compares a bounded mailbox with the plainest model of one."""

    def __init__(self) -> None:
        super().__init__()
        self.mailbox, self.away = bounded(3)
        self.control: deque[Any] = deque()
        self.ordinary: deque[Any] = deque()

    @rule(number=st.integers(0, 3))
    def put_plain(self, number: int) -> None:
        self.put_ordinary(Plain(number))

    @rule(movie=st.integers(0, 2))
    def put_sweep(self, movie: int) -> None:
        if Sweep(movie) in self.ordinary:
            put(self.mailbox, Sweep(movie))
            assert self.away.pop() == (Sweep(movie), Admission.COALESCED)
        else:
            self.put_ordinary(Sweep(movie))

    @rule(number=st.integers(0, 3))
    def put_control(self, number: int) -> None:
        put(self.mailbox, Health(number))
        self.control.append(Health(number))

    def put_ordinary(self, message: Any) -> None:
        put(self.mailbox, message)
        if len(self.ordinary) < 3:
            self.ordinary.append(message)
        else:
            assert self.away.pop() == (message, Admission.FULL)

    @precondition(lambda self: self.control or self.ordinary)
    @rule()
    def take(self) -> None:
        assert self.mailbox.get().message == (self.control or self.ordinary).popleft()

    @rule()
    def close_and_reopen(self) -> None:
        waiting = [envelope.message for envelope in self.mailbox.close(lambda envelope: None)]
        assert waiting == [*self.control, *self.ordinary]
        self.control.clear()
        self.ordinary.clear()
        self.mailbox.reopen()

    @invariant()
    def agrees(self) -> None:
        assert self.mailbox.depth == len(self.control) + len(self.ordinary)
        assert self.mailbox.empty() == (not self.control and not self.ordinary)
        assert self.away == []


TestMailboxMachine = MailboxMachine.TestCase


def test_an_empty_mailbox_has_nothing_to_get() -> None:
    with pytest.raises(IndexError):
        bounded()[0].get()
