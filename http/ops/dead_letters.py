"""Messages that died: read, sent again, or thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.params import FromPath

from reeld.actors.kernel import DeadLetter
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """A message that died; its content stays inside, since it may hold what nobody should read here."""

    id: int
    at: datetime
    actor: str
    message: str
    reason: str
    fault: str | None

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterView:
        """Show a dead letter."""
        return cls(
            id=letter.id,
            at=letter.at,
            actor=letter.actor,
            message=type(letter.message).__name__,
            reason=str(letter.reason),
            fault=letter.fault,
        )


def dead_letter_routes(surface: Surface) -> list[Any]:
    """Return the routes of dead letters, below `/control`."""
    control, audit = surface.control, surface.audit

    @get("/dead-letters", operation_id="listDeadLetters")
    async def dead_letters() -> list[DeadLetterView]:
        """List the messages that died, oldest first."""
        return [DeadLetterView.of(letter) for letter in control.dead_letters()]

    @post("/dead-letters/{letter_id:int}/replay", operation_id="replayDeadLetter", status_code=200)
    async def replay(letter_id: FromPath[int], request: AnyRequest) -> DeadLetterView:
        """Send a message that died to its actor again."""
        with audit.change(request, "replay_dead_letter", str(letter_id)):
            return DeadLetterView.of(control.replay_dead_letter(letter_id))

    @post(
        "/dead-letters/{letter_id:int}/discard",
        operation_id="discardDeadLetter",
        status_code=200,
        guards=[surface.access.requires_admin],
    )
    async def discard(letter_id: FromPath[int], request: AnyRequest) -> DeadLetterView:
        """Forget a message that died."""
        with audit.change(request, "discard_dead_letter", str(letter_id)):
            return DeadLetterView.of(control.discard_dead_letter(letter_id))

    return [dead_letters, replay, discard]
