"""Pipeline: what the sources offer, why it is taken or not, and where it gets stuck on its way to the library."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board, Drawn, Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import warn_from
from reeld.grafana.panels import bars, events, graph
from reeld.grafana.promql import (
    SHOWN,
    age,
    happened,
    most,
    pick,
    quantile,
    rate,
    rows,
    times,
)

_fresh_ratio = (
    f"(time() - {happened('reeld_rss_last_success_timestamp_seconds')})"
    f" / ({pick('reeld_rss_interval_seconds')} > 0)"
)

SOURCES: Final = Row(
    "Sources",
    (
        bars(
            "Feed age",
            Unit.SECONDS,
            "How long ago each feed was last read well.",
            see("ReeldRSSFreshnessBudgetBurn"),
            Query(age("reeld_rss_last_success_timestamp_seconds", "indexer"), "{{indexer}}"),
            width=6,
            when_empty="no feeds",
        ),
        graph(
            "Feed age in intervals",
            Unit.COUNT,
            "Age of each feed's last good reading, in its own intervals; above 2 it counts as stale.",
            see("ReeldRSSFreshnessBudgetBurn"),
            Query(most(_fresh_ratio, "indexer"), "{{indexer}}"),
            width=6,
            steps=warn_from(2),
        ),
        events(
            "Feed gaps",
            "Readings whose oldest item was newer than the newest one known: items were missed; read more often.",
            see("ReeldRSSGap"),
            Query(times("reeld_rss_gaps_total", "indexer"), "{{indexer}}"),
            width=6,
        ),
        graph(
            "Publish lag, p90",
            Unit.SECONDS,
            "Time from publication to first sight that nine in ten items stay below.",
            see("ReeldRSSFreshnessBudgetBurn"),
            Query(
                quantile(0.9, "reeld_rss_publish_lag_seconds", "indexer"),
                "{{indexer}}",
                with_exemplars=True,
            ),
            width=6,
        ),
        graph(
            "Releases seen",
            Unit.PER_SECOND,
            "Releases that each source offered.",
            see("ReeldRSSGap"),
            Query(rate("reeld_releases_seen_total", "source"), "{{source}}"),
            width=12,
        ),
        graph(
            "Releases read",
            Unit.PER_SECOND,
            "Releases by whether their name could be read and matched to a movie.",
            see("external"),
            Query(rate("reeld_releases_parsed_total", "source,outcome"), "{{source}} {{outcome}}"),
            width=12,
        ),
    ),
)

DECISIONS: Final = Row(
    "Decisions",
    (
        graph(
            "Decisions",
            Unit.PER_SECOND,
            "Releases that were judged, by verdict, and custom formats that took too long and were taken not to match.",
            see("jobs"),
            Query(rate("reeld_release_decisions_total", "decision"), "{{decision}}"),
            Query(rate("reeld_custom_format_timeouts_total"), "formats out of time"),
        ),
        bars(
            "Why releases were rejected",
            Unit.COUNT,
            "The twelve most frequent reasons in the time shown; a release may count under several.",
            see("jobs"),
            Query(
                f"topk(12, {times('reeld_release_rejections_total', 'reason', over=SHOWN)} > 0)",
                "{{reason}}",
            ),
            when_empty="none rejected",
        ),
        events(
            "Grabs",
            "Releases sent to the download client, by source and outcome.",
            see("ReeldBreakerOpen", "external"),
            Query(times("reeld_grabs_total", "source,outcome"), "{{source}} {{outcome}}"),
        ),
    ),
)

DOWNLOADS: Final = Row(
    "Downloads",
    (
        graph(
            "Downloads by state",
            Unit.COUNT,
            "Downloads that reeld tracks, by what they do.",
            see("ReeldDownloadsStalled"),
            Query(rows("reeld_downloads", "client,state", "state"), "{{state}}"),
            drawn=Drawn.STACKED,
            width=6,
        ),
        graph(
            "Left to download",
            Unit.BYTES,
            "Bytes that all tracked downloads still lack; a flat line above 0 is a stall.",
            see("ReeldDownloadsStalled"),
            Query(rows("reeld_download_remaining_bytes", "client", "client"), "{{client}}"),
            width=6,
        ),
        events(
            "Downloads that ended",
            "Downloads that left the client's queue, by outcome.",
            see("ReeldDownloadsStalled"),
            Query(times("reeld_downloads_finished_total", "client,outcome"), "{{outcome}}"),
            width=6,
        ),
        graph(
            "From grab to done",
            Unit.SECONDS,
            "Time from the grab to the finished download: half of them, and nine in ten, stay below.",
            see("ReeldDownloadsStalled"),
            Query(quantile(0.5, "reeld_download_duration_seconds"), "p50", with_exemplars=True),
            Query(quantile(0.9, "reeld_download_duration_seconds"), "p90"),
            width=6,
        ),
    ),
)

IMPORTS: Final = Row(
    "Imports",
    (
        events(
            "Imports",
            "Import attempts by outcome.",
            see("ReeldImportsFailing"),
            Query(times("reeld_imports_total", "outcome"), "{{outcome}}"),
        ),
        events(
            "Import failures",
            "Why imports failed; a full or read-only disk lets them wait until it is mended.",
            see("ReeldImportsFailing"),
            Query(times("reeld_import_failures_total", "reason"), "{{reason}}"),
        ),
        events(
            "Fallbacks to copying",
            "Why a hardlink was not possible; `exdev` means that downloads and library are two mounts.",
            see("ReeldHardlinkFallback"),
            Query(times("reeld_import_fallbacks_total", "reason"), "{{reason}}"),
        ),
        events(
            "Files by method",
            "Files that came into the library, by how: linked, or copied.",
            see("ReeldHardlinkFallback"),
            Query(times("reeld_import_files_total", "method"), "{{method}}"),
        ),
        graph(
            "Bytes by method",
            Unit.BYTES_PER_SECOND,
            "Bytes that came into the library, by how; only copied ones cost time and room.",
            see("ReeldHardlinkFallback", "library"),
            Query(rate("reeld_import_bytes_total", "method"), "{{method}}"),
        ),
        graph(
            "Placing a file, p95",
            Unit.SECONDS,
            "Time to place a file that all but one in twenty stay below, by method.",
            see("ReeldImportsFailing"),
            Query(
                quantile(0.95, "reeld_import_duration_seconds", "method"),
                "{{method}}",
                with_exemplars=True,
            ),
        ),
    ),
)

PIPELINE: Final = Board(
    "pipeline",
    "What do the sources offer, why is it taken or not, and where does it get stuck?",
    (SOURCES, DECISIONS, DOWNLOADS, IMPORTS),
)
