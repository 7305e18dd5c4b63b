"""A movie's way: releases, decisions, downloads, imports."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue import _buckets
from reeld.telemetry.catalogue._metric import (
    Metric,
    counter,
    gauge,
    given,
    histogram,
    known,
    living,
)

_SOURCE: Final = given("source")
_INDEXER: Final = living("indexer")
_CLIENT: Final = known("client", "qbittorrent")
_METHOD: Final = given("method", of="link_kind")

PIPELINE: Final[tuple[Metric, ...]] = (
    counter("reeld_releases_seen_total", "Releases offered by sources", _SOURCE),
    counter(
        "reeld_releases_parsed_total",
        "Release names that were read, by whether a wanted movie was found in them",
        _SOURCE,
        given("outcome", of="parse_outcome"),
    ),
    counter(
        "reeld_release_decisions_total",
        "Decisions on releases",
        _SOURCE,
        known("decision", "accepted", "rejected"),
    ),
    counter(
        "reeld_release_rejections_total",
        "Rejection reasons; a release may count under several",
        given("reason", of="rejection"),
    ),
    counter(
        "reeld_custom_format_timeouts_total",
        "Custom formats whose expressions took too long for a release, and were taken not to match",
    ),
    gauge(
        "reeld_pending_releases",
        "Releases that are right and wait, by what they wait for",
        given("reason", of="pending_reason"),
    ),
    counter(
        "reeld_grabs_total",
        "Releases sent to the download client",
        _SOURCE,
        known("outcome", "ok", "refused"),
    ),
    gauge(
        "reeld_rss_last_success_timestamp_seconds",
        "Unix time of the last good feed poll",
        _INDEXER,
        unit="seconds",
    ),
    gauge("reeld_rss_interval_seconds", "Configured feed poll interval", _INDEXER, unit="seconds"),
    counter(
        "reeld_rss_gaps_total",
        "Polls whose oldest item was newer than the last one seen: items were missed",
        _INDEXER,
    ),
    histogram(
        "reeld_rss_publish_lag_seconds",
        "Time from publication to first sight",
        _INDEXER,
        buckets=_buckets.LONG,
    ),
    gauge(
        "reeld_downloads",
        "Downloads under way by state",
        _CLIENT,
        given("state", of="download_state"),
    ),
    gauge("reeld_download_remaining_bytes", "Bytes left to download", _CLIENT, unit="bytes"),
    counter(
        "reeld_downloads_finished_total",
        "Downloads that left the client",
        _CLIENT,
        known("outcome", "complete", "failed"),
    ),
    histogram(
        "reeld_download_duration_seconds",
        "Grab to completed download",
        _CLIENT,
        buckets=_buckets.LONG,
    ),
    counter(
        "reeld_imports_total",
        "Import attempts by outcome",
        known("outcome", "imported", "rejected", "failed"),
    ),
    counter(
        "reeld_import_failures_total",
        "Import failures by reason",
        given("reason", of="import_failure"),
    ),
    counter("reeld_import_files_total", "Files imported by method", _METHOD),
    counter("reeld_import_bytes_total", "Bytes imported by method", _METHOD, unit="bytes"),
    histogram(
        "reeld_import_duration_seconds",
        "File transfer time by method",
        _METHOD,
        buckets=_buckets.PLACING,
    ),
    counter(
        "reeld_import_fallbacks_total",
        "Hardlinks that fell back to copying",
        given("reason", of="link_refusal"),
    ),
)
