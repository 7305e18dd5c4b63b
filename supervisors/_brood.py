"""Children that come and go while their supervisor runs: as many as there are rows of something."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import trio

from reeld.actors.kernel import Actor
from reeld.supervisors._child import Child
from reeld.supervisors._spec import Care, ChildSpec


@dataclass(frozen=True, slots=True)
class Wanted:
    """A child that is to be there.

    Attributes:
        version: When it changes, the child is restarted: whatever it was made of has changed.
        factory: Makes each incarnation.
    """

    version: str
    factory: Callable[[], Actor]


class Parent(Protocol):
    """The supervisor whose children these are."""

    def hatch(self, spec: ChildSpec) -> Child:
        """Make a child: from now on its address exists, and it is seen."""

    def part_with(self, child: Child) -> None:
        """Forget a child that has ended."""


class Brood:
    """Says which children a supervisor has at present.

    The supervisor is given it in its spec; whoever knows what is wanted says so here.

    Args:
        care: How each of them is looked after; each has a budget of its own.
    """

    def __init__(self, care: Care | None = None) -> None:
        self._care = care or Care()
        self._parent: Parent | None = None
        self._wanted: dict[str, Wanted] = {}
        self._children: dict[str, Child] = {}
        self._coming: deque[Child] = deque()
        self._stir = trio.Event()

    def belong_to(self, parent: Parent) -> None:
        """Have this supervisor look after them."""
        self._parent = parent

    def keep(self, wanted: Mapping[str, Wanted]) -> None:
        """Have these children from now on, and no others; those that are there and did not change stay as they are.

        Returns at once. Children come one after the other, each acknowledged; those that are not wanted any more stop
        within their deadline, and one that is wanted again under the name of one that still stops comes after it: call
        this again and again.
        """
        for name in self._children.keys() - wanted.keys():
            self._children[name].dismiss()
        for name, each in wanted.items():
            self._keep_one(name, each)

    def _keep_one(self, name: str, wanted: Wanted) -> None:
        child = self._children.get(name)
        if child is not None and child.is_dismissed():
            return
        before, self._wanted[name] = self._wanted.get(name), wanted
        if child is None:
            self._bring(name)
        elif before is not None and before.version != wanted.version:
            child.wish()

    def _bring(self, name: str) -> None:
        assert self._parent is not None, "a supervisor looks after them"
        child = self._parent.hatch(self._spec(name))
        self._children[name] = child
        self._coming.append(child)
        self._stir.set()

    def _spec(self, name: str) -> ChildSpec:
        care = self._care

        def make() -> Actor:
            return self._wanted[name].factory()

        return ChildSpec(
            name=name,
            factory=make,
            restart=care.restart,
            start_deadline=care.start_deadline,
            stop_deadline=care.stop_deadline,
            intensity=care.intensity,
            backoff=care.backoff,
            park_retry=care.park_retry,
        )

    @property
    def stop_deadlines(self) -> tuple[float, ...]:
        """The seconds that each of those that are there has to end by itself."""
        return tuple(child.spec.stop_deadline for child in self._children.values())

    # For the supervisor

    async def newcomer(self) -> Child:
        """Wait for one that is to be started."""
        while not self._coming:
            self._stir = trio.Event()
            await self._stir.wait()
        return self._coming.popleft()

    def has(self, child: Child) -> bool:
        """Whether a child is one of these."""
        return self._children.get(child.name) is child

    def again(self) -> None:
        """Have all that are there started as if they had just come: their supervisor begins to live."""
        self._coming = deque(self._children.values())

    def gone(self, child: Child) -> None:
        """Hear that one has ended for good."""
        del self._children[child.name], self._wanted[child.name]
        if self._parent is not None:
            self._parent.part_with(child)
