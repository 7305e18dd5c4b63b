"""Where the pages lie that an alert points to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Links:
    """The beginnings of addresses.

    Attributes:
        runbooks: Prometheus itself serves them, when it is started with `--web.user-assets=docs`; so the link works
            wherever Prometheus can be reached.
        grafana: Where Grafana answers.
    """

    runbooks: str = "{{ externalURL }}/user/runbooks"
    grafana: str = "http://127.0.0.1:3000"

    def runbook(self, alert: str) -> str:
        """Return the address of an alert's page."""
        return f"{self.runbooks}/{alert}.md"

    def dashboard(self, uid: str) -> str:
        """Return the address of a dashboard."""
        return f"{self.grafana}/d/{uid}"
