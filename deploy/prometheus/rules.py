"""The recording and alerting rules as the file that Prometheus reads."""

from __future__ import annotations

from typing import Any, Final

from reeld.deploy.prometheus import alerts
from reeld.deploy.prometheus.links import Links
from reeld.deploy.prometheus.objectives import BURNS, RECORDS
from reeld.deploy.prometheus.rendering import NOTE, render
from reeld.deploy.prometheus.scale import SCRAPE_SECONDS, Scale
from reeld.deploy.prometheus.table import Alert, Group, Record

GROUPS: Final = (
    Group("reeld.daemon", alerts.DAEMON),
    # Together: the burns read what is recorded, and rules of one group see one another's results at once.
    Group("reeld.objectives", (*RECORDS, *BURNS)),
    Group("reeld.actors", alerts.ACTORS),
    Group("reeld.services", alerts.SERVICES),
    Group("reeld.database", alerts.DATABASE),
    Group("reeld.work", alerts.WORK),
    Group("reeld.pipeline", alerts.PIPELINE),
    Group("reeld.storage", alerts.STORAGE),
)


def rules(
    scale: float = 1.0, *, scrape_seconds: float = SCRAPE_SECONDS, links: Links | None = None
) -> str:
    """Return the rules as YAML; with a scale of 1, what is committed.

    Divided by the scale are the interval of every group, how long an alert must last (`for`), range windows, offsets,
    and thresholds in seconds that say how long something may take (such as work that is due, or the age of a backup).
    Not scaled are counts and ratios, what the daemon itself is fast or slow at (loop lag, duration of queries), what
    is compared with an interval of the daemon's own settings, and all names, labels and texts: a series that is called
    `ratio_rate1h` keeps its name.

    Args:
        scale: How much faster than life; a test may let three days pass in an hour and twelve minutes.
        scrape_seconds: How often that Prometheus scrapes. No range becomes shorter than four of these, no group is
            evaluated more often.
        links: Where the pages lie that alerts point to.

    Raises:
        ValueError: The scale or the interval is not positive.
    """
    time, places = Scale(scale, scrape_seconds), links or Links()
    groups = [
        {
            "name": group.name,
            "interval": time.interval(group.every),
            "rules": [_rule(each, time, places) for each in group.rules],
        }
        for group in GROUPS
    ]
    return render(
        {"groups": groups}, f"{NOTE}\nRules of reeld: what is recorded, and when somebody is told."
    )


def _rule(rule: Alert | Record, time: Scale, links: Links) -> dict[str, Any]:
    match rule:
        case Record():
            return _record(rule, time)
        case Alert():
            return _alert(rule, time, links)


def _record(record: Record, time: Scale) -> dict[str, Any]:
    entry: dict[str, Any] = {"record": record.name, "expr": _block(time.expression(record.expr))}
    if record.labels:
        entry["labels"] = dict(record.labels)
    return entry


def _alert(alert: Alert, time: Scale, links: Links) -> dict[str, Any]:
    entry: dict[str, Any] = {"alert": alert.name, "expr": _block(time.expression(alert.expr))}
    if alert.lasts:
        entry["for"] = time.duration(alert.lasts)
    entry["labels"] = {"severity": str(alert.severity), **dict(alert.labels)}
    entry["annotations"] = {
        "summary": alert.summary,
        "description": alert.description,
        "runbook_url": links.runbook(alert.name),
        "dashboard_url": links.dashboard(alert.dashboard),
    }
    return entry


def _block(expression: str) -> str:
    return f"{expression}\n" if "\n" in expression else expression
