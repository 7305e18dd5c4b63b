"""Alerts on the library's disk and on backups."""

from __future__ import annotations

from typing import Final

from reeld.deploy.prometheus.since import since
from reeld.deploy.prometheus.table import Alert, Severity

_LIBRARY: Final = "reeld-library"

STORAGE: Final = (
    Alert(
        name="ReeldLibraryDiskAlmostFull",
        severity=Severity.CRITICAL,
        expr='reeld_library_free_bytes{job="reeld"} / (reeld_library_total_bytes{job="reeld"} > 0) < 0.05',
        lasts="30m",
        summary="A library's disk is almost full.",
        description="{{ $value | humanizePercentage }} of the disk of {{ $labels.root }} is free.",
        dashboard=_LIBRARY,
    ),
    Alert(
        name="ReeldLibraryDiskFillingUp",
        severity=Severity.WARNING,
        expr=(
            'reeld_library_free_bytes{job="reeld"} / (reeld_library_total_bytes{job="reeld"} > 0) < 0.20\n'
            "and\n"
            'predict_linear(reeld_library_free_bytes{job="reeld"}[1d], {3d}) < 0'
        ),
        lasts="3h",
        summary="A library's disk will be full within three days.",
        description=(
            "{{ $value | humanizePercentage }} of the disk of {{ $labels.root }} is free, and it fills up as it did"
            " in the last day."
        ),
        dashboard=_LIBRARY,
    ),
    Alert(
        name="ReeldBackupStale",
        severity=Severity.WARNING,
        expr=f"time() - {since('reeld_backup_last_success_timestamp_seconds', remember='9d')} > {{60h}}",
        lasts="1h",
        summary="There is no recent backup.",
        description="{{ $labels.instance }} has made none for {{ $value | humanizeDuration }}.",
        dashboard=_LIBRARY,
    ),
    Alert(
        name="ReeldBackupUnverified",
        severity=Severity.WARNING,
        expr=f"time() - {since('reeld_backup_last_verified_timestamp_seconds', remember='9d')} > {{8d}}",
        lasts="1h",
        summary="No recent backup was shown to be good.",
        description="{{ $labels.instance }} has verified none for {{ $value | humanizeDuration }}.",
        dashboard=_LIBRARY,
    ),
)
