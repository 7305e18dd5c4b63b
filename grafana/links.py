"""Where panels point at: the runbooks, and the other dashboards with the same time and the same instance."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import TITLES, Link

RUNBOOKS: Final = "http://127.0.0.1:9090/user/runbooks"
"""Where a browser reads the pages of docs/runbooks/: Prometheus serves them with `--web.user-assets=docs`.

The one place: every dashboard holds it in its variable `runbooks`, and links are made of that.
"""


def runbook(alert: str) -> Link:
    """Return the link to the page of an alert."""
    return Link(f"Runbook: {alert}", f"${{runbooks}}/{alert}.md")


def board(name: str) -> Link:
    """Return the link to a dashboard."""
    url = f"/d/reeld-{name}?${{__url_time_range}}&${{__all_variables}}"
    return Link(f"Dashboard: {TITLES[name]}", url)


def see(*names: str) -> tuple[Link, ...]:
    """Return links: a name that begins with `Reeld` is an alert's, any other a dashboard's."""
    return tuple(runbook(name) if name.startswith("Reeld") else board(name) for name in names)
