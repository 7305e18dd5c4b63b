"""What reeld says about itself: metrics, structured logs, redaction."""

from reeld.telemetry.catalogue import CATALOGUE, Kind, Metric
from reeld.telemetry.logs import Redaction, configure_logs, redaction
from reeld.telemetry.metrics import Metrics

__all__ = [
    "CATALOGUE",
    "Kind",
    "Metric",
    "Metrics",
    "Redaction",
    "configure_logs",
    "redaction",
]
