"""What rows tell: work, feeds, the schedule, the lead, the schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from reeld.storage.repositories.feeds import FeedState
from reeld.storage.repositories.standing import Standing
from reeld.storage.schedule import ScheduledTask
from reeld.storage.work import QueueDepth, WorkState
from reeld.telemetry import Check, Status

STALE_FEED_INTERVALS: Final = 3
STALE_FEED_SECONDS: Final = 60.0
STUCK_WORK_SECONDS: Final = 900.0
LATE_TASK_SECONDS: Final = 300.0


def check_work(depths: Iterable[QueueDepth]) -> list[Check]:
    """Judge the queues by what was given up, and by what is due for long."""
    depths = tuple(depths)
    dead = sum(each.count for each in depths if each.state is WorkState.DEAD)
    late = max(
        (each.oldest_seconds for each in depths if each.state is WorkState.AVAILABLE), default=0.0
    )
    return [_dead(dead), _late(max(late, 0.0))]


def check_feed(name: str, state: FeedState | None, interval: float, now: datetime) -> Check:
    """Judge a source that is read again and again by how long ago that went well."""
    check = f"feed:{name}"
    if state is not None:
        interval = max(interval, state.rest_seconds)
    last_ok = state.last_ok if state is not None else None
    age = None if last_ok is None else round((now - last_ok).total_seconds())
    allowed = STALE_FEED_INTERVALS * interval + STALE_FEED_SECONDS
    if age is not None and age <= allowed:
        return Check(check, Status.PASS, observed=age, unit="s", last_success=last_ok)
    why = (state.sentence if state is not None else None) or "It was not read yet."
    return Check(check, Status.WARN, sentence=why, observed=age, unit="s", last_success=last_ok)


def check_profile(default: str, names: Sequence[str]) -> Check:
    """Judge whether the quality profile of movies that name none is there."""
    if default in names:
        return Check("profiles:default", Status.PASS)
    known = ", ".join(names) or "none"
    sentence = (
        f"There is no quality profile {default!r}, which decision.profile names: there are {known}."
        " Change the setting, or make the profile."
    )
    return Check("profiles:default", Status.WARN, sentence=sentence)


def check_schedule(tasks: Iterable[ScheduledTask], now: datetime) -> Check:
    """Judge the tasks that come round again by the one that is latest."""
    tasks = tuple(tasks)
    latest = min(tasks, key=lambda task: task.next_run, default=None)
    late = 0.0 if latest is None else max(0.0, (now - latest.next_run).total_seconds())
    runs = [task.last_run for task in tasks if task.last_run is not None]
    last = max(runs, default=None)
    observed = round(late)
    if latest is None or late <= LATE_TASK_SECONDS:
        return Check(
            "schedule:lateness", Status.PASS, observed=observed, unit="s", last_success=last
        )
    sentence = f"The task {latest.task} is overdue: is the scheduler running, and not paused?"
    return Check(
        "schedule:lateness", Status.WARN, "component", sentence, observed, "s", last_success=last
    )


def check_leader(standing: Standing | None, epoch: int | None) -> Check:
    """Judge whether this process leads, and say since when.

    Args:
        standing: What the rows say; None when they cannot be read.
        epoch: In which this process leads; None when it does not.
    """
    if epoch is None:
        sentence = (
            "This process does not lead: nothing is worked on. It takes the lead when it can."
        )
        return Check("leader:epoch", Status.FAIL, sentence=sentence)
    since = standing.acquired_at if standing is not None and standing.epoch == epoch else None
    return Check("leader:epoch", Status.PASS, observed=epoch, unit="epoch", since=since)


def check_migrations(standing: Standing) -> Check:
    """Show how far the schema is: this process would not lead with another one."""
    return Check(
        "database:migrations",
        Status.PASS,
        "datastore",
        observed=standing.migration,
        unit="migration",
        since=standing.migrated_at,
        is_figure=True,
    )


def _dead(count: int) -> Check:
    if not count:
        return Check("work:dead", Status.PASS, observed=0)
    sentence = f"{count} pieces of work were given up: see `reeld work list --state dead`."
    return Check("work:dead", Status.WARN, sentence=sentence, observed=count)


def _late(seconds: float) -> Check:
    if seconds <= STUCK_WORK_SECONDS:
        return Check("work:oldest_due", Status.PASS, observed=round(seconds), unit="s")
    sentence = "Work has been due for long: see `reeld status` for the actor that does not do it."
    return Check(
        "work:oldest_due", Status.WARN, sentence=sentence, observed=round(seconds), unit="s"
    )
