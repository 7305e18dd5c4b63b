"""pykka actors on trio: mailboxes, addresses, deadlines, dead letters and circuit breakers."""

from reeld.actors.kernel._actor import Actor
from reeld.actors.kernel._address import ASK_SECONDS, Address
from reeld.actors.kernel._cell import Cell
from reeld.actors.kernel._dead_letters import DeadLetter, DeadLetters, DeadReason
from reeld.actors.kernel._directory import Directory
from reeld.actors.kernel._envelope import Envelope
from reeld.actors.kernel._errors import ActorCrashed, ActorStopped, IncarnationCrashed
from reeld.actors.kernel._faults import describe as describe_fault
from reeld.actors.kernel._faults import part as part_fault
from reeld.actors.kernel._future import TrioFuture
from reeld.actors.kernel._handles import handles
from reeld.actors.kernel._host import Host, host_actors
from reeld.actors.kernel._observer import NullObserver, Observer, Outcome
from reeld.actors.kernel._ref import TrioRef
from reeld.actors.kernel._run import run_incarnation
from reeld.actors.kernel._state import ActorSnapshot, ActorState
from reeld.actors.kernel._trio_actor import TrioActor
from reeld.actors.kernel.breaker import (
    Breaker,
    BreakerConfig,
    BreakerKeeper,
    BreakerObserver,
    BreakerSnapshot,
    BreakerState,
    BreakerStore,
    CallOutcome,
    StoredBreaker,
    Verdict,
    service_verdict,
    settings_mark,
)

__all__ = [
    "ASK_SECONDS",
    "Actor",
    "ActorCrashed",
    "ActorSnapshot",
    "ActorState",
    "ActorStopped",
    "Address",
    "Breaker",
    "BreakerConfig",
    "BreakerKeeper",
    "BreakerObserver",
    "BreakerSnapshot",
    "BreakerState",
    "BreakerStore",
    "CallOutcome",
    "Cell",
    "DeadLetter",
    "DeadLetters",
    "DeadReason",
    "Directory",
    "Envelope",
    "Host",
    "IncarnationCrashed",
    "NullObserver",
    "Observer",
    "Outcome",
    "StoredBreaker",
    "TrioActor",
    "TrioFuture",
    "TrioRef",
    "Verdict",
    "describe_fault",
    "handles",
    "host_actors",
    "part_fault",
    "run_incarnation",
    "service_verdict",
    "settings_mark",
]
