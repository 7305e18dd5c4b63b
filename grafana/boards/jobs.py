"""Jobs and workflows: is work done, is it late, has any died, and how long does a movie take."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board, Drawn, Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import WARN_ABOVE_ZERO, none_is_good, warn_from
from reeld.grafana.panels import bars, events, graph, heatmap, stat
from reeld.grafana.promql import (
    age,
    happened,
    least,
    most,
    or_zero,
    pick,
    quantile,
    rate,
    rows,
    times,
)

_OPEN: Final = 'state=~"available|running"'
_UNDER_WAY: Final = 'stage!~"imported|failed"'

JOBS_ROW: Final = Row(
    "Jobs",
    (
        stat(
            "Dead work",
            Unit.COUNT,
            "Work given up after all attempts, by queue; `reeld work list --state dead` says why.",
            see("ReeldJobsDead"),
            Query(or_zero(rows("reeld_jobs", "queue,state", "queue", 'state="dead"')), "{{queue}}"),
            width=12,
            steps=WARN_ABOVE_ZERO,
            words=none_is_good(),
        ),
        stat(
            "Oldest due work",
            Unit.SECONDS,
            "How long the oldest due piece of work of each queue has waited.",
            see("ReeldJobQueueStuck"),
            Query(or_zero(age("reeld_job_oldest_due_timestamp_seconds", "queue")), "{{queue}}"),
            width=8,
            steps=warn_from(1800),
            words=none_is_good("none due"),
        ),
        stat(
            "Age of the counts",
            Unit.SECONDS,
            "How old the counts of rows on this board are; they come from a query now and then, not per scrape.",
            see("ReeldDatabaseDown", "database"),
            Query(most(pick("reeld_rows_age_seconds"))),
            width=4,
            steps=warn_from(120, 600),
        ),
        graph(
            "Open work",
            Unit.COUNT,
            "Work that waits or runs, by queue, and releases that wait, by what for; a queue that only grows is not served.",
            see("ReeldJobQueueStuck"),
            Query(rows("reeld_jobs", "queue,state", "queue,state", _OPEN), "{{queue}} {{state}}"),
            Query(rows("reeld_pending_releases", "reason", "reason"), "releases: {{reason}}"),
            drawn=Drawn.STACKED,
        ),
        graph(
            "Oldest due work over time",
            Unit.SECONDS,
            "How long the oldest due piece of work has waited; a line that climbs steadily is a queue that stands.",
            see("ReeldJobQueueStuck"),
            Query(or_zero(age("reeld_job_oldest_due_timestamp_seconds", "queue")), "{{queue}}"),
            steps=warn_from(1800),
        ),
        events(
            "Attempts",
            "Attempts at work by outcome: done, put off, tried again later, dead.",
            see("ReeldJobsDead"),
            Query(times("reeld_job_executions_total", "queue,outcome"), "{{queue}} {{outcome}}"),
        ),
        graph(
            "Run time, p95",
            Unit.SECONDS,
            "Time of an attempt that all but one in twenty stay below.",
            see("ReeldJobQueueStuck"),
            Query(
                quantile(0.95, "reeld_job_duration_seconds", "queue"),
                "{{queue}}",
                with_exemplars=True,
            ),
        ),
        graph(
            "Wait, p95",
            Unit.SECONDS,
            "Time from due to started that all but one in twenty stay below.",
            see("ReeldJobQueueStuck"),
            Query(
                quantile(0.95, "reeld_job_wait_seconds", "queue"), "{{queue}}", with_exemplars=True
            ),
        ),
        heatmap(
            "Run time",
            "How long attempts took, all queues together.",
            see("ReeldJobQueueStuck"),
            rate("reeld_job_duration_seconds_bucket", "le"),
        ),
    ),
)

SCHEDULE: Final = Row(
    "Schedule",
    (
        bars(
            "Time since success, in intervals",
            Unit.COUNT,
            "How many of its intervals ago each scheduled task last went well, or reeld started; from 2.5 on it is overdue.",
            see("ReeldScheduledTaskOverdue"),
            Query(
                least(
                    f"(time() - {happened('reeld_schedule_last_success_timestamp_seconds')})"
                    f" / ({pick('reeld_schedule_interval_seconds')} > 0)",
                    "task",
                ),
                "{{task}}",
            ),
            width=12,
            steps=warn_from(2.5),
        ),
        bars(
            "Intervals",
            Unit.SECONDS,
            "How often each task is meant to run.",
            see("ReeldScheduledTaskOverdue"),
            Query(most(pick("reeld_schedule_interval_seconds"), "task"), "{{task}}"),
            width=12,
        ),
    ),
)

WORKFLOWS: Final = Row(
    "Workflows",
    (
        graph(
            "Movies being acquired",
            Unit.COUNT,
            "Acquisitions under way, by the stage that they are in.",
            see("ReeldWorkflowStageStuck"),
            Query(rows("reeld_workflows", "stage", "stage", _UNDER_WAY), "{{stage}}"),
            drawn=Drawn.STACKED,
            width=6,
        ),
        events(
            "Stage exits",
            "Acquisitions that left a stage, by how that went.",
            see("ReeldWorkflowStageStuck"),
            Query(
                times("reeld_workflow_transitions_total", "stage,outcome"), "{{stage}} {{outcome}}"
            ),
            width=6,
        ),
        graph(
            "Time in a stage, p90",
            Unit.SECONDS,
            "Time that nine in ten acquisitions spent at most in each stage; downloading may take days.",
            see("ReeldWorkflowStageStuck", "pipeline"),
            Query(
                quantile(0.9, "reeld_workflow_stage_duration_seconds", "stage"),
                "{{stage}}",
                with_exemplars=True,
            ),
            width=6,
        ),
        graph(
            "Ended acquisitions",
            Unit.COUNT,
            "Acquisitions that came to their end, all that are kept.",
            see("pipeline"),
            Query(
                rows("reeld_workflows", "stage", "stage", 'stage=~"imported|failed"'), "{{stage}}"
            ),
            width=6,
        ),
    ),
)

JOBS: Final = Board(
    "jobs",
    "Is work done, is it late, has any died, and how long does a movie take?",
    (JOBS_ROW, SCHEDULE, WORKFLOWS),
)
