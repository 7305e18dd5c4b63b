"""Gauges that are read when somebody scrapes, from snapshots that cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import trio

from reeld.actors.resources import Resources
from reeld.supervisors import Control, NodeSnapshot
from reeld.telemetry import Metrics

LAG_SECONDS: Final = 0.5


def refresh_gauges(metrics: Metrics, resources: Resources, control: Control) -> None:
    """Set the gauges of mailboxes, budgets, breakers, the pool and the loop."""
    metrics.set("reeld_trio_tasks", trio.lowlevel.current_statistics().tasks_living)
    for node in _leaves(control.tree().children):
        metrics.set("reeld_actor_restart_budget", node.restarts_left, actor=node.name)
        if node.mailbox is not None:
            metrics.set("reeld_actor_mailbox_depth", node.mailbox.depth, actor=node.name)
            metrics.set("reeld_actor_mailbox_capacity", node.mailbox.capacity, actor=node.name)
    stats = resources.database.stats()
    metrics.set("reeld_db_pool_connections_max", stats.max_size)
    metrics.set("reeld_db_pool_connections", stats.idle, state="idle")
    metrics.set("reeld_db_pool_connections", stats.in_use, state="used")
    metrics.set("reeld_db_pool_requests_waiting", stats.waiting)


async def watch_loop_lag(metrics: Metrics) -> None:
    """Observe how late a timer runs: what blocks the loop shows here."""
    lag = metrics.histogram("reeld_trio_loop_lag_seconds")
    while True:
        due = trio.current_time() + LAG_SECONDS
        await trio.sleep_until(due)
        lag.observe(max(trio.current_time() - due, 0.0))


def _leaves(nodes: tuple[NodeSnapshot, ...]) -> Iterator[NodeSnapshot]:
    for node in nodes:
        if node.children:
            yield from _leaves(node.children)
        else:
            yield node
