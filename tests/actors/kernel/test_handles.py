"""Which method handles which message."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from reeld.actors.kernel import Actor, handles, host_actors
from reeld.domain.errors import Refused
from reeld.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Ask(Message[str]):
    pass


@dataclass(frozen=True, slots=True)
class Other(Message[str]):
    pass


class Base(Actor):
    @handles(Ask)
    async def answer(self, message: Ask) -> str:
        return "base"


async def answer_of(kind: type[Actor]) -> object:
    async with host_actors():
        ref = kind.start()
        try:
            return await ref.ask(Ask(), block=False)
        finally:
            await ref.stop(block=False)


async def test_a_handler_is_inherited() -> None:
    class Heir(Base):
        pass

    assert await answer_of(Heir) == "base"


async def test_a_method_that_overrides_a_handler_is_one_too() -> None:
    class Heir(Base):
        async def answer(self, message: Ask) -> str:
            return "heir"

    assert await answer_of(Heir) == "heir"


async def test_an_actor_without_a_supervisor_refuses_what_it_does_not_handle() -> None:
    class Deaf(Actor):
        pass

    with pytest.RaisesGroup(
        pytest.RaisesExc(Refused, match="does not handle Ask"), flatten_subgroups=True
    ):
        await answer_of(Deaf)


def test_two_handlers_of_one_message_are_a_mistake() -> None:
    with pytest.raises(TypeError, match="both handle Ask"):

        class Torn(Base):
            @handles(Ask)
            async def another(self, message: Ask) -> str:
                return "torn"


def test_a_handler_must_be_async() -> None:
    with pytest.raises(TypeError, match="must be async"):

        class Blocking(Actor):
            @handles(Ask)  # type: ignore[arg-type]
            def answer(self, message: Ask) -> str:
                return "blocked"


def test_one_method_may_handle_several_messages() -> None:
    class Broad(Actor):
        @handles(Ask)
        @handles(Other)
        async def answer(self, message: Ask | Other) -> str:
            return "both"

    assert set(Broad().routes()) == {Ask, Other}
