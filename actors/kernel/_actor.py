"""The actor that reeld's actors are: typed messages, deadlines, timers, restarts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID, uuid4

from reeld.actors.kernel._handles import Route, table_of
from reeld.actors.kernel._trio_actor import TrioActor
from reeld.domain.errors import Refused
from reeld.domain.messages import Message

if TYPE_CHECKING:
    from reeld.actors.kernel._address import Address
    from reeld.actors.kernel._cell import Cell
    from reeld.actors.kernel._incarnation import Incarnation


class Actor(TrioActor):
    """One incarnation of a supervised actor.

    Subclass it, mark async methods with `handles`, and let a supervisor make it: the constructor
    runs for every incarnation, so whatever must survive a restart belongs into rows.

    A handler answers with what it returns. A `ReeldError` it raises answers the asker, and the actor
    goes on. Any other exception answers the asker with `ActorCrashed` and ends this incarnation. No
    handler outlives its deadline, and no context variable that it sets is seen by the next message.
    """

    name: ClassVar[str] = "actor"
    """What its address is called."""
    concurrency: ClassVar[int] = 1
    """Messages handled at once. Control messages do not count."""
    mailbox_capacity: ClassVar[int] = 1000
    """Messages that may wait. Control messages do not count."""
    handler_deadline: ClassVar[float] = 30.0
    """Seconds a handler may run, unless its message's class says otherwise."""
    on_stop_deadline: ClassVar[float] = 5.0
    """Seconds `on_stop` may take."""

    _routes: ClassVar[dict[type[Message[Any]], str]] = {}

    incarnation: UUID
    """Fresh for every incarnation: also the owner of the work rows it claims."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._routes = table_of(cls)

    def __init__(self) -> None:
        self.incarnation = uuid4()
        self._cell: Cell | None = None
        self._running: Incarnation | None = None
        super().__init__()

    @property
    def working(self) -> int:
        """Pieces of work under way beside the handlers; whoever drains the actor waits for them."""
        return 0

    def _adopt(self, cell: Cell) -> None:
        super()._adopt(cell)
        self._cell = cell

    @property
    def address(self) -> Address:
        """The actor's own address.

        Raises:
            RuntimeError: It was not made by a supervisor.
        """
        if self._cell is None:
            raise RuntimeError(f"{type(self).__name__} has no address: no supervisor made it")
        return self._cell.address

    async def on_start(self) -> None:  # type: ignore[override]
        """Run before the first message. If it raises, the incarnation never was."""

    async def drain(self) -> None:
        """Wait for tasks that had better end by themselves, after the last message and before tasks are cancelled.

        Runs when the actor was asked to stop, not when it crashed. Whoever asked sets the deadline: a supervisor
        cancels the incarnation when its stop deadline has passed.
        """

    async def on_stop(self) -> None:  # type: ignore[override]
        """Clean up after the last message, whether the actor stops or will restart.

        Runs when all handlers and tasks of the incarnation have ended, shielded from cancellation,
        for at most `on_stop_deadline` seconds. What it raises is logged.
        """

    def start_soon(self, fn: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Run a task beside the handlers.

        It is cancelled when the incarnation ends, and ends the incarnation with any error it raises,
        a `ReeldError` too: nobody waits for it who could be answered. Call it from `on_start` on.
        """
        self._incarnation().start_soon(fn, *args)

    def every(
        self,
        key: str,
        seconds: float,
        message: Message[Any],
        *,
        first: float | None = None,
        jitter: float = 0.1,
    ) -> None:
        """Tell oneself a message again and again, until the incarnation ends.

        Args:
            key: The timer's name; a timer of that name is replaced.
            seconds: From one message to the next.
            message: What to tell. When the mailbox is full this turn is skipped, and logged.
            first: Seconds to the first; as between the others when left out.
            jitter: Each pause is longer or shorter by up to this share of it.
        """
        self._incarnation().timers.every(key, seconds, message, first=first, jitter=jitter)

    def after(self, key: str, seconds: float, message: Message[Any]) -> None:
        """Tell oneself a message once, in `seconds` seconds, if the incarnation lasts that long.

        Args:
            key: The timer's name; a timer of that name is replaced.
            seconds: From now.
            message: What to tell.
        """
        self._incarnation().timers.after(key, seconds, message)

    def cancel_timer(self, key: str) -> None:
        """Cancel the timer of that name, if there is one."""
        self._incarnation().timers.cancel(key)

    def on_receive(self, message: Any) -> Any:
        """Hand a message to its handler: pykka's hook, for an actor started without a supervisor."""
        name = self._routes.get(type(message))
        if name is None:
            raise Refused(f"{type(self).__name__} does not handle {type(message).__name__}.")
        return getattr(self, name)(message)

    def routes(self) -> dict[type[Message[Any]], Route]:
        """Return where this incarnation's messages go."""
        return {
            kind: Route(
                getattr(self, name),
                self.handler_deadline if kind.deadline_seconds is None else kind.deadline_seconds,
                kind.__name__,
            )
            for kind, name in self._routes.items()
        }

    def _incarnation(self) -> Incarnation:
        if self._running is None:
            raise RuntimeError(f"{type(self).__name__} does not run: begin tasks in on_start")
        return self._running
