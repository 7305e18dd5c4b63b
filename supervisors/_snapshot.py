"""The tree as views show it: plain values, ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass

import trio

from reeld.actors.kernel import ActorState, BreakerSnapshot
from reeld.supervisors._child import Child
from reeld.supervisors._spec import RestartPolicy, Strategy
from reeld.supervisors._supervisor import Supervisor
from reeld.supervisors._units import ActorUnit, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSnapshot:
    """A mailbox at one moment."""

    depth: int
    capacity: int
    oldest_wait: float
    """Seconds that the oldest message has waited."""
    in_flight: int
    """Messages being handled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSnapshot:
    """An actor, a task or a supervisor at one moment."""

    name: str
    kind: Kind
    state: ActorState
    since: float
    """Unix time at which it came into this state."""
    restart: RestartPolicy
    restarts: int
    """How often it was started again, for whatever reason."""
    restarts_left: int
    """How many more crashes its own budget tolerates at this moment."""
    restart_limit: int
    """How many it tolerates in `restart_window`."""
    restart_window: float
    last_error_reason: str | None
    last_error: str | None
    """What ended it last, for a person."""
    last_error_at: float | None
    parked: bool
    paused: bool
    working: int
    """Pieces of work under way beside the messages that are handled."""
    incarnation: str | None
    """The running incarnation's id: the owner of the work rows it holds."""
    mailbox: MailboxSnapshot | None
    breakers: tuple[BreakerSnapshot, ...]
    strategy: Strategy | None
    """A supervisor's."""
    children: tuple[NodeSnapshot, ...]


def snapshot_of(child: Child) -> NodeSnapshot:
    """Return a picture of a child and of all below it."""
    spec, unit, trouble = child.spec, child.unit, child.trouble
    actor = unit.cell.snapshot() if isinstance(unit, ActorUnit) else None
    breakers = unit.cell.breakers if isinstance(unit, ActorUnit) else {}
    branch = unit if isinstance(unit, Supervisor) else None
    return NodeSnapshot(
        name=child.name,
        kind=unit.kind,
        state=child.state,
        since=child.since,
        restart=spec.restart,
        restarts=child.restarts,
        restarts_left=child.budget.left(trio.current_time()),
        restart_limit=spec.intensity.restarts,
        restart_window=spec.intensity.seconds,
        last_error_reason=trouble.reason if trouble else None,
        last_error=trouble.sentence if trouble else None,
        last_error_at=trouble.at if trouble else None,
        parked=child.state is ActorState.PARKED,
        paused=actor is not None and actor.paused,
        working=actor.working if actor else 0,
        incarnation=str(actor.incarnation) if actor and actor.incarnation else None,
        mailbox=None
        if actor is None
        else MailboxSnapshot(
            depth=actor.mailbox_depth,
            capacity=actor.mailbox_capacity,
            oldest_wait=actor.oldest_wait,
            in_flight=actor.in_flight,
        ),
        breakers=tuple(breakers[name].snapshot() for name in sorted(breakers)),
        strategy=branch.spec.strategy if branch else None,
        children=tuple(snapshot_of(grandchild) for grandchild in branch.children) if branch else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSnapshot:
    """The whole tree at one moment."""

    name: str
    strategy: Strategy
    restarts: int
    """Restarts of actors and tasks in the whole tree."""
    parked: tuple[str, ...]
    """The names of those that rest."""
    dead_letters: int
    """How many messages died since the start."""
    restarts_left: int
    """How many more restarts the budget of the whole tree tolerates at this moment."""
    restart_limit: int
    restart_window: float
    children: tuple[NodeSnapshot, ...]


def snapshot_of_tree(root: Supervisor) -> TreeSnapshot:
    """Return a picture of the tree."""
    budget = root.kit.budget
    leaves = [child for child in root if child.unit.kind is not Kind.SUPERVISOR]
    return TreeSnapshot(
        name=root.name,
        strategy=root.spec.strategy,
        restarts=sum(child.restarts for child in leaves),
        parked=tuple(child.name for child in leaves if child.state is ActorState.PARKED),
        dead_letters=sum(root.kit.dead_letters.counts().values()),
        restarts_left=budget.left(trio.current_time()),
        restart_limit=budget.intensity.restarts,
        restart_window=budget.intensity.seconds,
        children=tuple(snapshot_of(child) for child in root.children),
    )
