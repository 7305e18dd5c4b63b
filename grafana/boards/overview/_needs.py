"""What needs me? Every tile is green when nothing does."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Colour, Column, Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import (
    FREE_SPACE,
    GOOD_AT_ONE,
    GOOD_AT_ZERO,
    NEVER,
    WARN_ABOVE_ZERO,
    none_is_good,
    warn_from,
    yes_no,
)
from reeld.grafana.panels import stat, table
from reeld.grafana.promql import (
    SHOWN,
    age,
    age_or_never,
    happened,
    least,
    most,
    or_zero,
    pick,
    ratio,
    rows,
    times,
    total,
)

_DAY: Final = 86400.0
_BAD_DOWNLOADS: Final = 'state=~"stalled|error"'
_feed_age = f"time() - {happened('reeld_rss_last_success_timestamp_seconds')}"
_task_age = f"time() - {happened('reeld_schedule_last_success_timestamp_seconds')}"

NEEDS_ME: Final = Row(
    "What needs me?",
    (
        table(
            "Firing alerts",
            Unit.STATE,
            "Every alert of reeld that fires now; its name leads to the runbook.",
            see("runtime"),
            Query('ALERTS{job=~"$job",alertname=~"Reeld.*",alertstate="firing"}'),
            Column("alertname", "Alert", url="${runbooks}/${__value.text}.md"),
            Column(
                "severity",
                "Severity",
                (("critical", Colour.BAD), ("warning", Colour.WARNING), ("info", Colour.RESTING)),
            ),
            Column("service", "Service"),
            Column("actor", "Actor"),
            Column("queue", "Queue"),
            Column("reason", "Reason"),
            width=12,
            height=9,
            when_empty="Nothing fires.",
        ),
        stat(
            "Rejected credentials",
            Unit.COUNT,
            "Services that refuse the name, key or password in the settings; correct it, and it is tried at once.",
            see("ReeldCredentialsRejected", "external"),
            Query(total(pick("reeld_breaker_credentials_rejected"))),
            steps=GOOD_AT_ZERO,
            words=none_is_good(),
        ),
        stat(
            "Dead work",
            Unit.COUNT,
            "Pieces of work that were given up after all attempts; `reeld work list --state dead` says why.",
            see("ReeldJobsDead", "jobs"),
            Query(or_zero(rows("reeld_jobs", "queue,state", "", 'state="dead"'))),
            steps=WARN_ABOVE_ZERO,
            words=none_is_good(),
        ),
        stat(
            "Oldest due work",
            Unit.SECONDS,
            "How long the oldest piece of work that is due has waited; half an hour means that nobody does it.",
            see("ReeldJobQueueStuck", "jobs"),
            Query(or_zero(most(age("reeld_job_oldest_due_timestamp_seconds", "queue")))),
            steps=warn_from(1800),
            words=none_is_good("none due"),
        ),
        stat(
            "Overdue tasks",
            Unit.COUNT,
            "Scheduled tasks whose last good run is more than two and a half intervals ago.",
            see("ReeldScheduledTaskOverdue", "jobs"),
            Query(or_zero(f"count({_task_age} > 2.5 * {pick('reeld_schedule_interval_seconds')})")),
            steps=WARN_ABOVE_ZERO,
            words=none_is_good(),
        ),
        stat(
            "Stalled downloads",
            Unit.COUNT,
            "Downloads without progress or with an error; reeld blocks the release and takes the next best one.",
            see("ReeldDownloadsStalled", "pipeline"),
            Query(or_zero(rows("reeld_downloads", "client,state", "", _BAD_DOWNLOADS))),
            steps=WARN_ABOVE_ZERO,
            words=none_is_good(),
        ),
        stat(
            "Failed imports",
            Unit.COUNT,
            "Imports that failed in the time shown; the pipeline dashboard tells the reasons.",
            see("ReeldImportsFailing", "pipeline"),
            Query(or_zero(times("reeld_import_failures_total", over=SHOWN))),
            steps=warn_from(0.5),
            words=none_is_good(),
        ),
        stat(
            "Copied, not linked",
            Unit.COUNT,
            "Files that took their room twice in the time shown, because a hardlink was not possible.",
            see("ReeldHardlinkFallback", "pipeline"),
            Query(or_zero(times("reeld_import_fallbacks_total", over=SHOWN))),
            steps=warn_from(0.5),
            words=none_is_good(),
        ),
        stat(
            "Stale feeds",
            Unit.COUNT,
            "Feeds that were not read well for two intervals: what they offer now may be missed.",
            see("ReeldRSSFreshnessBudgetBurn", "pipeline"),
            Query(or_zero(f"count({_feed_age} > 2 * {pick('reeld_rss_interval_seconds')})")),
            steps=WARN_ABOVE_ZERO,
            words=none_is_good(),
        ),
        stat(
            "Least free space",
            Unit.SHARE,
            "Free share of the fullest file system that holds a root folder; below 5 % imports soon wait.",
            see("ReeldLibraryDiskAlmostFull", "library"),
            Query(
                least(ratio(pick("reeld_library_free_bytes"), pick("reeld_library_total_bytes")))
            ),
            steps=FREE_SPACE,
            when_empty="unknown",
        ),
        stat(
            "Last backup",
            Unit.SECONDS,
            "Age of the newest backup; a daily one that is older than two and a half days did not run twice.",
            see("ReeldBackupStale", "library"),
            Query(age_or_never("reeld_backup_last_success_timestamp_seconds")),
            steps=warn_from(2.5 * _DAY),
            words=NEVER,
            when_empty="unknown",
        ),
        stat(
            "Last verified backup",
            Unit.SECONDS,
            "Age of the newest backup that was read back and found whole; only such a one is sure to help.",
            see("ReeldBackupUnverified", "library"),
            Query(age_or_never("reeld_backup_last_verified_timestamp_seconds")),
            steps=warn_from(8 * _DAY),
            words=NEVER,
            when_empty="unknown",
        ),
        stat(
            "Settings",
            Unit.COUNT,
            "Whether the settings could be read the last time; if not, the old ones stay in force.",
            see("ReeldConfigReloadFailed", "runtime"),
            Query(least(pick("reeld_config_last_reload_successful"))),
            steps=GOOD_AT_ONE,
            words=yes_no("fine", "error", Colour.WARNING),
        ),
    ),
)
