from __future__ import annotations

from typing import Any

import pytest
import trio

from reeld.cli import gauges
from reeld.cli.gauges import watch_loop_lag
from reeld.telemetry import Metrics


async def test_the_lag_of_the_loop_is_observed(autojump_clock: Any) -> None:
    metrics = Metrics()
    with trio.move_on_after(5 * gauges.LAG_SECONDS + 0.1):
        await watch_loop_lag(metrics)
    assert metrics.value("reeld_trio_loop_lag_seconds_count") == 5
    assert metrics.value("reeld_trio_loop_lag_seconds_sum") == 0


async def test_what_blocks_the_loop_shows(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setattr(gauges, "LAG_SECONDS", 0.02)
    metrics = Metrics()
    nursery.start_soon(watch_loop_lag, metrics)
    await trio.sleep(0.01)
    time.sleep(0.2)  # this is what must be seen
    await trio.sleep(0.01)
    assert metrics.value("reeld_trio_loop_lag_seconds_sum") > 0.1
    nursery.cancel_scope.cancel()


async def test_gauges_follow_what_they_show(running_daemon: Any) -> None:
    metrics = running_daemon.started.metrics

    async def scrape() -> None:
        assert (await running_daemon.stranger.get("/metrics")).status_code == 200

    await scrape()
    assert metrics.value("reeld_ready") == 1
    assert metrics.value("reeld_actor_restart_budget", actor="rss") == 3
    assert metrics.value("reeld_db_pool_connections_max") == 8
    assert metrics.value("reeld_trio_tasks") > 10
    assert metrics.value("reeld_actor_mailbox_capacity", actor="rss") == 1000
    await running_daemon.http.post("/control/actors/rss/crash")
    await running_daemon.http.post("/control/actors/decision/pause")
    await running_daemon.http.post("/control/actors/decision/poll")
    await scrape()
    assert metrics.value("reeld_actor_restart_budget", actor="rss") == 2
    assert metrics.value("reeld_actor_mailbox_depth", actor="decision") >= 1
