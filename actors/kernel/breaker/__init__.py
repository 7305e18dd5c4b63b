"""Circuit breakers: when a service is down, that is state, not a crash."""

from reeld.actors.kernel.breaker._breaker import Breaker, BreakerObserver
from reeld.actors.kernel.breaker._circuit import BreakerState
from reeld.actors.kernel.breaker._config import BreakerConfig
from reeld.actors.kernel.breaker._keeper import BreakerKeeper
from reeld.actors.kernel.breaker._snapshot import BreakerSnapshot
from reeld.actors.kernel.breaker._stored import BreakerStore, StoredBreaker, settings_mark
from reeld.actors.kernel.breaker._verdict import (
    CallOutcome,
    Verdict,
    service_verdict,
)

__all__ = [
    "Breaker",
    "BreakerConfig",
    "BreakerKeeper",
    "BreakerObserver",
    "BreakerSnapshot",
    "BreakerState",
    "BreakerStore",
    "CallOutcome",
    "StoredBreaker",
    "Verdict",
    "service_verdict",
    "settings_mark",
]
