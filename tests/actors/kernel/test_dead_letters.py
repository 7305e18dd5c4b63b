"""Dead letters: kept within bounds, counted, shown without secrets, replayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from reeld.actors.kernel import Actor as KernelActor
from reeld.actors.kernel import ActorStopped, Cell, DeadLetters, DeadReason, Directory, handles
from reeld.domain.errors import NotFound
from reeld.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Note(Message[str]):
    text: str


class Svc(KernelActor):
    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str] = []

    @handles(Note)
    async def note(self, message: Note) -> str:
        self.noted.append(message.text)
        return ",".join(self.noted)


def fault_of(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as fault:
        return fault


def test_the_oldest_go_first_but_all_are_counted() -> None:
    letters = DeadLetters(capacity=2)
    address = Cell("svc", Svc).address
    for text in "abc":
        letters.add(address, Note(text), DeadReason.EXPIRED)
    letters.add(address, Note("d"), DeadReason.CRASHED)
    assert [letter.message.text for letter in letters.list()] == ["c", "d"]
    assert letters.counts() == {("svc", DeadReason.EXPIRED): 3, ("svc", DeadReason.CRASHED): 1}


def test_a_foreign_errors_text_is_not_shown() -> None:
    letters = DeadLetters()
    address = Cell("svc", Svc).address
    letters.add(address, Note("a"), DeadReason.CRASHED, fault_of("https://host/?key=hunter2"))
    letters.add(address, Note("a"), DeadReason.CRASHED, NotFound("Nothing is here."))
    letters.add(address, Note("a"), DeadReason.CRASHED, ValueError())
    foreign, ours, unraised = letters.list()
    assert foreign.fault is not None
    assert foreign.fault.startswith("ValueError at test_dead_letters.py:")
    assert ours.fault == "NotFound: Nothing is here."
    assert unraised.fault == "ValueError"


async def test_a_letter_can_be_replayed_once(system: Any) -> None:
    svc = await system.start(Svc)
    system.dead_letters.add(svc, Note("again"), DeadReason.EXPIRED)
    (letter,) = system.dead_letters.list()
    assert system.dead_letters.replay(letter.id) == letter
    assert await svc.ask(Note("after")) == "again,after"
    with pytest.raises(NotFound):
        system.dead_letters.replay(letter.id)


def test_a_letter_that_is_refused_again_is_kept() -> None:
    letters = DeadLetters()
    cell = Cell("svc", Svc, dead_letters=letters)
    letters.add(cell.address, Note("again"), DeadReason.EXPIRED)
    cell.close()
    with pytest.raises(ActorStopped):
        letters.replay(1)
    assert len(letters.list()) == 1


def test_a_directory_finds_addresses_by_name() -> None:
    directory = Directory()
    first, second = Cell("first", Svc).address, Cell("second", Svc).address
    directory.add(first)
    directory.add(first)
    directory.add(second)
    assert directory["first"] is first
    assert list(directory) == [first, second]
    assert len(directory) == 2
    assert "second" in directory
    directory.remove(second)
    with pytest.raises(NotFound, match="no actor second"):
        directory["second"]


def test_two_actors_of_one_name_are_refused() -> None:
    directory = Directory()
    directory.add(Cell("svc", Svc).address)
    other = Cell("svc", Svc).address
    with pytest.raises(ValueError, match="svc already"):
        directory.add(other)
    directory.remove(other)
    assert "svc" in directory
