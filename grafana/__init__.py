"""Dashboards for Grafana: nine of them, declared in `boards/`, committed as JSON in `dashboards/`, and provisioned.

The JSON is written by `make grafana` (`python -m reeld.grafana`), which needs grafana-foundation-sdk, a package for
developers. Everything else here, this face and the declarations, needs nothing but reeld.
"""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
DASHBOARDS: Final = FOLDER / "dashboards"
"""The dashboards as Grafana reads them, one `<uid>.json` each."""
PROVISIONING: Final = FOLDER / "provisioning"
"""What GF_PATHS_PROVISIONING points at, so that Grafana finds the dashboards and Prometheus by itself."""

__all__ = ["DASHBOARDS", "FOLDER", "PROVISIONING"]
