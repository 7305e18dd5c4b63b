"""What a supervisor is told: which children, how they are restarted, and what happens when that does not help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

import trio

from reeld.actors.kernel import Actor
from reeld.supervisors._backoff import Backoff
from reeld.supervisors._intensity import Intensity

if TYPE_CHECKING:
    from reeld.supervisors._brood import Brood

DEFAULT_INTENSITY = Intensity(3, 60.0)
DEFAULT_BACKOFF = Backoff()
SUPERVISOR_INTENSITY = Intensity(1, 60.0)


class RestartPolicy(StrEnum):
    """When a child that has ended is started again."""

    PERMANENT = "permanent"
    """Always."""
    TRANSIENT = "transient"
    """After a crash; not when it ended by itself."""
    TEMPORARY = "temporary"
    """Never, nor when a sibling's crash stopped it."""


class Strategy(StrEnum):
    """Who is restarted with a child that crashed."""

    ONE_FOR_ONE = "one_for_one"
    """Nobody."""
    ONE_FOR_ALL = "one_for_all"
    """All its siblings."""
    REST_FOR_ONE = "rest_for_one"
    """The siblings that were started after it."""


class OnExhausted(StrEnum):
    """What happens when a child's restart budget is used up."""

    PARK = "park"
    """The child rests: its address answers `ActorParked`, and a slow timer tries again."""
    ESCALATE = "escalate"
    """The supervisor fails, and its own supervisor decides."""


class Service(Protocol):
    """An async function that a supervisor runs beside the actors."""

    def __call__(self, *, task_status: trio.TaskStatus[object]) -> Awaitable[object]:
        """Run until cancelled. Calls `task_status.started()` when it is ready to serve."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """How a child is looked after.

    Attributes:
        restart: When it is started again.
        start_deadline: Seconds until it must have acknowledged its start.
        stop_deadline: Seconds it has to end by itself before it is cancelled.
        intensity: Its restart budget.
        backoff: The waits before its restarts.
        on_exhausted: What happens when the budget is used up.
        park_retry: Seconds after which a parked child is tried again.
    """

    restart: RestartPolicy = RestartPolicy.PERMANENT
    start_deadline: float = 30.0
    stop_deadline: float = 15.0
    intensity: Intensity = DEFAULT_INTENSITY
    backoff: Backoff = DEFAULT_BACKOFF
    on_exhausted: OnExhausted = OnExhausted.PARK
    park_retry: float = 300.0

    def __post_init__(self) -> None:
        if self.start_deadline <= 0 or self.stop_deadline < 0 or self.park_retry <= 0:
            raise ValueError("deadlines and park_retry must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec(Care):
    """An actor.

    Attributes:
        name: What its address is called; unique in the tree.
        factory: Makes each incarnation.
    """

    name: str
    factory: Callable[[], Actor]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec(Care):
    """An async function that is no actor: the web server, say.

    Attributes:
        name: Unique in the tree.
        run: The function.
        stop: Asks it to end by itself; without one it is cancelled at once.
    """

    name: str
    run: Service
    stop: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorSpec(Care):
    """A supervisor with its children, in the order in which they start.

    Attributes:
        name: Unique in the tree.
        strategy: Who is restarted with a child that crashed.
        children: Whom it supervises.
        brood: Whom it supervises beside them, as they come and go; one-for-one only.

    How long it may take to start and to stop follows from its children. It is restarted when it fails, once a
    minute at most: the restarts that its own children had are multiplied by it.
    """

    name: str
    strategy: Strategy = Strategy.ONE_FOR_ONE
    children: tuple[Child, ...]
    brood: Brood | None = None
    intensity: Intensity = SUPERVISOR_INTENSITY
    on_exhausted: OnExhausted = OnExhausted.ESCALATE

    def __post_init__(self) -> None:
        # `super()` finds no class here: a dataclass with slots is a copy of the one that was defined.
        Care.__post_init__(self)
        names = [name for child in self.children for name in names_of(child)]
        if len({self.name, *names}) != len(names) + 1:
            raise ValueError(
                f"names below {self.name} must be unique: {sorted([self.name, *names])}"
            )
        if self.brood is not None and self.strategy is not Strategy.ONE_FOR_ONE:
            raise ValueError(f"children of {self.name} cannot come and go: they stand together")
        parks = [c.name for c in self.children if c.on_exhausted is OnExhausted.PARK]
        if parks and self.strategy is not Strategy.ONE_FOR_ONE:
            raise ValueError(
                f"{parks} cannot be parked: {self.name} starts and stops them together"
            )


Child: TypeAlias = ChildSpec | TaskSpec | SupervisorSpec


def names_of(child: Child) -> list[str]:
    """Return the names of a child and of all below it."""
    below = child.children if isinstance(child, SupervisorSpec) else ()
    return [child.name, *(name for grandchild in below for name in names_of(grandchild))]


WIND_DOWN = 15.0
"""Seconds beyond its stop deadline that ending a child may take: `on_stop`, and giving its rows back."""


def start_deadline_of(child: Child) -> float:
    """Return the seconds within which a child must acknowledge its start.

    A supervisor starts its children one after the other, each with a deadline and a budget: these bound it.
    """
    return float("inf") if isinstance(child, SupervisorSpec) else child.start_deadline


def stop_deadline_of(child: Child) -> float:
    """Return the seconds that a child has to end by itself; a supervisor has what its children have together."""
    if isinstance(child, SupervisorSpec):
        # One that has none at present stops at once, which takes a moment all the same.
        come_and_go = (0.0, *child.brood.stop_deadlines) if child.brood is not None else ()
        own = (stop_deadline_of(grandchild) for grandchild in child.children)
        return sum(deadline + WIND_DOWN for deadline in (*own, *come_and_go))
    return child.stop_deadline
