"""`/control`: the actor tree as it is, and the few things that a person may do to it while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import Refused
from reeld.domain.messages import Message, PollDownloads, PollRecent, Sweep
from reeld.domain.settings import Reloaded
from reeld.domain.work import Queue
from reeld.http.ops.audit import AnyRequest, audit_routes
from reeld.http.ops.breakers import breaker_routes
from reeld.http.ops.dead_letters import dead_letter_routes
from reeld.http.ops.keys import key_routes
from reeld.http.ops.limits import limit_routes
from reeld.http.ops.orders import WHY, ReasonText
from reeld.http.ops.rehearsals import rehearsal_routes
from reeld.http.ops.tasks import task_routes
from reeld.http.surface import Surface
from reeld.supervisors import NodeSnapshot, TreeSnapshot


class DrainOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait for an actor to become idle, and why.

    Attributes:
        seconds: At most.
        reason: A few words.
    """

    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    reason: ReasonText = WHY


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody acts; it goes to the log.

    Attributes:
        reason: A few words.
    """

    reason: ReasonText = WHY


_POKES: dict[str, tuple[Message[Any], ...]] = {
    **{str(queue): (Sweep(),) for queue in Queue if queue is not Queue.TORZNAB},
    "hdbits": (Sweep(), PollRecent()),
    "qbit": (Sweep(), PollDownloads()),
}


_SERVING = frozenset({"web", "ops", "surface"})


def control_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of the control port. Every change is a POST, so that no link or image can cause one."""
    return [
        Router(
            "/control",
            route_handlers=[
                *_views(surface),
                *_lives(surface),
                *_flow(surface),
                *_reload(surface),
                *breaker_routes(surface),
                *dead_letter_routes(surface),
                *audit_routes(surface),
                *key_routes(surface),
                *limit_routes(surface),
                *task_routes(surface),
            ],
            guards=[surface.access.requires_key],
        ),
        *rehearsal_routes(surface),
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


def _lives(surface: Surface) -> list[Any]:
    control, audit = surface.control, surface.audit

    @post("/actors/{name:str}/restart", operation_id="restartActor", status_code=200)
    async def restart(
        name: FromPath[str], request: AnyRequest, data: JSONBody[Reason | None] = None
    ) -> NodeSnapshot:
        """Stop an actor in order and start it again; a parked one is started."""
        with audit.change(request, "restart", name, _why(data)):
            _require_not_serving(name)
            return await control.restart(name, _why(data))

    @post("/actors/{name:str}/unpark", operation_id="unparkActor", status_code=200)
    async def unpark(
        name: FromPath[str], request: AnyRequest, data: JSONBody[Reason | None] = None
    ) -> NodeSnapshot:
        """Start an actor that rests now, with its whole restart budget."""
        with audit.change(request, "unpark", name, _why(data)):
            return await control.unpark(name, _why(data))

    @post(
        "/actors/{name:str}/crash",
        operation_id="crashActor",
        status_code=200,
        guards=[surface.access.requires_admin],
    )
    async def crash(
        name: FromPath[str], request: AnyRequest, data: JSONBody[Reason | None] = None
    ) -> NodeSnapshot:
        """End an actor as a fault of its own would: a drill of its supervision."""
        with audit.change(request, "crash", name, _why(data)):
            control.crash(name)
            return control.node(name)

    return [restart, unpark, crash]


def _flow(surface: Surface) -> list[Any]:
    control, audit = surface.control, surface.audit

    @post("/actors/{name:str}/pause", operation_id="pauseActor", status_code=200)
    async def pause(
        name: FromPath[str], request: AnyRequest, data: JSONBody[Reason | None] = None
    ) -> NodeSnapshot:
        """Hold an actor's messages back until it is resumed; what it has begun goes on."""
        with audit.change(request, "pause", name, _why(data)):
            control.pause(name)
            return control.node(name)

    @post("/actors/{name:str}/resume", operation_id="resumeActor", status_code=200)
    async def resume(
        name: FromPath[str], request: AnyRequest, data: JSONBody[Reason | None] = None
    ) -> NodeSnapshot:
        """Let an actor's messages through again."""
        with audit.change(request, "resume", name, _why(data)):
            control.resume(name)
            return control.node(name)

    @post("/actors/{name:str}/drain", operation_id="drainActor", status_code=200)
    async def drain(
        name: FromPath[str], request: AnyRequest, data: JSONBody[DrainOrder | None] = None
    ) -> NodeSnapshot:
        """Have an actor finish what it has begun and begin nothing new, until it is resumed.

        Answers when it is idle, or with 504 when that takes longer than the deadline: it goes on draining then.
        """
        order = data or DrainOrder()
        with audit.change(request, "drain", name, order.reason, deadline=order.seconds):
            return await control.drain(name, deadline=order.seconds)

    @post("/actors/{name:str}/poll", operation_id="pollActor", status_code=202)
    async def poll(name: FromPath[str], request: AnyRequest) -> None:
        """Have an actor look for its work now, instead of when its timer says so."""
        with audit.change(request, "poll", name):
            control.node(name)
            if name not in _POKES:
                raise Refused(f"{name} has no work of its own to look for.", reason="no_work")
            for message in _POKES[name]:
                surface.directory[name].tell(message)

    return [pause, resume, drain, poll]


def _reload(surface: Surface) -> list[Any]:
    @post("/reload", operation_id="reloadSettings", status_code=200)
    async def reload_settings(request: AnyRequest) -> Reloaded:
        """Read the settings again; says whether they changed, and what only a restart puts in force.

        With an error in them the old ones stay in force.
        """
        with surface.audit.change(request, "reload", "settings"):
            return await surface.reload()

    return [reload_settings]


def _require_not_serving(name: str) -> None:
    if name in _SERVING:
        raise Refused(
            f"{name} cannot be restarted by a request that it answers itself. Restart the daemon.",
            reason="answers_this_request",
        )


def _why(data: Reason | None) -> str:
    return data.reason if data else WHY
