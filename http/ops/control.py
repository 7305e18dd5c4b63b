"""`/control`: the actor tree as it is, and the few things that a person may do to it while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath, JSONBody

from reeld.actors.kernel import DeadLetter
from reeld.domain.errors import Refused
from reeld.domain.messages import Message, PollDownloads, PollRecent, Sweep
from reeld.domain.work import Queue
from reeld.http.surface import Surface
from reeld.supervisors import NodeSnapshot, TreeSnapshot

WHY = "a person asked for it"
ReasonText = Annotated[str, msgspec.Meta(max_length=300)]


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody acts; it goes to the log.

    Attributes:
        reason: A few words.
    """

    reason: ReasonText = WHY


class BreakerOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which breaker of an actor, and why.

    Attributes:
        breaker: Its name, as the tree shows it. In the body, because that of a folder or a feed holds slashes.
        reason: A few words.
    """

    breaker: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    reason: ReasonText = WHY


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Settings were read; `changed` is False when they were the same."""

    changed: bool


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


_POKES: dict[str, tuple[Message[Any], ...]] = {
    **{str(queue): (Sweep(),) for queue in Queue},
    "hdbits": (Sweep(), PollRecent()),
    "qbit": (Sweep(), PollDownloads()),
}


_SERVING = frozenset({"web", "surface"})


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
        if name in _SERVING:
            raise Refused(
                f"{name} cannot be restarted by a request that it answers itself. Restart the daemon.",
                reason="answers_this_request",
            )
        return await control.restart(name, _reason(request, data.reason if data else WHY))

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
        control.node(name)
        if name not in _POKES:
            raise Refused(f"{name} has no work of its own to look for.", reason="no_work")
        for message in _POKES[name]:
            surface.directory[name].tell(message)

    return [restart, pause, resume, crash, poll]


def _breakers(surface: Surface) -> list[Any]:
    control = surface.control

    @post("/actors/{name:str}/breakers/reset", operation_id="resetBreaker", status_code=200)
    async def reset_breaker(name: FromPath[str], data: JSONBody[BreakerOrder]) -> NodeSnapshot:
        """Have a breaker forget what it has seen: the next call is a probe."""
        control.reset_breaker(name, data.breaker)
        return control.node(name)

    @post("/actors/{name:str}/breakers/open", operation_id="openBreaker", status_code=200)
    async def open_breaker(
        name: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[BreakerOrder]
    ) -> NodeSnapshot:
        """Have a breaker refuse all calls until it is reset."""
        control.force_open(name, data.breaker, _reason(request, data.reason))
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
    async def reload_settings() -> Reloaded:
        """Read the settings again; says whether they changed."""
        return Reloaded(changed=await surface.reload())

    return [dead_letters, replay, reload_settings]


def _reason(request: Request[Any, Any, Any], given: str) -> str:
    caller = request.client.host if request.client else "unknown"
    return f"{given} (from {caller})"
