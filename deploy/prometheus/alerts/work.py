"""Alerts on durable work and the schedule."""

from __future__ import annotations

from typing import Final

from reeld.deploy.prometheus.since import since
from reeld.deploy.prometheus.table import Alert, Severity

_JOBS: Final = "reeld-jobs"

WORK: Final = (
    Alert(
        name="ReeldJobsDead",
        severity=Severity.WARNING,
        expr='sum by (job, queue) (reeld_jobs{job="reeld",state="dead"}) > 0',
        lasts="15m",
        summary="Work was given up.",
        description="{{ $value }} pieces of work of {{ $labels.queue }} wait for a person.",
        dashboard=_JOBS,
    ),
    Alert(
        name="ReeldJobQueueStuck",
        severity=Severity.WARNING,
        expr='time() - min by (job, queue) (reeld_job_oldest_due_timestamp_seconds{job="reeld"}) > {30m}',
        lasts="5m",
        summary="Work that is due is not begun.",
        description="The oldest work of {{ $labels.queue }} has been due for {{ $value | humanizeDuration }}.",
        dashboard=_JOBS,
        needs_database=True,
    ),
    Alert(
        name="ReeldScheduledTaskOverdue",
        severity=Severity.WARNING,
        expr=(
            f"time() - {since('reeld_schedule_last_success_timestamp_seconds')}\n"
            "> on (job, instance, task)\n"
            '2.5 * reeld_schedule_interval_seconds{job="reeld"}'
        ),
        lasts="10m",
        summary="A task that comes round again is overdue.",
        description="{{ $labels.task }} has not run for {{ $value | humanizeDuration }}.",
        dashboard=_JOBS,
        needs_database=True,
    ),
    Alert(
        name="ReeldWorkflowStageStuck",
        severity=Severity.WARNING,
        expr=(
            'sum by (job, stage) (reeld_workflows{job="reeld",stage="complete"}) > 0\n'
            "and on (job)\n"
            'sum by (job) (increase(reeld_workflow_transitions_total{job="reeld",stage="complete"}[2h])) == 0'
        ),
        lasts="30m",
        summary="Downloads are complete, and none is imported.",
        description="{{ $value }} acquisitions are {{ $labels.stage }}, and none has moved on for 2 hours.",
        dashboard=_JOBS,
        needs_database=True,
    ),
)
