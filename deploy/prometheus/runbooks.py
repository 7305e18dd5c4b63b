"""The list of the runbook pages."""

from __future__ import annotations

from typing import Final

from reeld.deploy.prometheus.alerts import ALERTS
from reeld.deploy.prometheus.table import Severity

_HEAD: Final = """\
<!-- Written by `make docs`. Do not edit. -->

# Runbooks

One page an alert: what it means, what it costs, how to find out why, what to do.

All commands are meant for the machine that reeld runs on, as its user. Where a page calls `curl`, it means:

```
export REELD=http://127.0.0.1:7878
export KEY=…   # the API key, of REELD_API_KEY or as printed at the first start
```

`journalctl -u reeld` is the log of a reeld under systemd; elsewhere it goes to standard error, with the same events.
"""
_TELLS: Final = {
    Severity.CRITICAL: "Act now",
    Severity.WARNING: "A ticket",
    Severity.INFO: "For whoever looks",
}


def index_page() -> str:
    """Return the list as Markdown, by severity and name."""
    parts = [_HEAD]
    for severity, title in _TELLS.items():
        found = {alert.name: alert for alert in ALERTS if alert.severity is severity}
        parts += [f"## {title} ({severity})\n", "| alert | says |", "|---|---|"]
        parts += [f"| [{name}]({name}.md) | {found[name].summary} |" for name in sorted(found)]
        parts.append("")
    return "\n".join(parts)
