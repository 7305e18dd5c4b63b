"""The nine dashboards, one module each. `BOARDS` is what is rendered, documented and tested."""

from typing import Final

from reeld.grafana.board import Board
from reeld.grafana.boards.actors import ACTORS
from reeld.grafana.boards.api import API
from reeld.grafana.boards.database import DATABASE
from reeld.grafana.boards.external import EXTERNAL
from reeld.grafana.boards.jobs import JOBS
from reeld.grafana.boards.library import LIBRARY
from reeld.grafana.boards.overview import OVERVIEW
from reeld.grafana.boards.pipeline import PIPELINE
from reeld.grafana.boards.runtime import RUNTIME

BOARDS: Final[tuple[Board, ...]] = (
    OVERVIEW,
    ACTORS,
    EXTERNAL,
    PIPELINE,
    JOBS,
    DATABASE,
    API,
    LIBRARY,
    RUNTIME,
)

__all__ = ["BOARDS"]
