"""Durable work, the schedule, and the stages of an acquisition."""

from __future__ import annotations

from typing import Final

from reeld.telemetry.catalogue import _buckets
from reeld.telemetry.catalogue._metric import Metric, counter, gauge, given, histogram, living

_QUEUE: Final = given("queue")
_TASK: Final = living("task")
_STAGE: Final = given("stage", of="acquisition_state")

WORK: Final[tuple[Metric, ...]] = (
    gauge(
        "reeld_jobs",
        "Rows of durable work by queue and state",
        _QUEUE,
        given("state", of="work_state"),
    ),
    counter(
        "reeld_job_executions_total",
        "Job runs by outcome",
        _QUEUE,
        given("outcome", of="job_outcome"),
    ),
    histogram("reeld_job_duration_seconds", "Job run time", _QUEUE, buckets=_buckets.WORK),
    histogram(
        "reeld_job_wait_seconds",
        "Time a job was due before it started",
        _QUEUE,
        buckets=_buckets.WORK,
    ),
    gauge(
        "reeld_job_oldest_due_timestamp_seconds",
        "Unix time at which the oldest due job became due; absent while none is due",
        _QUEUE,
        unit="seconds",
        absent=True,
    ),
    counter(
        "reeld_unhinted_rows_total",
        "Rows of work that a sweep found and no hint had announced",
        given("actor"),
    ),
    gauge(
        "reeld_schedule_last_success_timestamp_seconds",
        "Unix time of the last turn of a scheduled task",
        _TASK,
        unit="seconds",
    ),
    gauge(
        "reeld_schedule_interval_seconds",
        "Configured interval of a scheduled task",
        _TASK,
        unit="seconds",
    ),
    gauge("reeld_workflows", "Acquisitions by stage", _STAGE),
    counter(
        "reeld_workflow_transitions_total",
        "Stages that acquisitions left, by outcome",
        _STAGE,
        given("outcome", of="stage_outcome"),
    ),
    histogram(
        "reeld_workflow_stage_duration_seconds",
        "Time an acquisition spent in a stage",
        _STAGE,
        buckets=_buckets.LONG,
    ),
    gauge(
        "reeld_rows_age_seconds",
        "Age of the counts that come from a periodic query (jobs, workflows, movies)",
        unit="seconds",
    ),
)
