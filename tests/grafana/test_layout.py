from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.grafana.board import Board, Panel, Row, Unit, View
from reeld.grafana.layout import COLUMNS, place

SIZES = st.lists(st.tuples(st.integers(1, COLUMNS), st.integers(1, 12)), min_size=1, max_size=12)


def panel(width: int, height: int) -> Panel:
    return Panel(
        title="any",
        sentence="Any.",
        view=View.STAT,
        unit=Unit.COUNT,
        queries=(),
        links=(),
        width=width,
        height=height,
    )


def board(*rows: list[tuple[int, int]]) -> Board:
    return Board(
        "actors", "Any?", tuple(Row("any", tuple(panel(*size) for size in row)) for row in rows)
    )


def spots(*rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(spot.x, spot.y) for item, spot in place(board(*rows)) if isinstance(item, Panel)]


def test_panels_of_one_height_stand_side_by_side_and_go_on_below() -> None:
    assert spots([(8, 4), (8, 4), (8, 4), (24, 4)]) == [(0, 1), (8, 1), (16, 1), (0, 5)]


def test_low_panels_are_stacked_beside_a_high_one() -> None:
    assert spots([(12, 6), (6, 3), (6, 3), (6, 3), (6, 3)]) == [
        (0, 1),
        (12, 1),
        (18, 1),
        (12, 4),
        (18, 4),
    ]


def test_a_row_begins_below_everything_of_the_one_before() -> None:
    assert spots([(4, 9), (4, 2)], [(4, 1)])[-1] == (0, 11)


@given(st.lists(SIZES, min_size=1, max_size=3))
def test_no_sizes_make_two_panels_overlap(rows: list[list[tuple[int, int]]]) -> None:
    taken = [
        (x, y)
        for _, spot in place(board(*rows))
        for x in range(spot.x, spot.x + spot.width)
        for y in range(spot.y, spot.y + spot.height)
    ]
    assert len(set(taken)) == len(taken)
    assert all(0 <= x < COLUMNS for x, _ in taken)


def test_a_panel_that_is_wider_than_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="25 columns"):
        place(board([(25, 1)]))
