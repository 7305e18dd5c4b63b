"""Records name the actor in whose incarnation they were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from reeld.actors.kernel import Actor, handles
from reeld.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Look(Message[dict[str, Any]]):
    pass


class Svc(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.beside: dict[str, Any] = {}

    async def on_start(self) -> None:  # type: ignore[override]
        self.start_soon(self.note)

    async def note(self) -> None:
        self.beside = structlog.contextvars.get_contextvars()

    @handles(Look)
    async def look(self, message: Look) -> dict[str, Any]:
        return {"handler": structlog.contextvars.get_contextvars(), "beside": self.beside}


async def test_a_handler_and_a_task_know_whose_they_are(system: Any) -> None:
    svc = await system.start(Svc)
    seen = await svc.ask(Look())
    assert seen == {"handler": {"actor": "svc"}, "beside": {"actor": "svc"}}
    assert "actor" not in structlog.contextvars.get_contextvars()
