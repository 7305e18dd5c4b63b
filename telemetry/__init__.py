"""What reeld says about itself: metrics, structured logs, redaction."""

from reeld.telemetry.catalogue import CATALOGUE, Kind, Metric
from reeld.telemetry.health import Check, HealthBoard, Status
from reeld.telemetry.logs import Redaction, configure_logs, counting_records, redaction
from reeld.telemetry.metrics import Metrics
from reeld.telemetry.observers import (
    RESTART_CAUSES,
    DatabaseObserver,
    KernelObserver,
    ServiceObserver,
)

__all__ = [
    "CATALOGUE",
    "RESTART_CAUSES",
    "Check",
    "DatabaseObserver",
    "HealthBoard",
    "KernelObserver",
    "Kind",
    "Metric",
    "Metrics",
    "Redaction",
    "ServiceObserver",
    "Status",
    "configure_logs",
    "counting_records",
    "redaction",
]
