"""The configuration of an Alertmanager: who is told of what, and what need not be told twice."""

from __future__ import annotations

from typing import Any, Final

from reeld.deploy.prometheus.alerts import ALERTS
from reeld.deploy.prometheus.rendering import NOTE, render
from reeld.deploy.prometheus.scale import Scale

RECEIVERS: Final = {"critical": "pager", "warning": "ticket", "info": "none"}
"""Who hears of each severity."""

_COMMENT: Final = f"""\
{NOTE}
Copy it, and put receivers of your own in place of the example.

The example posts every notification as JSON to one address on this machine. Others look like this:

    - name: pager
      email_configs: [{{to: you@example.org, from: reeld@example.org, smarthost: "mail.example.org:587"}}]
    - name: ticket
      telegram_configs: [{{chat_id: 12345, bot_token_file: /etc/prometheus/telegram-token}}]"""


def alertmanager(
    scale: float = 1.0, *, webhook: str = "http://127.0.0.1:9099/reeld", least_seconds: float = 1.0
) -> str:
    """Return the configuration as YAML; without arguments, what is committed.

    Args:
        scale: Divides the pauses before and between notifications.
        webhook: Where the example receiver posts to.
        least_seconds: No pause becomes shorter.
    """
    time = Scale(scale, least_seconds)
    routes = [
        {"matchers": [f'severity="{severity}"'], "receiver": receiver}
        for severity, receiver in RECEIVERS.items()
    ]
    document: dict[str, Any] = {
        "route": {
            "receiver": "ticket",
            "group_by": ["alertname", "job"],
            "group_wait": time.interval("30s"),
            "group_interval": time.interval("5m"),
            "repeat_interval": time.interval("12h"),
            "routes": routes,
        },
        "inhibit_rules": _inhibitions(),
        "receivers": [
            {"name": "pager", "webhook_configs": [{"url": webhook, "send_resolved": True}]},
            {"name": "ticket", "webhook_configs": [{"url": webhook, "send_resolved": True}]},
            {"name": "none"},
        ],
    }
    return render(document, _COMMENT)


def _inhibitions() -> list[dict[str, Any]]:
    dependents = sorted({alert.name for alert in ALERTS if alert.needs_database})
    database_down = ['alertname="ReeldDatabaseDown"']
    return [
        # While the daemon is down, what is known of it is old.
        _inhibit(['alertname="ReeldDown"'], ['alertname=~"Reeld.+"', 'alertname!="ReeldDown"']),
        _inhibit(database_down, [f'alertname=~"{"|".join(dependents)}"']),
        _inhibit(database_down, ['alertname="ReeldBreakerOpen"', 'service="postgresql"']),
        _inhibit(
            ['alertname=~"Reeld.+"', 'severity="critical"'],
            ['severity=~"warning|info"'],
            ["job", "alertname"],
        ),
    ]


def _inhibit(
    source: list[str], target: list[str], equal: list[str] | None = None
) -> dict[str, Any]:
    return {"source_matchers": source, "target_matchers": target, "equal": equal or ["job"]}
