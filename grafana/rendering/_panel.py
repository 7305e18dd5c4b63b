"""One panel: what all kinds have, and the fitting kind's own looks around it."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Final

from grafana_foundation_sdk.builders import (
    bargauge,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as schema
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from reeld.grafana.board import Drawn, Link, Panel, Query, Unit, View
from reeld.grafana.rendering._kinds import (
    bars_panel,
    graph_panel,
    heatmap_panel,
    stat_panel,
    states_panel,
    table_panel,
)

SOURCE: Final = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
_NOW: Final = {View.STAT, View.BARS, View.TABLE}
"""These show what is, not what was: a value that stopped coming must not stay on the screen."""
_FORMATS: Final = {
    View.TABLE: PromQueryFormat.TABLE,
    View.HEATMAP: PromQueryFormat.HEATMAP,
}

Builder = (
    timeseries.Panel
    | stat.Panel
    | bargauge.Panel
    | table.Panel
    | heatmap.Panel
    | statetimeline.Panel
)


def build_panel(panel: Panel) -> Builder:
    """Return the builder of a panel, lacking its number and its place."""
    builder = (
        _of_its_kind(panel)
        .title(panel.title)
        .description(panel.sentence)
        .datasource(SOURCE)
        .unit(panel.unit)
        .no_value(panel.when_empty)
        .links([_link(link) for link in panel.links])
        .targets([_target(number, each, panel) for number, each in enumerate(panel.queries)])
    )
    if panel.steps:
        builder.thresholds(_thresholds(panel))
    if _counts_whole_things(panel):
        builder.decimals(0)
    if panel.words:
        builder.mappings([_mapping(panel)])
    if panel.lowest is not None:
        builder.min(panel.lowest)
    if panel.highest is not None:
        builder.max(panel.highest)
    return builder


def _counts_whole_things(panel: Panel) -> bool:
    # Prometheus extrapolates: two events in a window may come as 2.04.
    is_count = panel.unit is Unit.COUNT
    return is_count and (panel.view is View.STAT or panel.drawn is Drawn.EVENTS)


def _of_its_kind(panel: Panel) -> Builder:
    match panel.view:
        case View.GRAPH:
            return graph_panel(panel)
        case View.STAT:
            return stat_panel(panel)
        case View.BARS:
            return bars_panel()
        case View.TABLE:
            return table_panel(panel)
        case View.HEATMAP:
            return heatmap_panel(panel)
        case View.STATES:
            return states_panel()


def _target(number: int, query: Query, panel: Panel) -> prometheus.Dataquery:
    target = (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .expr(query.promql)
        .legend_format(query.legend)
        .format(_FORMATS.get(panel.view, PromQueryFormat.TIME_SERIES))
        .ref_id(ascii_uppercase[number])
    )
    if query.with_exemplars:
        target.exemplar(True)
    return target.instant() if panel.view in _NOW else target.range()


def _link(link: Link) -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink(link.title)
        .type(schema.DashboardLinkType.LINK)
        .url(link.url)
        .target_blank(link.url.startswith("${runbooks}"))
    )


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [schema.Threshold(step.value, step.colour) for step in panel.steps]
    return dashboard.ThresholdsConfig().mode(schema.ThresholdsMode.ABSOLUTE).steps(steps)


def _mapping(panel: Panel) -> schema.ValueMap:
    return schema.ValueMap(
        {
            str(value): schema.ValueMappingResult(word.text, word.colour, index=index)
            for index, (value, word) in enumerate(panel.words)
        }
    )
