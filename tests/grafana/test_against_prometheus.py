"""Every query of the dashboards, asked of a real Prometheus: what it parses may still not fit together."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from reeld.grafana import DASHBOARDS

BOARDS: Final[dict[str, dict[str, Any]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(DASHBOARDS.glob("*.json"))
}
every_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


def targets_of(board: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (panel["title"], target) for panel in board["panels"] for target in panel.get("targets", [])
    ]


def query_of(uid: str, title: str) -> str:
    (target, *_) = [found for name, found in targets_of(BOARDS[uid]) if name == title]
    return str(target["expr"])


def values(series: list[dict[str, Any]], label: str) -> dict[str, float]:
    return {each["metric"].get(label, ""): float(each["value"][1]) for each in series}


@every_board
def test_every_query_of_a_dashboard_has_an_answer_without_a_hole(
    board: dict[str, Any], prometheus: Any
) -> None:
    for title, target in targets_of(board):
        series = prometheus.ask(target["expr"], now=target["instant"])
        assert series, f"{title}: no data"
        points = [point for each in series for point in each.get("values", [each.get("value")])]
        assert not {"NaN", "+Inf", "-Inf"} & {value for _, value in points}, title


@every_board
def test_a_dashboard_shows_nothing_at_all_of_a_reeld_that_is_not_there(
    board: dict[str, Any], prometheus: Any
) -> None:
    for title, target in targets_of(board):
        series = prometheus.ask(target["expr"], now=target["instant"], job="somebody-else")
        assert not series, f"{title}: silence looks like health"


def test_the_overview_shows_the_worst_check_of_each_component(prometheus: Any) -> None:
    series = prometheus.ask(query_of("reeld-overview", "Health checks"))
    assert values(series, "component") == {"database": 0, "disk": 2}


def test_each_breaker_is_shown_in_the_state_that_it_is_in(prometheus: Any) -> None:
    series = prometheus.ask(query_of("reeld-external", "Breaker state"))
    assert values(series, "service") == {"postgresql": 0, "tmdb": 2}


def test_what_needs_somebody_is_counted_and_not_repeated(prometheus: Any) -> None:
    def ask(title: str) -> dict[str, float]:
        return values(prometheus.ask(query_of("reeld-overview", title)), "")

    assert ask("Open breakers") == {"": 1}
    assert ask("Dead work") == {"": 2}
    assert ask("Oldest due work") == {"": 120}
    assert ask("Last backup") == {"": 120}
    assert ask("Last verified backup") == {"": -1}, "it is shown as never"
    assert ask("Overdue tasks") == {"": 0}, "what is new is not late"
    assert ask("Least free space") == {"": 1}
