"""Present states: actors, breakers, health checks and downloads, told when they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

import structlog
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.topics import StateKind, Topic
from reeld.http.events.frames import Frame, progress_frame, state_frame
from reeld.http.events.hub import Hub
from reeld.storage import Database
from reeld.storage.repositories import downloads
from reeld.storage.repositories.downloads import Download
from reeld.supervisors import Kind, NodeSnapshot, TreeSnapshot
from reeld.telemetry import Check

log = structlog.get_logger("reeld.http")

LOOK_SECONDS: Final = 0.5
PROGRESS_SECONDS: Final = 1.0
"""How often downloads are looked at while somebody follows them: so often a client gets a frame of progress at most."""

Facts: TypeAlias = dict[tuple[StateKind, str], Mapping[str, object]]
"""What is so, by kind and name."""

_STATES: Final = frozenset({Topic.ACTOR, Topic.BREAKER, Topic.HEALTH})


class States:
    """Looks at what has no rows of its own, and publishes what is different from the last look.

    Nothing is looked at while nobody follows it. A follower that begins is told everything that is so then.

    Args:
        tree: Shows the actors and their breakers.
        checks: Shows the results of the health checks.
        database: Knows the downloads.
    """

    def __init__(
        self,
        hub: Hub,
        tree: Callable[[], TreeSnapshot],
        checks: Callable[[], Iterable[Check]],
        database: Database,
    ) -> None:
        self._hub = hub
        self._tree = tree
        self._checks = checks
        self._database = database
        self._facts: Facts = {}
        self._downloads: dict[int, dict[str, object]] = {}
        self._downloads_at = -PROGRESS_SECONDS
        self._asking = trio.Lock()

    async def run(self) -> None:
        """Publish changes until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_facts)
            nursery.start_soon(self._watch_downloads)

    async def fetch(self, topics: Iterable[Topic]) -> None:
        """Have what `current` shows of these topics no older than a look; without a database, as it was."""
        if Topic.DOWNLOAD not in topics:
            return
        async with self._asking:
            if trio.current_time() - self._downloads_at >= PROGRESS_SECONDS:
                await self._ask()

    def current(self, topics: Iterable[Topic], seq: int) -> Iterator[Frame]:
        """Return the present states of some topics, for who has been told every event up to `seq`."""
        self._look()
        wanted = frozenset(topics)
        for (kind, _), fact in self._facts.items():
            frame = state_frame(kind, seq, fact)
            if frame.topic in wanted:
                yield frame
        if Topic.DOWNLOAD in wanted:
            yield progress_frame(seq, self._downloads)

    async def _watch_facts(self) -> None:
        while True:
            await trio.sleep(LOOK_SECONDS)
            if any(self._hub.wants(topic) for topic in _STATES):
                self._look()

    def _look(self) -> None:
        before, self._facts = self._facts, dict(_facts_of(self._tree(), self._checks()))
        for key, fact in self._facts.items():
            if before.get(key) != fact:
                self._hub.publish(state_frame(key[0], self._hub.head, fact))
        for kind, name in before.keys() - self._facts.keys():
            gone = {"name": name, "state": "gone"}
            self._hub.publish(state_frame(kind, self._hub.head, gone))

    async def _watch_downloads(self) -> None:
        while True:
            await trio.sleep(PROGRESS_SECONDS)
            if self._hub.wants(Topic.DOWNLOAD):
                async with self._asking:
                    await self._ask()

    async def _ask(self) -> None:
        try:
            found = await downloads.active(self._database)
        except DatabaseUnavailable as error:
            log.debug("progress_postponed", reason=error.reason)
            return
        before, self._downloads = self._downloads, {each.id: _progress_of(each) for each in found}
        self._downloads_at = trio.current_time()
        moved = {key: now for key, now in self._downloads.items() if before.get(key) != now}
        if moved:
            self._hub.publish(progress_frame(self._hub.head, moved))


def _progress_of(download: Download) -> dict[str, object]:
    return {
        "acquisition_id": download.id,
        "movie_id": download.movie_id,
        "state": str(download.state),
        "progress": download.progress,
        "downloaded": download.downloaded,
        "size": download.size,
        "speed": download.speed,
        "eta_seconds": download.eta_seconds,
    }


def _facts_of(
    tree: TreeSnapshot, checks: Iterable[Check]
) -> Iterator[tuple[tuple[StateKind, str], Mapping[str, object]]]:
    for node in _leaves(tree.children):
        yield (StateKind.ACTOR_STATE, node.name), _actor(node)
        yield from (
            (
                (StateKind.BREAKER_STATE, breaker.name),
                {
                    "name": breaker.name,
                    "actor": node.name,
                    "state": str(breaker.state),
                    "since": breaker.since,
                    "reason": breaker.reason,
                    "sentence": breaker.sentence,
                },
            )
            for breaker in node.breakers
        )
    for check in checks:
        fact = {"status": str(check.status), "sentence": check.sentence, "since": check.since}
        yield (StateKind.HEALTH_CHECK, check.name), {"name": check.name, **fact}


def _actor(node: NodeSnapshot) -> dict[str, object]:
    return {
        "name": node.name,
        "state": str(node.state),
        "paused": node.paused,
        "restarts": node.restarts,
        "incarnation": node.incarnation,
        "error": node.last_error,
    }


def _leaves(nodes: Iterable[NodeSnapshot]) -> Iterator[NodeSnapshot]:
    for node in nodes:
        if node.kind is Kind.SUPERVISOR:
            yield from _leaves(node.children)
        else:
            yield node
