from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trio

from reeld.cli import gauges
from reeld.cli.gauges import watch_loop_lag
from reeld.domain.errors import CredentialsRejected
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings, TmdbSettings
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


async def test_health_threads_and_the_age_of_the_rows_are_shown(running_daemon: Any) -> None:
    metrics = running_daemon.started.metrics
    with trio.fail_after(20):
        while not running_daemon.daemon.metrics.value(
            "reeld_health_check_status", check="database:answers", status="pass"
        ):
            assert (await running_daemon.stranger.get("/metrics")).status_code == 200
            await trio.sleep(0.05)
    status = "reeld_health_check_status"
    assert metrics.value(status, check="database:answers", status="fail") == 0
    assert metrics.value("reeld_trio_worker_threads_limit") == 40
    assert 0 <= metrics.value("reeld_rows_age_seconds") < 60
    body = (await running_daemon.stranger.get("/metrics")).text
    assert 'reeld_library_free_bytes{root="' in body


async def test_rejected_credentials_are_told_apart_from_a_breaker_that_a_person_opened(
    run_daemon: Any, daemon_settings: Any
) -> None:
    settings = replace(
        daemon_settings, tmdb=TmdbSettings(Secret("t" * 40), url="http://127.0.0.1:9")
    )
    async with run_daemon(settings) as daemon:
        metrics = daemon.started.metrics
        breaker = daemon.daemon._root.directory["tmdb"].breakers["tmdb"]
        rejected, forced = "reeld_breaker_credentials_rejected", "forced_open"

        async def scrape() -> None:
            assert (await daemon.stranger.get("/metrics")).status_code == 200

        await scrape()
        assert metrics.value(rejected, service="tmdb") == 0
        breaker.force_open("maintenance")
        await scrape()
        assert metrics.value("reeld_breaker_state", service="tmdb", state=forced) == 1
        assert metrics.value(rejected, service="tmdb") == 0
        breaker.reset()
        with pytest.raises(CredentialsRejected):
            async with breaker.call():
                raise CredentialsRejected("TMDB rejects the token.", service="tmdb")
        await scrape()
        assert metrics.value("reeld_breaker_state", service="tmdb", state=forced) == 1
        assert metrics.value(rejected, service="tmdb") == 1


async def test_series_follow_the_settings(run_daemon: Any, daemon_settings: Any) -> None:
    feed = FeedSettings("open-movies", Secret("http://127.0.0.1:9/feed"), 600)
    async with run_daemon(replace(daemon_settings, feeds=(feed,))) as daemon:
        text = (await daemon.stranger.get("/metrics")).text
        assert 'reeld_rss_interval_seconds{indexer="open-movies"} 600.0' in text
        assert 'reeld_rss_gaps_total{indexer="open-movies"} 0.0' in text
        assert 'reeld_rss_publish_lag_seconds_count{indexer="open-movies"} 0.0' in text
        daemon.daemon.live.replace(daemon_settings)
        text = (await daemon.stranger.get("/metrics")).text
        assert 'indexer="open-movies"' not in text
