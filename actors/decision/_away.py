"""Who cannot be asked just now, by their circuit breakers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from reeld.actors.kernel import Directory
from reeld.actors.kernel.breaker import Breaker, BreakerState
from reeld.domain.torznab import Indexer
from reeld.domain.work import Queue

_AWAY: Final = frozenset({BreakerState.OPEN, BreakerState.FORCED_OPEN})
"""One that is half open is being tried: what is decided now may be what it is tried with."""


def indexers_away(directory: Directory, rows: Iterable[Indexer] = ()) -> frozenset[str]:
    """Return the names of the indexers and feeds whose breakers refuse calls.

    Args:
        directory: Where the actors are.
        rows: The indexers that have an actor each.
    """
    names = (name for queue in (Queue.HDBITS, Queue.RSS) for name in _open(directory, queue))
    away = frozenset(name.removeprefix("rss:") for name in names)
    return away | {each.name for each in rows if any(_open(directory, each.part))}


def is_client_away(directory: Directory) -> bool:
    """Tell whether the download client's breaker refuses calls."""
    return any(_open(directory, Queue.QBIT))


def who_is_away(directory: Directory) -> frozenset[str]:
    """Return the names of all breakers that refuse calls."""
    actors = [str(queue) for queue in (Queue.HDBITS, Queue.RSS, Queue.QBIT)]
    actors += [each.name for each in directory if each.name.startswith(f"{Queue.TORZNAB}:")]
    return frozenset(name for actor in actors for name in _open(directory, actor))


def _open(directory: Directory, actor: str) -> Iterator[str]:
    breakers: Mapping[str, Breaker] = directory[actor].breakers if actor in directory else {}
    return (name for name, breaker in breakers.items() if breaker.state in _AWAY)
