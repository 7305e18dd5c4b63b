"""Telling and asking: answers, deadlines that travel, circles, expiry, full mailboxes."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trio
import trio.testing

import reeld.actors
from reeld.actors.kernel import Actor, Address, DeadReason, Envelope, handles, run_incarnation
from reeld.actors.kernel._envelope import handling
from reeld.domain.errors import AskCircle, DeadlineExceeded, MailboxFull, NotFound, Refused
from reeld.domain.messages import Message, Overflow


@dataclass(frozen=True, slots=True)
class Echo(Message[str]):
    text: str = ""


@dataclass(frozen=True, slots=True)
class Work(Message[str]):
    seconds: float


@dataclass(frozen=True, slots=True)
class Brisk(Message[str]):
    deadline_seconds: ClassVar[float | None] = 2


@dataclass(frozen=True, slots=True)
class Patient(Message[str]):
    deadline_seconds: ClassVar[float | None] = 500


@dataclass(frozen=True, slots=True)
class Find(Message[str]):
    pass


@dataclass(frozen=True, slots=True)
class Forward(Message[Any]):
    path: tuple[str, ...]
    last: Message[Any]
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Sweep(Message[int]):
    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class Hint(Message[None]):
    overflow: ClassVar[Overflow] = Overflow.DROP


@dataclass(frozen=True, slots=True)
class Unknown(Message[None]):
    pass


class Svc(Actor):
    mailbox_capacity = 3

    def __init__(self, directory: dict[str, Address] | None = None) -> None:
        super().__init__()
        self.directory = {} if directory is None else directory
        self.sweeps = 0

    @handles(Echo)
    async def echo(self, message: Echo) -> str:
        return message.text

    @handles(Work)
    async def work(self, message: Work) -> str:
        await trio.sleep(message.seconds)
        return "done"

    @handles(Brisk)
    @handles(Patient)
    async def endless(self, message: Brisk | Patient) -> str:
        await trio.sleep_forever()
        raise AssertionError

    @handles(Find)
    async def find(self, message: Find) -> str:
        raise NotFound("There is nothing here. Look elsewhere.")

    @handles(Sweep)
    async def sweep(self, message: Sweep) -> int:
        self.sweeps += 1
        return self.sweeps

    @handles(Hint)
    async def hint(self, message: Hint) -> None:
        pass

    @handles(Forward)
    async def forward(self, message: Forward) -> Any:
        if not message.path:
            return await self.address.ask(message.last)
        onward, *rest = message.path
        question = Forward(tuple(rest), message.last) if rest else message.last
        return await self.directory[onward].ask(question, deadline=message.deadline)


async def elapsed_until(expected: type[Exception], ask: Any) -> float:
    begun = trio.current_time()
    with pytest.raises(expected):
        await ask
    return trio.current_time() - begun


async def test_an_ask_returns_what_the_handler_returns(system: Any) -> None:
    svc = await system.start(Svc)
    assert await svc.ask(Echo("hello")) == "hello"
    assert system.notes.outcomes == [("Echo", "ok")]


async def test_a_domain_error_is_raised_as_it_is_and_the_actor_goes_on(system: Any) -> None:
    svc = await system.start(Svc)
    with pytest.raises(NotFound, match="elsewhere"):
        await svc.ask(Find())
    svc.tell(Find())
    assert await svc.ask(Echo("still here")) == "still here"
    assert system.crashes == []
    assert system.notes.outcomes == [("Find", "error"), ("Find", "error"), ("Echo", "ok")]


async def test_a_message_without_a_handler_is_refused(system: Any) -> None:
    svc = await system.start(Svc)
    with pytest.raises(Refused, match="does not handle Unknown"):
        await svc.ask(Unknown())
    assert system.reasons() == [DeadReason.UNHANDLED]


# Deadlines


async def test_an_asker_gives_up_at_its_deadline(system: Any, autojump_clock: object) -> None:
    svc = await system.start(Svc)
    assert await elapsed_until(DeadlineExceeded, svc.ask(Work(60), deadline=5)) == 5
    assert await elapsed_until(DeadlineExceeded, svc.ask(Work(60))) == 30


async def test_the_askers_deadline_ends_the_handler_too(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Svc)
    await elapsed_until(DeadlineExceeded, svc.ask(Work(20), deadline=5))
    begun = trio.current_time()
    await svc.ask(Echo())
    assert trio.current_time() == begun
    assert ("Work", "timeout") in system.notes.outcomes
    assert system.crashes == []


async def test_a_handler_is_cancelled_at_its_own_limit_on_a_tell(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Svc)
    svc.tell(Work(60))
    begun = trio.current_time()
    assert await svc.ask(Echo("next"), deadline=100) == "next"
    assert trio.current_time() - begun == Svc.handler_deadline


async def test_a_message_class_sets_its_own_limit(system: Any, autojump_clock: object) -> None:
    svc = await system.start(Svc)
    assert await elapsed_until(DeadlineExceeded, svc.ask(Brisk(), deadline=100)) == 2
    assert await elapsed_until(DeadlineExceeded, svc.ask(Patient(), deadline=1000)) == 500


async def test_a_nested_ask_ends_with_the_first_askers_deadline(
    system: Any, autojump_clock: object
) -> None:
    directory: dict[str, Address] = {}
    for name in ("a", "b", "c"):
        directory[name] = await system.start(lambda: Svc(directory), name)
    question = Forward(("b", "c"), Work(60), deadline=1000)
    assert await elapsed_until(DeadlineExceeded, directory["a"].ask(question, deadline=5)) == 5
    # All three handlers were cut off: each is free at once.
    begun = trio.current_time()
    for address in directory.values():
        await address.ask(Echo())
    assert trio.current_time() == begun


async def test_a_message_whose_asker_gave_up_is_not_handled(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Svc)
    svc.tell(Work(10))
    await elapsed_until(DeadlineExceeded, svc.ask(Sweep(), deadline=5))
    await svc.ask(Echo())
    assert system.reasons() == [DeadReason.EXPIRED]
    assert system.notes.outcomes == [("Work", "ok"), ("Sweep", "expired"), ("Echo", "ok")]
    assert await svc.ask(Sweep()) == 1


async def test_cancelling_an_ask_drops_the_answer_but_not_the_work(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Svc)
    with trio.move_on_after(1) as scope:
        await svc.ask(Work(5))
    assert scope.cancelled_caught
    begun = trio.current_time()
    await svc.ask(Echo())
    assert trio.current_time() - begun == 4
    assert system.notes.outcomes[0] == ("Work", "ok")


async def test_a_slow_answer_after_the_deadline_reaches_nobody(
    system: Any, autojump_clock: object
) -> None:
    class Shielded(Actor):
        @handles(Work)
        async def work(self, message: Work) -> str:
            with trio.CancelScope(shield=message.seconds == 5):
                await trio.sleep(message.seconds)
            return "done"

    svc = await system.start(Shielded)
    await elapsed_until(DeadlineExceeded, svc.ask(Work(5), deadline=1))
    # It waited through all that, and is not cut off in the other's place.
    assert await svc.ask(Work(1), deadline=10) == "done"


# Circles


@pytest.mark.parametrize(
    ("path", "circle"),
    [
        ((), ("a", "a")),
        (("b", "a"), ("a", "b", "a")),
        (("b", "c", "a"), ("a", "b", "c", "a")),
        (("b", "c", "b"), ("b", "c", "b")),
    ],
)
async def test_an_ask_that_would_wait_for_itself_is_refused_with_the_path(
    system: Any, autojump_clock: object, path: tuple[str, ...], circle: tuple[str, ...]
) -> None:
    directory: dict[str, Address] = {}
    for name in ("a", "b", "c"):
        directory[name] = await system.start(lambda: Svc(directory), name)
    begun = trio.current_time()
    with pytest.raises(AskCircle) as refused:
        await directory["a"].ask(Forward(path, Echo()))
    assert refused.value.path == circle
    assert system.notes.circles == [circle[-1]]
    assert trio.current_time() == begun


async def test_a_circle_that_two_chains_close_together_ends_at_the_deadlines_and_both_go_on(
    system: Any, autojump_clock: object
) -> None:
    directory: dict[str, Address] = {}

    class Meeting(Svc):
        @handles(Find)
        async def find(self, message: Find) -> str:
            await trio.sleep(1)  # the other has begun by then
            other = directory["b" if self.address.name == "a" else "a"]
            return await other.ask(Echo("met"), deadline=5)

    for name in ("a", "b"):
        directory[name] = await system.start(lambda: Meeting(directory), name)
    ends: list[float] = []

    async def ask(address: Address) -> None:
        with pytest.raises(DeadlineExceeded):
            await address.ask(Find(), deadline=20)
        ends.append(trio.current_time())

    begun = trio.current_time()
    async with trio.open_nursery() as nursery:
        for address in directory.values():
            nursery.start_soon(ask, address)
    assert [end - begun for end in ends] == pytest.approx([6, 6])
    assert [await each.ask(Echo("on")) for each in directory.values()] == ["on", "on"]


def test_no_actor_of_reeld_asks_another_so_that_no_two_chains_can_meet() -> None:
    room = Path(next(iter(reeld.actors.__path__))).resolve()
    asks = [
        f"{path.relative_to(room)}:{node.lineno}"
        for path in room.rglob("*.py")
        if "kernel" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"ask", "request"}
    ]
    assert asks == [], "tell instead, or see to it that asks run one way between any two actors"


async def test_asking_the_same_actor_twice_in_a_row_is_no_circle(system: Any) -> None:
    class Twice(Actor):
        @handles(Find)
        async def find(self, message: Find) -> str:
            return await svc.ask(Echo("1")) + await svc.ask(Echo("2"))

    svc = await system.start(Svc)
    assert await (await system.start(Twice, "twice")).ask(Find()) == "12"


async def test_a_task_beside_the_handlers_is_not_part_of_the_chain(
    system: Any, autojump_clock: object
) -> None:
    answers: list[str] = []

    class Starter(Actor):
        @handles(Find)
        async def find(self, message: Find) -> str:
            self.start_soon(self.ask_oneself)
            return "begun"

        async def ask_oneself(self) -> None:
            await trio.sleep(2)
            answers.append(await self.address.ask(Echo("mine")))

        @handles(Echo)
        async def echo(self, message: Echo) -> str:
            return message.text

    starter = await system.start(Starter)
    await starter.ask(Find(), deadline=1)
    await trio.sleep(3)
    assert answers == ["mine"]


async def test_an_actor_started_inside_a_handler_is_not_part_of_it(
    system: Any, autojump_clock: object, nursery: trio.Nursery
) -> None:
    svc = await system.start(Svc)
    answers: list[str] = []

    class Asker(Actor):
        async def on_start(self) -> None:
            self.start_soon(self.ask)

        async def ask(self) -> None:
            answers.append(await svc.ask(Work(5)))

    handling.set(Envelope(Echo(), to="svc", deadline=trio.current_time() + 1))
    await nursery.start(run_incarnation, system.cell(Asker, "asker"))
    await trio.sleep(10)
    assert answers == ["done"]


# Bounds


async def test_a_full_mailbox_refuses_tells_and_asks(system: Any, autojump_clock: object) -> None:
    svc = await system.start(Svc)
    system.cells["svc"].pause()
    for _ in range(Svc.mailbox_capacity):
        svc.tell(Echo())
    with pytest.raises(MailboxFull):
        svc.tell(Echo())
    with pytest.raises(MailboxFull):
        await svc.ask(Echo())
    with pytest.raises(MailboxFull):
        await svc.request(Echo())
    assert svc.snapshot().mailbox_depth == Svc.mailbox_capacity


async def test_a_message_that_may_be_dropped_goes_to_the_dead_letters(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Svc)
    system.cells["svc"].pause()
    for _ in range(Svc.mailbox_capacity + 1):
        svc.tell(Hint())
    with pytest.raises(MailboxFull):
        await svc.ask(Hint())
    assert system.reasons() == [DeadReason.OVERFLOW] * 2


async def test_coalesced_asks_get_one_answer(system: Any) -> None:
    svc = await system.start(Svc)
    system.cells["svc"].pause()
    answers: list[int] = []

    async def ask() -> None:
        answers.append(await svc.ask(Sweep()))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        svc.tell(Sweep())
        assert svc.snapshot().mailbox_depth == 1
        system.cells["svc"].resume()
    assert answers == [1, 1, 1]
    assert system.notes.coalesced == ["svc"] * 3


# Other threads


async def test_a_worker_thread_can_tell_and_request(system: Any) -> None:
    svc = await system.start(Svc)
    await trio.to_thread.run_sync(svc.tell, Echo())
    future = await trio.to_thread.run_sync(svc.request, Echo("hello"))
    assert await trio.to_thread.run_sync(partial(future.get, timeout=5)) == "hello"
    assert await svc.request(Echo("here too")) == "here too"


async def test_a_threads_request_expires_as_an_ask_does(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Svc)
    with pytest.raises(DeadlineExceeded):
        await svc.request(Work(60), deadline=5)
    svc.tell(Work(10))
    with pytest.raises(DeadlineExceeded):
        await svc.request(Echo(), deadline=5)


async def test_an_ask_on_a_foreign_loop_is_refused(system: Any) -> None:
    svc = await system.start(Svc)

    def other_loop() -> None:
        trio.run(svc.ask, Echo())

    with pytest.raises(RuntimeError, match="another loop"):
        await trio.to_thread.run_sync(other_loop)


async def test_waiting_and_handling_times_are_told(system: Any, autojump_clock: object) -> None:
    svc = await system.start(Svc)
    svc.tell(Work(2))
    await svc.ask(Work(3))
    assert system.notes.times == [(0, 2), (2, 3)]
