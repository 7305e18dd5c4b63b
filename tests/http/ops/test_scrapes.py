"""`/metrics` and `/metrics/exportarr` of a daemon that runs."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import trio
from prometheus_client.parser import text_string_to_metric_families

from reeld.cli.labels import ACTORS
from reeld.domain.secret import Secret
from reeld.domain.settings import ServerSettings
from reeld.simulators.offers import Source
from reeld.telemetry import CATALOGUE, EXPORTARR, Kind

_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parents[2] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
real_programs = sys.modules.setdefault(_NAME, importlib.util.module_from_spec(_spec))
if not hasattr(real_programs, "require"):
    _spec.loader.exec_module(real_programs)

KEY: Final = "k" * 20

DASHBOARDS: Final = (
    "radarr_history_total",
    "radarr_movie_total",
    "radarr_movie_downloaded_total",
    "radarr_movie_filesize_total",
    "radarr_movie_monitored_total",
    "radarr_movie_missing_total",
    "radarr_movie_wanted_total",
    "radarr_movie_quality_total",
    "radarr_queue_total",
    "radarr_rootfolder_freespace_bytes",
    "radarr_system_health_issues",
    "radarr_system_status",
)
"""What exportarr's two example dashboards ask of a Radarr."""


def series_in(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


async def test_promtool_finds_no_fault_with_a_daemon_at_work(daemon: Any) -> None:
    promtool = real_programs.require("promtool")
    body = (await daemon.stranger.get("/metrics")).content
    done = await trio.run_process(
        [promtool, "check", "metrics"],
        stdin=body,
        capture_stdout=True,
        capture_stderr=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


async def test_a_fresh_daemon_has_every_metric_but_what_is_absent_on_purpose(
    running_daemon: Any,
) -> None:
    seen = series_in((await running_daemon.stranger.get("/metrics")).text)
    unnamed = {
        # Nothing of the kind is set up, or the part that counts names its values.
        "reeld_breaker_state",
        "reeld_breaker_transitions_total",
        "reeld_breaker_calls_total",
        "reeld_breaker_credentials_rejected",
        "reeld_rss_last_success_timestamp_seconds",
        "reeld_rss_interval_seconds",
        "reeld_rss_gaps_total",
        "reeld_rss_publish_lag_seconds",
        "reeld_schedule_last_success_timestamp_seconds",
        "reeld_schedule_interval_seconds",
        "reeld_job_oldest_due_timestamp_seconds",
        "reeld_control_changes_total",
        "reeld_health_check_status",
    }
    for metric in CATALOGUE:
        name = f"{metric.name}_count" if metric.kind is Kind.HISTOGRAM else metric.name
        assert name in seen or metric.name in unnamed, metric.name
    actors = {labels["actor"] for labels, _ in seen["reeld_actor_messages_total"]}
    assert actors == set(ACTORS)


async def test_every_route_is_there_before_anybody_asks(running_daemon: Any) -> None:
    seen = series_in((await running_daemon.stranger.get("/metrics")).text)
    there = {
        (labels["method"], labels["route"], labels["status"])
        for labels, _ in seen["reeld_http_requests_total"]
    }
    for status in ("200", "500"):
        assert ("GET", "/api/movies", status) in there
        assert ("POST", "/control/actors", status) in there
        assert ("DELETE", "/api/v3", status) in there
    stale = {labels["route"] for labels, _ in seen["reeld_http_stale_answers_total"]}
    assert {"/api/movies", "/api/feeds"} <= stale


async def test_no_label_of_a_daemon_at_work_is_out_of_bounds(daemon: Any, world: Any) -> None:
    film = world.films_from(Source.HDBITS)[0]
    await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
    for path in ("/no/such/path", "/api/movies/99", "/another"):
        await daemon.stranger.get(path)
    text = (await daemon.stranger.get("/metrics")).text
    seen = series_in(text)
    for name, all_ in seen.items():
        assert len(all_) < 700, name
        strange = [labels for labels, value in all_ if "other" in labels.values() and value]
        assert not strange, (name, strange)
    assert len(text) < 250_000


async def test_a_storm_of_scrapes_is_shared(running_daemon: Any) -> None:
    statuses: list[int] = []

    async def scrape() -> None:
        statuses.append((await running_daemon.stranger.get("/metrics")).status_code)

    with trio.fail_after(90):
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(scrape)
    assert statuses == [200] * 100
    assert (await running_daemon.stranger.get("/health")).status_code == 200


async def test_a_scrape_is_packed_for_who_can_unpack_it(running_daemon: Any) -> None:
    plain = await running_daemon.stranger.get("/metrics", headers={"Accept-Encoding": "identity"})
    packed = await running_daemon.stranger.get("/metrics", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept, Accept-Encoding"
    assert packed.num_bytes_downloaded < plain.num_bytes_downloaded / 5
    assert "reeld_build_info" in packed.text


# exportarr


async def test_exportarrs_names_are_off_by_default(running_daemon: Any) -> None:
    assert (await running_daemon.http.get("/metrics/exportarr")).status_code == 404


async def test_exportarrs_dashboards_find_every_name_that_they_ask_for(
    run_daemon: Any, world_settings: Any, world: Any
) -> None:
    server = ServerSettings(port=0, api_key=Secret(KEY), metrics_exportarr=True)
    async with run_daemon(replace(world_settings, server=server), key=KEY) as daemon:
        films = [world.films_from(Source.HDBITS)[0], world.films_from(Source.RSS)[0]]
        for film in films:
            await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
        wanted = set(DASHBOARDS) - {"radarr_system_health_issues"}
        with trio.fail_after(40):
            while True:
                text = (await daemon.stranger.get("/metrics/exportarr")).text
                seen = series_in(text)
                downloaded = seen.get("radarr_movie_downloaded_total", [({}, 0.0)])[0][1]
                queued = seen.get("radarr_queue_total", [])
                wanted -= {name for name in wanted if seen.get(name)}
                if not wanted and downloaded == 2 and not queued:
                    break
                await trio.sleep(0.05)
        values = {name: all_[0][1] for name, all_ in seen.items()}
        assert values["radarr_movie_total"] == 2
        assert values["radarr_movie_missing_total"] == 0
        assert values["radarr_movie_filesize_total"] > 0
        assert values["radarr_history_total"] >= 6
        assert values["radarr_rootfolder_freespace_bytes"] > 0
        assert values["radarr_system_status"] == 1
        assert sum(number for _, number in seen["radarr_movie_quality_total"]) == 2
        assert set(seen) <= set(EXPORTARR)
        for name, all_ in seen.items():
            for labels, _ in all_:
                assert labels.get("url", daemon.daemon.url) == daemon.daemon.url, name
        assert "reeld_" not in text


async def test_exportarrs_names_want_the_same_token(run_daemon: Any, daemon_settings: Any) -> None:
    server = ServerSettings(
        port=0, api_key=Secret(KEY), metrics_token=Secret("t" * 16), metrics_exportarr=True
    )
    async with run_daemon(replace(daemon_settings, server=server), key=KEY) as daemon:
        assert (await daemon.stranger.get("/metrics/exportarr")).status_code == 401
        token = {"Authorization": f"Bearer {'t' * 16}"}
        answer = await daemon.stranger.get("/metrics/exportarr", headers=token)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        counted = daemon.started.metrics.value
        attempts = "reeld_auth_attempts_total"
        assert counted(attempts, method="metrics_token", outcome="refused") == 1
        assert counted(attempts, method="metrics_token", outcome="ok") == 1
