"""The committed dashboards, read as Grafana reads them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from reeld.grafana import DASHBOARDS
from reeld.grafana.links import RUNBOOKS

UIDS: Final = {
    "reeld-overview",
    "reeld-actors",
    "reeld-external",
    "reeld-pipeline",
    "reeld-jobs",
    "reeld-database",
    "reeld-api",
    "reeld-library",
    "reeld-runtime",
}
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
RUNBOOK_PAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
KNOWN_UNITS: Final = {value for name, value in vars(units).items() if isinstance(value, str)}

EVERY: Final[dict[str, dict[str, Any]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(DASHBOARDS.glob("*.json"))
}
every_board = pytest.mark.parametrize("board", EVERY.values(), ids=EVERY)


def panels_of(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


ALL_PANELS: Final = [panel for board in EVERY.values() for panel in panels_of(board)]


def test_there_are_the_nine_dashboards_each_under_its_uid() -> None:
    assert {board["uid"] for board in EVERY.values()} == set(EVERY) == UIDS
    assert len({board["title"] for board in EVERY.values()}) == len(UIDS)


@every_board
def test_a_dashboard_says_what_it_answers_and_cannot_be_edited_in_place(
    board: dict[str, Any],
) -> None:
    assert board["description"].endswith("?")
    assert board["editable"] is False
    assert "id" not in board, "Grafana gives it: one of ours would collide"
    assert board["tags"] == ["reeld"]
    assert board["refresh"] == "30s"


@every_board
def test_every_panel_of_a_dashboard_has_a_number_and_a_title_of_its_own(
    board: dict[str, Any],
) -> None:
    numbers = Counter(panel["id"] for panel in board["panels"])
    titles = Counter(panel["title"] for panel in board["panels"] if panel["type"] != "row")
    assert [number for number, times in numbers.items() if times > 1] == []
    assert [title for title, times in titles.items() if times > 1] == []


@every_board
def test_no_panel_lies_over_another_or_beyond_the_grid(board: dict[str, Any]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                below = taken.setdefault((x, y), panel["title"])
                assert below == panel["title"], f"{panel['title']} lies over {below}"


@every_board
def test_no_row_of_a_dashboard_is_left_with_a_hole(board: dict[str, Any]) -> None:
    area = sum(panel["gridPos"]["w"] * panel["gridPos"]["h"] for panel in board["panels"])
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    assert area == 24 * height


@every_board
def test_a_dashboard_asks_for_source_job_and_instance_and_knows_the_runbooks(
    board: dict[str, Any],
) -> None:
    variables = {each["name"]: each for each in board["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance", "runbooks"]
    assert variables["datasource"]["query"] == "prometheus"
    for name in ("job", "instance"):
        assert variables[name]["datasource"] == SOURCE
        assert variables[name]["multi"]
        assert variables[name]["includeAll"]
        assert variables[name]["allValue"] == ".+", "what stopped is not in the list of values"
    assert variables["runbooks"]["type"] == "constant"
    assert variables["runbooks"]["query"] == RUNBOOKS


@every_board
def test_a_dashboard_leads_to_the_others_with_the_same_time_and_choice(
    board: dict[str, Any],
) -> None:
    (link,) = board["links"]
    assert link["type"] == "dashboards"
    assert link["tags"] == ["reeld"]
    assert link["keepTime"]
    assert link["includeVars"]
    assert "placement" not in link, "it would be hidden in a menu"


@every_board
def test_a_dashboard_marks_restarts_and_leader_changes(board: dict[str, Any]) -> None:
    marks = {each["name"]: each for each in board["annotations"]["list"]}
    assert "changes(process_start_time_seconds{" in marks["Restarts"]["target"]["expr"]
    assert "reeld_leader_transitions_total{" in marks["Leader changes"]["target"]["expr"]
    for mark in marks.values():
        assert mark["datasource"] == SOURCE
        assert mark["enable"]


@every_board
def test_a_panel_says_what_it_shows_in_which_unit(board: dict[str, Any]) -> None:
    for panel in panels_of(board):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert len(panel["description"].split()) >= 4
        assert panel["fieldConfig"]["defaults"]["unit"] in KNOWN_UNITS


@every_board
def test_a_panel_takes_its_data_from_the_chosen_source(board: dict[str, Any]) -> None:
    for panel in panels_of(board):
        assert panel["datasource"] == SOURCE
        assert panel["targets"]
        assert all(target["datasource"] == SOURCE for target in panel["targets"])
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)


@every_board
def test_a_panel_leads_to_a_runbook_or_to_another_dashboard(board: dict[str, Any]) -> None:
    for panel in panels_of(board):
        urls = [link["url"] for link in panel["links"]]
        assert urls
        for url in urls:
            if url.startswith("${runbooks}/"):
                assert url.endswith(".md")
                continue
            name, _, query = url.removeprefix("/d/").partition("?")
            assert name in UIDS - {board["uid"]}, "it leads to itself, or to nothing"
            assert query == "${__url_time_range}&${__all_variables}"


def test_every_runbook_that_a_panel_leads_to_is_there() -> None:
    urls = {link["url"] for panel in ALL_PANELS for link in panel["links"]}
    pages = {url.removeprefix("${runbooks}/") for url in urls if url.startswith("${runbooks}/")}
    assert pages
    assert sorted(page for page in pages if not (RUNBOOK_PAGES / page).exists()) == []


@every_board
def test_what_a_panel_says_is_so_now_is_asked_for_now(board: dict[str, Any]) -> None:
    for panel in panels_of(board):
        # The last value of a range would go on saying "fine" when nothing is scraped any more.
        shows_now = panel["type"] in {"stat", "bargauge", "table"}
        assert all(target.get("instant", False) is shows_now for target in panel["targets"])


@every_board
def test_a_panel_says_what_no_data_means_and_leaves_gaps_as_gaps(board: dict[str, Any]) -> None:
    for panel in panels_of(board):
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["noValue"]
        assert not defaults.get("custom", {}).get("spanNulls", False)


@every_board
def test_a_panel_of_durations_shows_the_traces_behind_them(board: dict[str, Any]) -> None:
    for panel in panels_of(board):
        over_buckets = [each for each in panel["targets"] if "_seconds_bucket{" in each["expr"]]
        assert not over_buckets or any(each.get("exemplar") for each in over_buckets)


@pytest.mark.parametrize("metric", ["reeld_breaker_state", "reeld_health_check_status"])
def test_breakers_and_health_are_shown_as_states_over_time(metric: str) -> None:
    shown_as = {
        panel["type"]
        for panel in ALL_PANELS
        for target in panel["targets"]
        if f"{metric}{{" in target["expr"]
    }
    assert "state-timeline" in shown_as


@every_board
def test_a_dashboard_comes_back_the_same_from_the_schema_of_grafana(board: dict[str, Any]) -> None:
    register_default_plugins()
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    for link in again["links"]:
        del link["placement"]  # the schema's reader knows one place only
    assert again == board
