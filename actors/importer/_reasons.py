"""Every reason for which an import fails, as `reeld_import_failures_total` tells it; others count as `other`."""

from __future__ import annotations

from typing import Final

from reeld.actors.importer._failures import LinkRefusal
from reeld.domain.acquisition import FailureReason

FAILURE_REASONS: Final = tuple(
    sorted(
        {
            "access_denied",
            "breaker_open",
            "deadline_exceeded",
            "destination_occupied",
            "destination_taken",
            "disc",
            "disk_full",
            "disk_hangs",
            "download_folder_missing",
            "download_missing",
            "downloads_unreadable",
            "file_replaced",
            "files_leaving",
            "files_unknown",
            "group_unknown",
            "import_runs",
            "invalid_template",
            "io_error",
            "library_unsafe",
            "link_impossible",
            "name_taken",
            "name_too_long",
            "not_downloaded",
            "not_found",
            "other",
            "read_only",
            "root_folder_down",
            "root_missing",
            "save_path_unknown",
            "several_movies",
            "source_changed",
            "source_missing",
            "stale_mount",
            "step_taken",
            "still_stuck",
            "truncated",
            "unreadable",
            "unsafe_path",
            "vanished",
            "verification_failed",
            "worse_than_promised",
            "wrong_size",
            *LinkRefusal,
            FailureReason.DANGEROUS_FILE,
            FailureReason.NEEDS_UNPACKING,
            FailureReason.NO_VIDEO,
            FailureReason.NOT_AN_UPGRADE,
            FailureReason.SAMPLE_ONLY,
            FailureReason.TORRENT_UNSAFE,
            FailureReason.WRONG_CONTENT,
        }
    )
)
