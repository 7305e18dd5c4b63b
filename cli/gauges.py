"""Gauges that are read when somebody scrapes, from snapshots that cost next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import trio

from reeld.actors.kernel import BreakerSnapshot, BreakerState
from reeld.actors.resources import Resources
from reeld.cli.rehearsals import Rehearsals
from reeld.cli.rows import RowCounts
from reeld.domain.rehearsal import RehearsedService
from reeld.http.surface import Readiness
from reeld.supervisors import Control, Kind, NodeSnapshot
from reeld.telemetry import HealthBoard, Metrics, Status, kind_of

LAG_SECONDS: Final = 0.5


class Gauges:
    """Sets the gauges of readiness, health, mailboxes, budgets, breakers, feeds, the pool and the loop.

    Args:
        resources: Whose metrics are set, and whose pool is looked at.
        control: Shows the tree.
        readiness: Says whether the daemon can do its work.
        board: Shows the results of the health checks.
        rows: Counts rows.
    """

    def __init__(
        self,
        resources: Resources,
        control: Control,
        readiness: Callable[[], Readiness],
        board: HealthBoard,
        rows: RowCounts,
        rehearsals: Rehearsals,
    ) -> None:
        self._settings = resources.settings
        self._board = board
        self._rows = rows
        self._rehearsals = rehearsals
        self._metrics = resources.metrics
        self._database = resources.database
        self._control = control
        self._readiness = readiness
        self._waited = 0.0

    def refresh(self) -> None:
        """Set all of them; on the loop, in well under a millisecond."""
        self._metrics.set("reeld_ready", float(self._readiness().is_ready))
        self._metrics.set("reeld_trio_tasks", trio.lowlevel.current_statistics().tasks_living)
        threads = trio.to_thread.current_default_thread_limiter()
        self._metrics.set("reeld_trio_worker_threads_in_use", threads.borrowed_tokens)
        self._metrics.set("reeld_trio_worker_threads_limit", threads.total_tokens)
        self._metrics.set("reeld_rows_age_seconds", self._rows.age)
        self._refresh_feeds_and_folders()
        self._refresh_health()
        leaves = tuple(_leaves(self._control.tree().children))
        self._refresh_actors(leaves)
        self._refresh_breakers(leaves)
        self._refresh_pool()
        self._refresh_faults()

    def _refresh_feeds_and_folders(self) -> None:
        feeds = self._rows.read
        self._metrics.follow("indexer", feeds)
        for name, seconds in feeds.items():
            self._metrics.set("reeld_rss_interval_seconds", seconds, indexer=name)
        self._metrics.follow("root", self._rows.roots)

    def _refresh_health(self) -> None:
        checks = [check for check in self._board.checks() if not check.is_figure]
        self._metrics.replace(
            "reeld_health_check_status",
            {
                (check.name, str(status)): float(status is check.status)
                for check in checks
                for status in Status
            },
        )

    def _refresh_actors(self, leaves: tuple[NodeSnapshot, ...]) -> None:
        for kind, nodes in _by_kind(leaves).items():
            # Of several of a kind, that which is worst off.
            left = min(node.restarts_left for node in nodes)
            self._metrics.set("reeld_actor_restart_budget", left, actor=kind)
            boxes = [node.mailbox for node in nodes if node.mailbox is not None]
            if boxes:
                fullest = max(boxes, key=lambda box: box.depth)
                self._metrics.set("reeld_actor_mailbox_depth", fullest.depth, actor=kind)
                self._metrics.set("reeld_actor_mailbox_capacity", fullest.capacity, actor=kind)

    def _refresh_breakers(self, leaves: tuple[NodeSnapshot, ...]) -> None:
        # All states of all breakers: an alert on a series that is not there would never fire, and a breaker that is
        # gone with its feed must not stay open for ever.
        breakers = [breaker for node in leaves for breaker in node.breakers]
        self._metrics.follow("breaker", [breaker.name for breaker in breakers])
        for breaker in breakers:
            name = breaker.name
            for state in BreakerState:
                is_in = float(state is breaker.state)
                self._metrics.set("reeld_breaker_state", is_in, service=name, state=state)
            rejected = float(_credentials_rejected(breaker))
            self._metrics.set("reeld_breaker_credentials_rejected", rejected, service=name)

    def _refresh_faults(self) -> None:
        failing = {each.service for each in self._rehearsals.active()}
        for service in RehearsedService:
            self._metrics.set("reeld_faults_injected", float(service in failing), service=service)

    def _refresh_pool(self) -> None:
        stats = self._database.stats()
        self._metrics.set("reeld_db_pool_connections_max", stats.max_size)
        self._metrics.set("reeld_db_pool_connections", stats.idle, state="idle")
        self._metrics.set("reeld_db_pool_connections", stats.in_use, state="used")
        self._metrics.set("reeld_db_pool_requests_waiting", stats.waiting)
        self._metrics.add("reeld_db_pool_wait_seconds_total", stats.wait_seconds - self._waited)
        self._waited = stats.wait_seconds


def _credentials_rejected(breaker: BreakerSnapshot) -> bool:
    # One that a person forced open waits for a person; rejected credentials are probed again after hours.
    return breaker.state is BreakerState.FORCED_OPEN and breaker.retry_in is not None


async def watch_loop_lag(metrics: Metrics) -> None:
    """Observe how late a timer runs: what blocks the loop shows here."""
    lag = metrics.histogram("reeld_trio_loop_lag_seconds")
    while True:
        due = trio.current_time() + LAG_SECONDS
        await trio.sleep_until(due)
        lag.observe(max(trio.current_time() - due, 0.0))


def _by_kind(leaves: Iterable[NodeSnapshot]) -> dict[str, list[NodeSnapshot]]:
    found: dict[str, list[NodeSnapshot]] = {}
    for node in leaves:
        found.setdefault(kind_of(node.name), []).append(node)
    return found


def _leaves(nodes: tuple[NodeSnapshot, ...]) -> Iterator[NodeSnapshot]:
    for node in nodes:
        if node.kind is Kind.SUPERVISOR:
            yield from _leaves(node.children)
        else:
            yield node
