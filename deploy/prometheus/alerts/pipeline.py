"""Alerts on the way of a movie: feeds, downloads, imports."""

from __future__ import annotations

from typing import Final

from reeld.deploy.prometheus.table import Alert, Severity

_PIPELINE: Final = "reeld-pipeline"

PIPELINE: Final = (
    Alert(
        name="ReeldRSSGap",
        severity=Severity.INFO,
        expr='sum by (job, indexer) (increase(reeld_rss_gaps_total{job="reeld"}[6h])) > 1',
        summary="A feed moves faster than it is read.",
        description="Items of {{ $labels.indexer }} were missed {{ $value | humanize }} times in 6 hours.",
        dashboard=_PIPELINE,
    ),
    Alert(
        name="ReeldDownloadsStalled",
        severity=Severity.WARNING,
        expr=(
            'reeld_download_remaining_bytes{job="reeld"} > 0\n'
            "and\n"
            'changes(reeld_download_remaining_bytes{job="reeld"}[2h]) == 0'
        ),
        lasts="1h",
        summary="Downloads do not move.",
        description=(
            "{{ $value | humanize1024 }}B are still to come from {{ $labels.client }}, and nothing came for 2 hours."
        ),
        dashboard=_PIPELINE,
    ),
    Alert(
        name="ReeldImportsFailing",
        severity=Severity.WARNING,
        expr='sum by (job, reason) (increase(reeld_import_failures_total{job="reeld"}[1h])) > 2',
        lasts="5m",
        summary="Imports fail.",
        description="{{ $value | humanize }} imports failed in an hour: {{ $labels.reason }}.",
        dashboard=_PIPELINE,
    ),
    Alert(
        name="ReeldHardlinkFallback",
        severity=Severity.INFO,
        expr='sum by (job, reason) (increase(reeld_import_fallbacks_total{job="reeld"}[6h])) > 0',
        summary="Imports copy instead of linking.",
        description="{{ $value | humanize }} files could not be linked in 6 hours and take up their room twice: {{ $labels.reason }}.",
        dashboard=_PIPELINE,
    ),
)
