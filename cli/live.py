"""The parts of live events, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio

from reeld.http.events import Clients, Ending, Hub, LiveEvents
from reeld.http.events.feed import RowFeed
from reeld.http.events.states import States
from reeld.storage import Database
from reeld.storage.events import Events
from reeld.supervisors import TreeSnapshot
from reeld.telemetry import HealthBoard, Metrics

DATABASE: Final = "events"
"""Under which name the database is asked."""


def live_events(
    metrics: Metrics,
    database: Database,
    board: HealthBoard,
    tree: Callable[[], TreeSnapshot],
    was_ready: trio.Event,
) -> LiveEvents:
    """Return what tells live events.

    Args:
        metrics: Count frames and clients.
        database: Holds the events.
        board: Shows the results of the health checks.
        tree: Shows the actors.
        was_ready: Set when the schema is there.
    """

    def count_frame(topic: str) -> None:
        metrics.add("reeld_event_frames_total", topic=topic)

    def note_clients(number: int) -> None:
        metrics.set("reeld_event_clients", number)

    def count_dropped(ending: Ending) -> None:
        metrics.add("reeld_event_clients_dropped_total", reason=str(ending))

    lag = metrics.histogram("reeld_event_lag_seconds")
    own = database.labelled(DATABASE)
    hub = Hub(count_frame)
    return LiveEvents(
        hub,
        Clients(note_clients, count_dropped),
        RowFeed(own, hub, lag.observe),
        States(hub, tree, board.checks, own),
        Events(own),
        was_ready.wait,
    )
