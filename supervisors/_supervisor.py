"""A supervisor: a nursery that starts, restarts and stops its children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never
from uuid import UUID

import structlog
import trio

from reeld.actors.kernel import ActorState, Directory
from reeld.domain.errors import NotFound
from reeld.supervisors._child import Child, GiveUp
from reeld.supervisors._errors import Escalated
from reeld.supervisors._kit import Kit
from reeld.supervisors._life import EndCause
from reeld.supervisors._pulse import Pulse
from reeld.supervisors._spec import Child as Spec
from reeld.supervisors._spec import ChildSpec, Strategy, SupervisorSpec, TaskSpec
from reeld.supervisors._strategies import keep_apart, keep_together
from reeld.supervisors._units import ActorUnit, Kind, TaskUnit, Unit

log = structlog.get_logger("reeld.supervisors")


class Supervisor:
    """Starts its children in order, restarts them as the strategy says, and stops them in reverse order.

    The addresses of all actors below it exist, and take messages, from its construction on; they stay the same over
    every restart. It is itself something that lives, so that it can be the child of another one.

    Args:
        spec: The children and how they are looked after.
        kit: What all supervisors of a tree share.
    """

    kind = Kind.SUPERVISOR
    incarnation: UUID | None = None

    def __init__(self, spec: SupervisorSpec, kit: Kit | None = None) -> None:
        self.spec = spec
        self.kit = kit or Kit()
        self.children = [Child(c, self._unit_of(c), self.kit, self._stirred) for c in spec.children]
        self._deciding = trio.CancelScope()
        self._stop_cause: EndCause | None = None
        self._failure: Escalated | None = None
        self._stir = trio.Event()
        self._living = False
        self._pulse = Pulse()
        if spec.brood is not None:
            spec.brood.belong_to(self)

    @property
    def name(self) -> str:
        """Its name, unique in the tree."""
        return self.spec.name

    @property
    def directory(self) -> Directory:
        """The addresses of the actors of the tree."""
        return self.kit.directory

    def __iter__(self) -> Iterator[Child]:
        """Go through all children below it, each before its own."""
        for child in self.children:
            yield child
            if isinstance(child.unit, Supervisor):
                yield from child.unit

    def find(self, name: str) -> Child:
        """Return the child of that name, however deep.

        Raises:
            NotFound: There is none.
        """
        for child in self:
            if child.name == name:
                return child
        raise NotFound(f"Nothing in the tree is called {name}.", reason="no_such_child")

    # Children that come and go

    def hatch(self, spec: ChildSpec) -> Child:
        """Make a child beside those of the spec; see `Brood`."""
        child = Child(spec, self._unit_of(spec), self.kit, self._stirred)
        self.children.append(child)
        return child

    def part_with(self, child: Child) -> None:
        """Forget a child that has ended for good."""
        self.children.remove(child)
        if isinstance(child.unit, ActorUnit):
            self.directory.remove(child.unit.cell.address)

    # The root

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run as the root of a tree until `stop`, or until the tree cannot be helped.

        Reports `started()` when all children have started, or failed to once. When it is cancelled it still stops
        the children in order, each within its deadlines, before the cancellation goes on.

        Raises:
            Escalated: The tree cannot be helped: end the process with an error, so that it is started again.
        """
        self._prepare()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._heed_cancellation)
                with trio.CancelScope(shield=True):
                    await self._live(task_status.started)
                nursery.cancel_scope.cancel(reason=f"{self.name} has stopped")
        finally:
            self.close("reeld has stopped")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop all children in order; `run` then returns."""
        self.ask_to_stop(EndCause.SHUTDOWN.value)

    def hurry(self) -> None:
        """Stop as `stop` does and in the same order, but cancel each child at once instead of letting it end."""
        self.kit.hurried.set()
        self.stop()

    async def come_round(self) -> None:
        """Wait until the supervisor has looked at each of its children once more: its tasks are not stuck.

        Nobody answers before all children have started once, nor while it stops them; what it does then has deadlines.
        The caller brings a deadline of its own. Only one-for-one supervisors answer, as the root of a tree is.
        """
        await self._pulse.ask()

    async def _heed_cancellation(self) -> None:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            if self._living:
                self.stop()
            raise

    # A child of another supervisor

    async def live(self, started: Callable[[], None]) -> None:
        """Live once, as the child of another supervisor."""
        self._prepare()
        await self._live(started)
        if self._failure is not None:
            raise self._failure

    def ask_to_stop(self, cause: str) -> bool:
        """Begin to stop the children."""
        self._stop_cause = self._stop_cause or EndCause(cause)
        self._deciding.cancel(reason=f"{self.name} stops: {cause}")
        return True

    def crash(self, fault: Exception) -> None:
        """Fail as if a child could not be helped."""
        self._failure = self._failure or Escalated(self.name, self.name, fault, final=False)
        self._deciding.cancel(reason=f"{self.name} was crashed")

    def enter(self, state: ActorState) -> None:
        """Show nothing: what it does is seen at its children."""

    def remember(self, fault: BaseException) -> None:
        """Keep nothing: its child keeps it."""

    def park(self, reason: str, retry_after: float) -> None:
        """Have all actors below refuse messages until it is tried again."""
        for child in self.children:
            child.unit.park(reason, retry_after)
            child.enter(ActorState.PARKED)

    def reopen(self) -> None:
        """Have the actors below take messages again."""
        for child in self.children:
            child.unit.reopen()

    def close(self, reason: str) -> None:
        """Have all actors below refuse messages for good."""
        for child in self.children:
            child.finish(reason)

    # Living

    def _prepare(self) -> None:
        self._failure = None
        for child in self.children:
            child.renew()

    async def _live(self, started: Callable[[], None]) -> None:
        self._living = True
        try:
            async with trio.open_nursery() as lives:
                with self._deciding:
                    await self._keep(lives, started)
                await self._stop_children()
        finally:
            self._living, self._stop_cause = False, None
            self._deciding = trio.CancelScope()

    async def _keep(self, lives: trio.Nursery, started: Callable[[], None]) -> None:
        match self.spec.strategy:
            case Strategy.ONE_FOR_ONE:
                brood = self.spec.brood
                if brood is not None:
                    brood.again()
                await keep_apart(self.children, lives, started, self._fail, self._pulse, brood)
            case Strategy.ONE_FOR_ALL | Strategy.REST_FOR_ONE as strategy:
                await keep_together(
                    self.children, lives, started, self._fail, strategy, self._next_stir
                )
            case _:
                assert_never(self.spec.strategy)

    async def _stop_children(self) -> None:
        cause = self._stop_cause or EndCause.SIBLING
        for child in reversed(self.children):
            await child.end(cause)
            if cause is EndCause.SHUTDOWN:
                # At once, or those that still run would wait for its answers.
                child.finish("reeld stops")
            elif child.state is not ActorState.STOPPED:
                child.enter(ActorState.BACKOFF)

    def _fail(self, child: Child, verdict: GiveUp) -> None:
        fault = child.how_it_ended().fault
        self._failure = Escalated(self.name, child.name, fault, final=verdict.final)
        log.error("supervisor_failed", supervisor=self.name, child=child.name, final=verdict.final)
        self.kit.observer.escalated(self.name)
        self._deciding.cancel(reason=f"{self.name} failed")

    def _unit_of(self, spec: Spec) -> Unit:
        match spec:
            case ChildSpec():
                return ActorUnit(spec, self.kit)
            case TaskSpec():
                return TaskUnit(spec)
            case SupervisorSpec():
                return Supervisor(spec, self.kit)
            case _:
                assert_never(spec)

    def _next_stir(self) -> trio.Event:
        return self._stir

    def _stirred(self) -> None:
        self._stir.set()
        self._stir = trio.Event()
