from __future__ import annotations

from dataclasses import replace
from typing import Any

import trio
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from reeld.domain.secret import Secret
from reeld.domain.settings import ServerSettings
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.simulators.offers import Source
from reeld.storage import Database
from reeld.storage.work import submit
from reeld.telemetry import CATALOGUE

NOT_IN_THIS_RUN = {
    # What a healthy run with two good downloads has none of.
    "reeld_backup_last_success_timestamp_seconds",
    "reeld_backup_last_verified_timestamp_seconds",
    "reeld_backup_runs_total",
    "reeld_backup_size_bytes",
    "reeld_supervisor_escalations_total",
    "reeld_breaker_transitions_total",
    "reeld_breaker_credentials_rejected",
    "reeld_db_errors_total",
    "reeld_db_pool_errors_total",
    "reeld_actor_restarts_total",
    "reeld_actor_parked",
    "reeld_actor_dead_letters_total",
    "reeld_ask_circles_total",
    "reeld_event_clients",
    "reeld_event_clients_dropped_total",
    "reeld_external_retries_total",
    "reeld_import_failures_total",
    "reeld_import_fallbacks_total",
    "reeld_rss_gaps_total",
    "reeld_unhinted_rows_total",
    "reeld_custom_format_timeouts_total",
    "reeld_pending_releases",
    # Searches on schedule come ten minutes after the start.
    "reeld_searches_due",
    "reeld_search_oldest_due_timestamp_seconds",
    "reeld_searches_scheduled_total",
    # Nobody logged in, came too often or from another page, and there is no TLS.
    "reeld_sessions",
    "reeld_http_refused_requests_total",
    "reeld_http_rate_limited_total",
    "reeld_tls_certificate_expiry_timestamp_seconds",
    # What nothing came of in so short a time, or what was over before somebody looked.
    "reeld_actor_messages_coalesced_total",
    "reeld_actor_mailbox_depth",
    "reeld_db_pool_requests_waiting",
    "reeld_db_pool_wait_seconds_total",
    "reeld_download_remaining_bytes",
    "reeld_external_rate_limit_wait_seconds_total",
    "reeld_job_oldest_due_timestamp_seconds",
    "reeld_log_messages_total",
    "reeld_movies_wanted",
    "reeld_rss_publish_lag_seconds",
    "reeld_trio_worker_threads_in_use",
    # Parts with tests of their own.
    "reeld_control_changes_total",
    "reeld_faults_injected",
    "reeld_http_connections",
    "reeld_http_connections_refused_total",
    "reeld_http_shared_answers_total",
    "reeld_http_stale_answers_total",
    "reeld_trace_spans_dropped_total",
    "reeld_watchdog_beats_total",
}


