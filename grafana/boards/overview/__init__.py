"""Overview: is it well, what needs me, what is it doing, does it keep its promises."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board
from reeld.grafana.boards.overview._doing import DOING
from reeld.grafana.boards.overview._needs import NEEDS_ME
from reeld.grafana.boards.overview._promises import PROMISES
from reeld.grafana.boards.overview._well import WELL

OVERVIEW: Final = Board(
    "overview",
    "Is reeld well, does it need me, and what is it doing?",
    (WELL, NEEDS_ME, DOING, PROMISES),
)

__all__ = ["OVERVIEW"]
