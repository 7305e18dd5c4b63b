"""The movies, their files, and the disks below them."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue._metric import Metric, counter, gauge, given, known, living

_ROOT: Final = living("root")

LIBRARY: Final[tuple[Metric, ...]] = (
    gauge(
        "reeld_movies",
        "Movies by stage",
        given("status", of="movie_stage"),
        known("monitored", "true", "false"),
    ),
    gauge(
        "reeld_movies_wanted",
        "Monitored movies still wanted: without a file, or with one below the cutoff",
        known("kind", "missing", "cutoff_unmet"),
    ),
    gauge(
        "reeld_searches_due",
        "Movies whose search on schedule was due at the last round of the schedule",
        given("cause", of="search_cause"),
    ),
    gauge(
        "reeld_search_oldest_due_timestamp_seconds",
        "Unix time since when the longest waiting search on schedule was due; 0 when none was",
        unit="seconds",
    ),
    counter(
        "reeld_searches_scheduled_total",
        "Searches that the schedule asked for",
        given("cause", of="search_cause"),
    ),
    gauge("reeld_movie_files", "Movie files by quality", given("quality")),
    gauge(
        "reeld_library_size_bytes", "Bytes of movie files under a root folder", _ROOT, unit="bytes"
    ),
    gauge(
        "reeld_library_free_bytes",
        "Free bytes of the file system under a root folder",
        _ROOT,
        unit="bytes",
    ),
    gauge(
        "reeld_library_total_bytes",
        "Size of the file system under a root folder",
        _ROOT,
        unit="bytes",
    ),
    counter(
        "reeld_group_evidence_total",
        "Facts learned about release groups, by what became of the release",
        given("kind", of="evidence"),
    ),
    gauge(
        "reeld_release_groups",
        "Release groups that are known, by what a person says of them",
        given("rule", of="group_rule"),
    ),
    gauge(
        "reeld_release_group_reputations",
        "Release groups by reputation: below 0.25, below that of an unknown group, from there, from 0.6, from 0.8",
        given("reputation"),
    ),
)
