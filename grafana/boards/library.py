"""Library and storage: what there is, what is missing, how much room is left, and whether it is backed up."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board, Drawn, Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import FREE_SPACE, NEVER, warn_from
from reeld.grafana.panels import bars, events, graph, stat
from reeld.grafana.promql import age_or_never, least, most, pick, ratio, rows, times

_DAY: Final = 86400.0

MOVIES: Final = Row(
    "Movies",
    (
        bars(
            "Movies by stage",
            Unit.COUNT,
            "All movies by how far they are on their way, monitored ones and others.",
            see("pipeline"),
            Query(rows("reeld_movies", "status,monitored", "status"), "{{status}}"),
        ),
        bars(
            "Files by quality",
            Unit.COUNT,
            "Files in the library by quality.",
            see("pipeline"),
            Query(rows("reeld_movie_files", "quality", "quality"), "{{quality}}"),
            when_empty="no files",
        ),
        graph(
            "Wanted",
            Unit.COUNT,
            "Monitored movies still wanted: missing ones, and ones whose quality may get better.",
            see("pipeline"),
            Query(rows("reeld_movies_wanted", "kind", "kind"), "{{kind}}"),
        ),
        graph(
            "Searches due",
            Unit.COUNT,
            "Movies whose search on schedule was due at the schedule's last round, by cause; what does not shrink waits"
            " for a greater share of the indexer's calls.",
            see("pipeline"),
            Query(rows("reeld_searches_due", "cause", "cause"), "{{cause}}"),
            drawn=Drawn.STACKED,
        ),
        graph(
            "Longest wait for a search",
            Unit.SECONDS,
            "How long the search that waits longest has been due; -1 when none was at the schedule's last round.",
            see("pipeline"),
            Query(age_or_never("reeld_search_oldest_due_timestamp_seconds"), "longest"),
        ),
        events(
            "Searches on schedule",
            "Searches that the schedule asked for, by cause.",
            see("pipeline"),
            Query(times("reeld_searches_scheduled_total", "cause"), "{{cause}}"),
        ),
        graph(
            "Movies over time",
            Unit.COUNT,
            "Movies by whether reeld looks after them.",
            see("pipeline"),
            Query(
                rows("reeld_movies", "status,monitored", "monitored"), "monitored: {{monitored}}"
            ),
            width=24,
            drawn=Drawn.STACKED,
        ),
    ),
)

DISKS: Final = Row(
    "Disks",
    (
        graph(
            "Free space",
            Unit.SHARE,
            "Free share of the file system under each root folder; below 5 % imports soon wait.",
            see("ReeldLibraryDiskAlmostFull", "ReeldLibraryDiskFillingUp"),
            Query(
                least(
                    ratio(pick("reeld_library_free_bytes"), pick("reeld_library_total_bytes")),
                    "root",
                ),
                "{{root}}",
            ),
            steps=FREE_SPACE,
            highest=1,
        ),
        graph(
            "Free bytes",
            Unit.BYTES,
            "Free bytes under each root folder; a straight line down tells when it will be full.",
            see("ReeldLibraryDiskFillingUp"),
            Query(least(pick("reeld_library_free_bytes"), "root"), "{{root}}"),
        ),
        graph(
            "Library size",
            Unit.BYTES,
            "Bytes of the movie files under each root folder.",
            see("ReeldLibraryDiskFillingUp"),
            Query(most(pick("reeld_library_size_bytes"), "root"), "{{root}}"),
        ),
    ),
)

GROUPS: Final = Row(
    "Release groups",
    (
        bars(
            "Groups by reputation",
            Unit.COUNT,
            "Known release groups by how far they are to be trusted; one without evidence is unproven.",
            see("pipeline"),
            Query(
                rows("reeld_release_group_reputations", "reputation", "reputation"),
                "{{reputation}}",
            ),
            when_empty="no groups",
        ),
        bars(
            "Groups by rule",
            Unit.COUNT,
            "Known release groups by what a person says of them, which overrides their reputation.",
            see("pipeline"),
            Query(rows("reeld_release_groups", "rule", "rule"), "{{rule}}"),
            when_empty="no groups",
        ),
        events(
            "What was learned of groups",
            "Facts that count for or against release groups: kept imports, stalls, wrong content and the like.",
            see("pipeline"),
            Query(times("reeld_group_evidence_total", "kind"), "{{kind}}"),
        ),
    ),
)

BACKUPS: Final = Row(
    "Backups",
    (
        stat(
            "Last backup",
            Unit.SECONDS,
            "Age of the newest backup; a daily one that is older than two and a half days did not run twice.",
            see("ReeldBackupStale"),
            Query(age_or_never("reeld_backup_last_success_timestamp_seconds")),
            width=4,
            height=8,
            steps=warn_from(2.5 * _DAY),
            words=NEVER,
            when_empty="unknown",
        ),
        stat(
            "Last verified backup",
            Unit.SECONDS,
            "Age of the newest backup that was read back and found whole; only such a one is sure to help.",
            see("ReeldBackupUnverified"),
            Query(age_or_never("reeld_backup_last_verified_timestamp_seconds")),
            width=4,
            height=8,
            steps=warn_from(8 * _DAY),
            words=NEVER,
            when_empty="unknown",
        ),
        graph(
            "Backup size",
            Unit.BYTES,
            "Size of the newest backup; a sudden drop means that something is missing in it.",
            see("ReeldBackupStale"),
            Query(most(pick("reeld_backup_size_bytes")), "newest"),
        ),
        events(
            "Backup operations",
            "Backups made, verified and restored, by outcome.",
            see("ReeldBackupStale", "ReeldBackupUnverified"),
            Query(
                times("reeld_backup_runs_total", "operation,outcome"), "{{operation}} {{outcome}}"
            ),
        ),
    ),
)

LIBRARY: Final = Board(
    "library",
    "What is there, what is missing, how much room is left, and is it backed up?",
    (MOVIES, DISKS, GROUPS, BACKUPS),
)
