"""What Prometheus and Alertmanager are told about reeld, as one table, and the files that are written from it.

`make deploy` writes the files. Whoever only runs reeld needs none of this code: the files lie beside it.
"""

from reeld.deploy.prometheus.alerts import ALERTS
from reeld.deploy.prometheus.objectives import OBJECTIVES, RECORDS
from reeld.deploy.prometheus.routing import alertmanager
from reeld.deploy.prometheus.rules import GROUPS, rules
from reeld.deploy.prometheus.runbooks import index_page
from reeld.deploy.prometheus.scraping import prometheus
from reeld.deploy.prometheus.table import Alert, Group, Objective, Record, Severity

__all__ = [
    "ALERTS",
    "GROUPS",
    "OBJECTIVES",
    "RECORDS",
    "Alert",
    "Group",
    "Objective",
    "Record",
    "Severity",
    "alertmanager",
    "index_page",
    "prometheus",
    "rules",
]