def samples(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


async def test_the_classic_text_format_is_the_default(running_daemon: Any) -> None:
    answer = await running_daemon.stranger.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert samples(answer.text)["reeld_build_info"][0][1] == 1


async def test_openmetrics_is_negotiated(running_daemon: Any) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    answer = await running_daemon.stranger.get("/metrics", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in openmetrics_families(answer.text)}
    assert {"reeld_leader", "reeld_jobs", "reeld_actor_messages"} <= names


async def test_a_token_is_asked_for_when_one_is_set(run_daemon: Any, daemon_settings: Any) -> None:
    server = ServerSettings(port=0, metrics_token=Secret("scrape-me-not"), api_key=Secret("k" * 20))
    async with run_daemon(replace(daemon_settings, server=server)) as daemon:
        refused = await daemon.stranger.get("/metrics")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert "scrape-me-not" not in refused.text
        token = {"Authorization": "Bearer scrape-me-not"}
        assert (await daemon.stranger.get("/metrics", headers=token)).status_code == 200


async def test_what_should_be_there_from_the_start_is(running_daemon: Any) -> None:
    seen = samples((await running_daemon.stranger.get("/metrics")).text)
    assert seen["reeld_ready"] == [({}, 1.0)]
    assert seen["reeld_leader"] == [({}, 1.0)]
    assert seen["reeld_db_up"] == [({}, 1.0)]
    assert seen["reeld_config_last_reload_successful"] == [({}, 1.0)]
    running = {labels["actor"]: value for labels, value in seen["reeld_actors_running"]}
    assert len(running) == 13
    # There is one of `torznab` for each indexer, and none is set up.
    assert running.pop("torznab") == 0.0
    assert set(running.values()) == {1.0}
    budgets = {labels["actor"] for labels, _ in seen["reeld_actor_restart_budget"]}
    assert budgets - {"torznab"} == {*running, "web", "ops", "events"}
    restarts = {
        (labels["actor"], labels["cause"]) for labels, _ in seen["reeld_actor_restarts_total"]
    }
    assert ("qbit", "crashed") in restarts
    assert all(value == 0 for _, value in seen["reeld_actor_restarts_total"])


async def test_labels_come_from_the_code_and_not_from_a_client(running_daemon: Any) -> None:
    for path in ("/api/movies/7", "/api/movies/8", "/no/such/path", "/another"):
        await running_daemon.http.get(path)
    await running_daemon.http.request("BREW", "/health")
    await running_daemon.http.head("/health")
    seen = samples((await running_daemon.stranger.get("/metrics")).text)
    requests = {
        (labels["method"], labels["route"], labels["status"]): value
        for labels, value in seen["reeld_http_requests_total"]
    }
    assert requests["GET", "/api/movies", "404"] == 2
    assert requests["GET", "unmatched", "404"] == 2
    assert requests["other", "unmatched", "405"] == 1
    assert requests["HEAD", "/health", "200"] == 1


async def test_a_movie_on_its_way_into_the_library_moves_every_metric(
    daemon: Any, world: Any
) -> None:
    films = [world.films_from(Source.HDBITS)[0], world.films_from(Source.RSS)[0]]
    for film in films:
        await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
    await daemon.http.get(f"/api/images/poster/poster{films[0].tmdb_id}.png")
    moved: set[str] = set()
    expected = {metric.name for metric in CATALOGUE} - NOT_IN_THIS_RUN
    seen: dict[str, list[tuple[dict[str, str], float]]] = {}
    with trio.move_on_after(60):
        # Until the rows are counted, which is done every few seconds, and the last message is done with.
        while True:
            text = (await daemon.stranger.get("/metrics")).text
            seen = samples(text)
            moved |= {
                name.removesuffix("_count")
                for name, all_ in seen.items()
                if any(v for _, v in all_)
            }
            filed = ({"monitored": "true", "status": "in_library"}, 2.0)
            if filed in seen.get("reeld_movies", []) and expected <= moved:
                break
            await trio.sleep(0.05)

    assert expected - moved == set()
    assert ({"monitored": "true", "status": "in_library"}, 2.0) in seen["reeld_movies"]
    assert ({"stage": "imported"}, 2.0) in seen["reeld_workflows"]
    assert ({"outcome": "imported"}, 2.0) in seen["reeld_imports_total"]
    assert ({"method": "hardlink"}, 2.0) in seen["reeld_import_files_total"]
    for queue in ("tmdb", "hdbits", "rss", "decision", "qbit", "importer"):
        done = [v for labels, v in seen["reeld_job_executions_total"] if labels["queue"] == queue]
        assert sum(done) > 0, queue
    sources = {labels["source"] for labels, _ in seen["reeld_grabs_total"]}
    assert sources == {"hdbits", "rss", "torznab", "pushed"}
    left = {
        labels["stage"]
        for labels, value in seen["reeld_workflow_transitions_total"]
        if labels["outcome"] == "ok" and value
    }
    assert {"intent", "fetched", "sent", "complete"} <= left
    assert ({"client": "qbittorrent"}, 2.0) in seen["reeld_download_duration_seconds_count"]
    states = {labels["state"] for labels, value in seen["reeld_breaker_state"] if value}
    assert states == {"closed"}

    for secret in (world.hdbits.passkey, world.tmdb.token, world.rss.feed_url):
        assert secret not in text


async def test_work_that_was_given_up_is_counted(running_daemon: Any, database: Database) -> None:
    async with database.transaction() as conn:
        await submit(conn, WorkRequest(Queue.QBIT, WorkKind.SEARCH_MOVIE, {"movie_id": 1}))
    await running_daemon.http.post("/control/actors/qbit/poll")
    with trio.fail_after(20):
        while True:
            seen = samples((await running_daemon.stranger.get("/metrics")).text)
            if ({"queue": "qbit", "state": "dead"}, 1.0) in seen.get("reeld_jobs", []):
                break
            await trio.sleep(0.1)
    assert ({"queue": "qbit", "outcome": "dead"}, 1.0) in seen["reeld_job_executions_total"]


async def test_a_feed_that_is_gone_takes_its_breaker_along(
    run_daemon: Any, world_settings: Any
) -> None:
    async with run_daemon(world_settings) as daemon:

        def services(text: str) -> set[str]:
            return {labels["service"] for labels, _ in samples(text).get("reeld_breaker_state", [])}

        feed = f"rss:{world_settings.feeds[0].name}"
        with trio.fail_after(10):
            while feed not in services((await daemon.stranger.get("/metrics")).text):
                await trio.sleep(0.05)
            daemon.daemon.live.replace(replace(world_settings, feeds=()))
            from reeld.domain.messages import SettingsChanged

            daemon.daemon._root.directory["rss"].tell(SettingsChanged())
            while feed in services((await daemon.stranger.get("/metrics")).text):
                await trio.sleep(0.05)
