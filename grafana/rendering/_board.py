"""A whole dashboard: its variables, its annotations, its links to the other boards, and its panels on the grid."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as schema

from reeld.grafana.board import Board, Row
from reeld.grafana.layout import Spot, place
from reeld.grafana.links import RUNBOOKS
from reeld.grafana.promql import RATE, pick
from reeld.grafana.rendering._panel import SOURCE, build_panel

TAG: Final = "reeld"
SOURCE_UID: Final = "reeld-prometheus"
"""The data source that grafana/provisioning/ makes; Grafana takes its default one where it is not."""
_RESTARTED: Final = f"changes({pick('process_start_time_seconds')}[{RATE}]) > 0"
_LED: Final = f"increase({pick('reeld_leader_transitions_total')}[{RATE}]) > 0"


def render(board: Board) -> str:
    """Return the dashboard as JSON: the same bytes for the same board."""
    builder = (
        dashboard.Dashboard(f"reeld / {board.title}")
        .uid(board.uid)
        .description(board.question)
        .tags([TAG])
        .readonly()
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .tooltip(schema.DashboardCursorSync.CROSSHAIR)
    )
    builder.variables([_source(), _job(), _instance(), _Built(_runbooks())])
    builder.annotation(_annotation("Restarts", _RESTARTED, "orange", "reeld was started"))
    builder.annotation(_annotation("Leader changes", _LED, "purple", "Leadership changed"))
    built = builder.build()
    built.links = [_other_boards()]
    built.panels = _panels(board)
    return JSONEncoder(sort_keys=True, indent=2).encode(built) + "\n"


def _panels(board: Board) -> list[schema.Panel | schema.RowPanel]:
    panels: list[schema.Panel | schema.RowPanel] = []
    for number, (item, spot) in enumerate(place(board), start=1):
        position = _position(spot)
        match item:
            case Row(title):
                row = dashboard.Row(title).collapsed(False).id(number).grid_pos(position)
                panels.append(row.build())
            case panel:
                panels.append(build_panel(panel).id(number).grid_pos(position).build())
    return panels


def _position(spot: Spot) -> schema.GridPos:
    return schema.GridPos(h=spot.height, w=spot.width, x=spot.x, y=spot.y)


def _other_boards() -> schema.DashboardLink:
    link = (
        dashboard.DashboardLink("reeld")
        .type(schema.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .include_vars(True)
        .keep_time(True)
        .build()
    )
    # The builder would hide the way to the other boards in a menu.
    link.placement = None  # type: ignore[assignment]  # left out of the JSON then
    return link


def _annotation(name: str, promql: str, colour: str, text: str) -> dashboard.AnnotationQuery:
    query = prometheus.Dataquery().datasource(SOURCE).expr(promql).ref_id("Anno")
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .enable(True)
        .icon_color(colour)
        .target(query)
        .expr(promql)
        .title_format(text)
        .text_format("{{instance}}")
    )


def _source() -> dashboard.DatasourceVariable:
    chosen = schema.VariableOption(selected=True, text="Prometheus (reeld)", value=SOURCE_UID)
    return (
        dashboard.DatasourceVariable("datasource")
        .label("Prometheus")
        .type("prometheus")
        .current(chosen)
    )


def _job() -> dashboard.QueryVariable:
    return _choice("job", "Job", "label_values(reeld_build_info, job)")


def _instance() -> dashboard.QueryVariable:
    promql = 'label_values(reeld_build_info{job=~"$job"}, instance)'
    return _choice("instance", "Instance", promql)


def _choice(name: str, label: str, promql: str) -> dashboard.QueryVariable:
    everything = schema.VariableOption(selected=True, text=["All"], value=["$__all"])
    query: dict[str, object] = {"qryType": 5, "query": promql, "refId": "Prometheus"}
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .definition(promql)
        .refresh(schema.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(schema.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        # Not the list of what is there now: what stopped would be left out.
        .all_value(".+")
        .current(everything)
    )


def _runbooks() -> schema.VariableModel:
    variable = dashboard.ConstantVariable("runbooks").label("Runbooks").value(RUNBOOKS).build()
    # The builder of constants has no word for this.
    variable.hide = schema.VariableHide.HIDE_VARIABLE
    return variable


class _Built(Builder[schema.VariableModel]):
    """What is built already, in the shape of a builder."""

    def __init__(self, variable: schema.VariableModel) -> None:
        self._variable = variable

    def build(self) -> schema.VariableModel:
        """Return it."""
        return self._variable
