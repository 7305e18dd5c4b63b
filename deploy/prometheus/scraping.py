"""The configuration of a Prometheus that watches reeld."""

from __future__ import annotations

from typing import Any, Final

from reeld.deploy.prometheus.rendering import NOTE, render
from reeld.deploy.prometheus.scale import SCRAPE_SECONDS, duration_of

RULES_FILE: Final = "reeld-rules.yml"
JOB: Final = "reeld"
"""The value of `job` in all rules and dashboards."""

_COMMENT: Final = f"""\
{NOTE}
A Prometheus that watches one reeld on this machine.

When REELD_METRICS_TOKEN is set, put the token alone into a file that Prometheus may read, and add to the job:

    authorization:
      credentials_file: /etc/prometheus/reeld-metrics-token

To a Prometheus that you have already, add the rule file and the job. Keep the job's name: rules and dashboards ask for it."""


def prometheus(
    *,
    target: str = "127.0.0.1:7878",
    alertmanager: str = "127.0.0.1:9093",
    scrape_seconds: float = SCRAPE_SECONDS,
    token_file: str | None = None,
    rules_file: str = RULES_FILE,
) -> str:
    """Return the configuration as YAML; without arguments, what is committed.

    Args:
        target: Where reeld answers, as host:port.
        alertmanager: Where Alertmanager answers, as host:port.
        scrape_seconds: How often reeld is asked; a scrape may take two thirds of that.
        token_file: Holds the token that `/metrics` asks for; None when it asks for none.
        rules_file: The rules, relative to the configuration.
    """
    interval = duration_of(round(scrape_seconds * 1000))
    job: dict[str, Any] = {
        "job_name": JOB,
        "scrape_timeout": duration_of(round(scrape_seconds * 1000 * 2 / 3)),
        "static_configs": [{"targets": [target]}],
    }
    if token_file is not None:
        job["authorization"] = {"credentials_file": token_file}
    document = {
        "global": {"scrape_interval": interval, "evaluation_interval": interval},
        "rule_files": [rules_file],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [job],
    }
    return render(document, _COMMENT)
