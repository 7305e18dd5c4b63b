"""`/control`: the actor tree as it is, and the few things that a person may do to it while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog
from litestar import Request, Router, get, post
from litestar.params import FromPath, JSONBody

from reeld.actors.kernel import DeadLetter
from reeld.domain.messages import Message, PollDownloads, PollRecent, Sweep
from reeld.http.surface import Surface
from reeld.supervisors import NodeSnapshot, TreeSnapshot

log = structlog.get_logger("reeld.http")


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody acts; it goes to the log.

    Attributes:
        reason: A few words.
    """

    reason: str = "a person asked for it"


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


_POKES: dict[str, tuple[type[Message[Any]], ...]] = {
    "hdbits": (Sweep, PollRecent),
    "qbit": (Sweep, PollDownloads),
}


def control_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of the control port. Every change is a POST, so that no link or image can cause one."""
    return [
        Router(
            "/control",
            route_handlers=[
                *_views(surface),
                *_drills(surface),
                *_breakers(surface),
                *_rest(surface),
            ],
            guards=[surface.access.requires_key],
        )
    ]


def _views(surface: Surface) -> list[Any]:
    control = surface.control

    @get("/actors", operation_id="listActors")
    async def actors() -> TreeSnapshot:
        """Show the tree: states, restarts, budgets, mailboxes, breakers."""
        return control.tree()

    @get("/actors/{name:str}", operation_id="getActor")
    async def actor(name: FromPath[str]) -> NodeSnapshot:
        """Show one actor or supervisor."""
        return control.node(name)

    return [actors, actor]


def _drills(surface: Surface) -> list[Any]:
    control = surface.control

    @post("/actors/{name:str}/restart", operation_id="restartActor", status_code=200)
    async def restart(
        name: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Reason | None] = None
    ) -> NodeSnapshot:
        """Stop an actor in order and start it again; a parked one is started."""
        return await control.restart(name, _reason(request, data))

    @post("/actors/{name:str}/pause", operation_id="pauseActor", status_code=200)
    async def pause(name: FromPath[str]) -> NodeSnapshot:
        """Hold an actor's messages back until it is resumed."""
        control.pause(name)
        return control.node(name)

    @post("/actors/{name:str}/resume", operation_id="resumeActor", status_code=200)
    async def resume(name: FromPath[str]) -> NodeSnapshot:
        """Let an actor's messages through again."""
        control.resume(name)
        return control.node(name)

    @post("/actors/{name:str}/crash", operation_id="crashActor", status_code=200)
    async def crash(name: FromPath[str]) -> NodeSnapshot:
        """End an actor as a fault of its own would: a drill of its supervision."""
        control.crash(name)
        return control.node(name)

    @post("/actors/{name:str}/poll", operation_id="pollActor", status_code=202)
    async def poll(name: FromPath[str]) -> None:
        """Have an actor look for its work now, instead of when its timer says so."""
        for message in _POKES.get(name, (Sweep,)):
            surface.directory[name].tell(message())

    return [restart, pause, resume, crash, poll]


def _breakers(surface: Surface) -> list[Any]:
    control = surface.control

    @post(
        "/actors/{name:str}/breakers/{breaker:str}/reset",
        operation_id="resetBreaker",
        status_code=200,
    )
    async def reset_breaker(name: FromPath[str], breaker: FromPath[str]) -> NodeSnapshot:
        """Have a breaker forget what it has seen."""
        control.reset_breaker(name, breaker)
        return control.node(name)

    @post(
        "/actors/{name:str}/breakers/{breaker:str}/open",
        operation_id="openBreaker",
        status_code=200,
    )
    async def open_breaker(
        name: FromPath[str],
        breaker: FromPath[str],
        request: Request[Any, Any, Any],
        data: JSONBody[Reason | None] = None,
    ) -> NodeSnapshot:
        """Have a breaker refuse all calls until it is reset."""
        control.force_open(name, breaker, _reason(request, data))
        return control.node(name)

    return [reset_breaker, open_breaker]


def _rest(surface: Surface) -> list[Any]:
    control = surface.control

    @get("/dead-letters", operation_id="listDeadLetters")
    async def dead_letters() -> list[DeadLetterView]:
        """List the messages that died, oldest first."""
        return [DeadLetterView.of(letter) for letter in control.dead_letters()]

    @post("/dead-letters/{letter_id:int}/replay", operation_id="replayDeadLetter", status_code=200)
    async def replay(letter_id: FromPath[int]) -> DeadLetterView:
        """Send a message that died to its actor again."""
        return DeadLetterView.of(control.replay_dead_letter(letter_id))

    @post("/reload", operation_id="reloadSettings", status_code=200)
    async def reload_settings() -> dict[str, bool]:
        """Read the settings again; says whether they changed."""
        return {"changed": await surface.reload()}

    return [dead_letters, replay, reload_settings]


def _reason(request: Request[Any, Any, Any], given: Reason | None) -> str:
    caller = request.client.host if request.client else "unknown"
    return f"{given.reason if given else Reason().reason} (from {caller})"
