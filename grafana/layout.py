"""Places panels on Grafana's grid of 24 columns: each where it comes to lie highest, then leftmost, none over another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.grafana.board import Board, Panel, Row

COLUMNS: Final = 24
HEADING: Final = 1
"""The height of a row's heading."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something lies, in columns and rows of the grid."""

    x: int
    y: int
    width: int
    height: int


def place(board: Board) -> list[tuple[Row | Panel, Spot]]:
    """Return the rows' headings and the panels of a board, with where each lies."""
    placed: list[tuple[Row | Panel, Spot]] = []
    y = 0
    for row in board.rows:
        placed.append((row, Spot(0, y, COLUMNS, HEADING)))
        skyline = [y + HEADING] * COLUMNS
        for panel in row.panels:
            spot = _highest(skyline, panel)
            skyline[spot.x : spot.x + spot.width] = [spot.y + spot.height] * spot.width
            placed.append((panel, spot))
        y = max(skyline)
    return placed


def _highest(skyline: list[int], panel: Panel) -> Spot:
    if not 0 < panel.width <= COLUMNS:
        raise ValueError(f"{panel.title} is {panel.width} columns wide")
    y, x = min((max(skyline[x : x + panel.width]), x) for x in range(COLUMNS - panel.width + 1))
    return Spot(x, y, panel.width, panel.height)
