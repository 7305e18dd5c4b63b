"""Every alert, by the part of reeld that it watches."""

from typing import Final

from reeld.deploy.prometheus.alerts.actors import ACTORS
from reeld.deploy.prometheus.alerts.daemon import DAEMON
from reeld.deploy.prometheus.alerts.database import DATABASE
from reeld.deploy.prometheus.alerts.pipeline import PIPELINE
from reeld.deploy.prometheus.alerts.services import SERVICES
from reeld.deploy.prometheus.alerts.storage import STORAGE
from reeld.deploy.prometheus.alerts.work import WORK
from reeld.deploy.prometheus.objectives import BURNS
from reeld.deploy.prometheus.table import Alert

ALERTS: Final[tuple[Alert, ...]] = (
    *DAEMON,
    *BURNS,
    *ACTORS,
    *SERVICES,
    *DATABASE,
    *WORK,
    *PIPELINE,
    *STORAGE,
)

__all__ = [
    "ACTORS",
    "ALERTS",
    "BURNS",
    "DAEMON",
    "DATABASE",
    "PIPELINE",
    "SERVICES",
    "STORAGE",
    "WORK",
]
