"""What reeld says about itself: metrics, structured logs, redaction."""

from reeld.telemetry.catalogue import CATALOGUE, Kind, Metric
from reeld.telemetry.exemplars import current_exemplar, exemplar_of
from reeld.telemetry.exportarr import EXPORTARR, Exportarr, Samples
from reeld.telemetry.exposition import content_type_for
from reeld.telemetry.health import Check, HealthBoard, Status
from reeld.telemetry.impacts import IMPACTS, Impact, impact_of
from reeld.telemetry.logs import Redaction, configure_logs, counting_records, redaction
from reeld.telemetry.metrics import Metrics
from reeld.telemetry.observers import (
    RESTART_CAUSES,
    DatabaseObserver,
    KernelObserver,
    ServiceObserver,
    kind_of,
)

__all__ = [
    "CATALOGUE",
    "EXPORTARR",
    "IMPACTS",
    "RESTART_CAUSES",
    "Check",
    "DatabaseObserver",
    "Exportarr",
    "HealthBoard",
    "Impact",
    "KernelObserver",
    "Kind",
    "Metric",
    "Metrics",
    "Redaction",
    "Samples",
    "ServiceObserver",
    "Status",
    "configure_logs",
    "content_type_for",
    "counting_records",
    "current_exemplar",
    "exemplar_of",
    "impact_of",
    "kind_of",
    "redaction",
]
