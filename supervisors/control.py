"""The control port: what people and programs may see of the running tree, and do to it."""

from __future__ import annotations

import structlog
import trio

from reeld.actors.kernel import ActorState, Breaker, Cell, DeadLetter
from reeld.domain.errors import DeadlineExceeded, NotFound, Refused
from reeld.supervisors._child import Child
from reeld.supervisors._errors import InducedCrash
from reeld.supervisors._snapshot import (
    MailboxSnapshot,
    NodeSnapshot,
    TreeSnapshot,
    snapshot_of,
    snapshot_of_tree,
)
from reeld.supervisors._supervisor import Supervisor
from reeld.supervisors._units import ActorUnit

__all__ = ["Control", "MailboxSnapshot", "NodeSnapshot", "TreeSnapshot"]

log = structlog.get_logger("reeld.supervisors")

RESTART_SECONDS = 90.0
"""How long `restart` waits: a stop deadline and a start deadline, with what comes between."""

DRAIN_LOOK_SECONDS = 0.05

_AT_REST = (ActorState.BACKOFF, ActorState.PARKED, ActorState.STOPPED)


class Control:
    """Looks at a tree and acts on it. All methods are for the trio thread; what is done is logged.

    Args:
        root: The tree.
    """

    def __init__(self, root: Supervisor) -> None:
        self._root = root

    def tree(self) -> TreeSnapshot:
        """Return a picture of the whole tree."""
        return snapshot_of_tree(self._root)

    def node(self, name: str) -> NodeSnapshot:
        """Return a picture of an actor, a task or a supervisor, and of what is below it.

        Raises:
            NotFound: Nothing in the tree has that name.
        """
        return snapshot_of(self._root.find(name))

    async def restart(
        self, name: str, reason: str, *, deadline: float = RESTART_SECONDS
    ) -> NodeSnapshot:
        """Stop a child in order and start it again at once, with those that its supervisor's strategy says.

        It costs no restart budget. What the actor handles is finished first, within its stop deadline; what waits in
        the mailbox waits for the new incarnation. One that rests is started, with its whole budget.

        Args:
            name: Whom.
            reason: Why, for the log.
            deadline: Seconds to wait for the outcome; the restart goes on after them.

        Returns:
            How it is when it has been started, or failed to.

        Raises:
            NotFound: Nothing in the tree has that name.
            DeadlineExceeded: It takes longer.
        """
        child = self._root.find(name)
        log.info("restart_requested", child=name, reason=reason)
        lives = child.lives
        child.wish()
        with trio.move_on_after(deadline) as scope:
            await child.wait_until(lambda: child.lives > lives and _settled(child))
        if scope.cancelled_caught:
            raise DeadlineExceeded(f"{name} has not restarted yet. Look at it again later.")
        return snapshot_of(child)

    async def unpark(self, name: str, reason: str = "a person tries it again") -> NodeSnapshot:
        """Start a parked child now instead of waiting for the slow timer.

        Raises:
            NotFound: Nothing in the tree has that name.
            Refused: It is not parked.
            DeadlineExceeded: It takes longer than a minute and a half.
        """
        if self._root.find(name).state is not ActorState.PARKED:
            raise Refused(f"{name} is not parked.", reason="not_parked")
        return await self.restart(name, reason)

    def pause(self, name: str) -> None:
        """Hold an actor's messages back, over restarts too, until `resume`. What it handles goes on.

        Raises:
            NotFound: Nothing in the tree has that name.
            Refused: It is no actor.
        """
        self._cell(name).pause()
        log.info("actor_paused", actor=name)

    def resume(self, name: str) -> None:
        """Undo `pause`.

        Raises:
            NotFound: Nothing in the tree has that name.
            Refused: It is no actor.
        """
        self._cell(name).resume()
        log.info("actor_resumed", actor=name)

    async def drain(self, name: str, *, deadline: float) -> NodeSnapshot:
        """Pause an actor and wait until it has finished what it had begun.

        Args:
            name: Whom.
            deadline: Seconds to wait; it goes on draining after them.

        Returns:
            How it is when it is idle.

        Raises:
            NotFound: Nothing in the tree has that name.
            Refused: It is no actor.
            DeadlineExceeded: It takes longer.
        """
        cell = self._cell(name)
        cell.pause()
        log.info("actor_draining", actor=name)
        with trio.move_on_after(deadline):
            while (now := cell.snapshot()).in_flight or now.working:  # noqa: ASYNC110 - numbers, no event
                await trio.sleep(DRAIN_LOOK_SECONDS)
            return self.node(name)
        raise DeadlineExceeded(
            f"{name} still works on what it had begun, and begins nothing new. Look at it again later; resume lets it go on."
        )

    def crash(self, name: str) -> None:
        """End a running child exactly as a fault of its own would: a drill.

        Raises:
            NotFound: Nothing in the tree has that name.
            Refused: It does not run.
        """
        child = self._root.find(name)
        if not child.alive:
            raise Refused(f"{name} does not run: there is nothing to crash.", reason="not_running")
        log.warning("crash_requested", child=name)
        child.unit.crash(InducedCrash(f"{name} was crashed through the control port"))

    def reset_breaker(self, name: str, breaker: str) -> None:
        """Have a breaker forget what it has seen; the next call is a probe.

        Raises:
            NotFound: There is no such actor, or it has no such breaker.
            Refused: It is no actor.
        """
        self._breaker(name, breaker).reset()
        log.info("breaker_reset", actor=name, breaker=breaker)

    def force_open(self, name: str, breaker: str, reason: str = "maintenance") -> None:
        """Have a breaker refuse all calls until it is reset.

        Raises:
            NotFound: There is no such actor, or it has no such breaker.
            Refused: It is no actor.
        """
        self._breaker(name, breaker).force_open(reason)
        log.info("breaker_forced_open", actor=name, breaker=breaker, reason=reason)

    def disable_breaker(self, name: str, breaker: str, reason: str = "maintenance") -> None:
        """Have a breaker let every call through and judge none, until it is reset.

        Raises:
            NotFound: There is no such actor, or it has no such breaker.
            Refused: It is no actor.
        """
        self._breaker(name, breaker).disable()
        log.info("breaker_disabled", actor=name, breaker=breaker, reason=reason)

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters that are kept, oldest first."""
        return self._root.kit.dead_letters.list()

    def replay_dead_letter(self, letter_id: int) -> DeadLetter:
        """Send a dead letter's message to its actor again, and forget the letter.

        Raises:
            NotFound: No such letter is kept.
            ReeldError: The actor refuses it; the letter is kept.
        """
        letter = self._root.kit.dead_letters.replay(letter_id)
        log.info("dead_letter_replayed", actor=letter.actor, letter=letter_id)
        return letter

    def discard_dead_letter(self, letter_id: int) -> DeadLetter:
        """Forget a dead letter.

        Raises:
            NotFound: No such letter is kept.
        """
        letter = self._root.kit.dead_letters.discard(letter_id)
        log.info("dead_letter_discarded", actor=letter.actor, letter=letter_id)
        return letter

    def _cell(self, name: str) -> Cell:
        unit = self._root.find(name).unit
        if not isinstance(unit, ActorUnit):
            raise Refused(f"{name} is a {unit.kind}, not an actor.", reason="not_an_actor")
        return unit.cell

    def _breaker(self, name: str, breaker: str) -> Breaker:
        found = self._cell(name).breakers.get(breaker)
        if found is None:
            raise NotFound(f"{name} has no breaker {breaker}.", reason="no_such_breaker")
        return found


def _settled(child: Child) -> bool:
    return not child.wished and (child.state is ActorState.RUNNING or child.state in _AT_REST)
