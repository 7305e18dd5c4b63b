"""The looks of each kind of panel."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as schema
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

from reeld.grafana.board import Colour, Drawn, Panel
from reeld.grafana.looks import NEUTRAL, SERIES_COLOURS

EVENT_STEP: Final = "2m"
"""The shortest bar of events: much longer than a scrape, so that one event is not seen in several bars."""


def graph_panel(panel: Panel) -> timeseries.Panel:
    """Return lines that break where nothing was scraped: a gap is an answer too."""
    builder = (
        timeseries.Panel()
        .color_scheme(_mode(schema.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .line_width(1)
        .fill_opacity(10)
        .show_points(looks.VisibilityMode.AUTO)
        .span_nulls(False)
        .tooltip(_tooltip())
        .legend(_legend(panel))
    )
    for pattern, colour in SERIES_COLOURS:
        fixed = {"mode": "fixed", "fixedColor": str(colour)}
        builder.override_by_regexp(f"/^({pattern})$/", [schema.DynamicConfigValue("color", fixed)])
    if panel.steps:
        dashed = common.GraphThresholdsStyleConfig().mode(looks.GraphThresholdsStyleMode.DASHED)
        builder.thresholds_style(dashed)
    if panel.drawn is not Drawn.LINES:
        builder.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
        builder.fill_opacity(50)
    if panel.drawn is Drawn.EVENTS:
        builder.draw_style(looks.GraphDrawStyle.BARS).fill_opacity(80).interval(EVENT_STEP)
    return builder


def stat_panel(panel: Panel) -> stat.Panel:
    """Return a figure, on a coloured ground when the colour judges it."""
    judged = panel.steps != NEUTRAL or panel.words
    ground = looks.BigValueColorMode.BACKGROUND if judged else looks.BigValueColorMode.NONE
    return (
        stat.Panel()
        .color_mode(ground)
        .graph_mode(looks.BigValueGraphMode.NONE)
        .text_mode(looks.BigValueTextMode.AUTO)
        .reduce_options(_latest())
    )


def bars_panel() -> bargauge.Panel:
    """Return bars from left to right, in the order of the queries."""
    return (
        bargauge.Panel()
        .orientation(looks.VizOrientation.HORIZONTAL)
        .display_mode(looks.BarGaugeDisplayMode.BASIC)
        .value_mode(looks.BarGaugeValueMode.COLOR)
        .reduce_options(_latest())
    )


def states_panel() -> statetimeline.Panel:
    """Return bands that show their state's name where there is room."""
    return (
        statetimeline.Panel()
        .color_scheme(_mode(schema.FieldColorModeId.THRESHOLDS))
        .merge_values(True)
        .show_value(looks.VisibilityMode.AUTO)
        .align_value(looks.TimelineValueAlignment.LEFT)
        .row_height(0.9)
        .line_width(0)
        .fill_opacity(80)
        .legend(common.VizLegendOptions().show_legend(False))
        .tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.SINGLE))
    )


def heatmap_panel(panel: Panel) -> heatmap.Panel:
    """Return a heatmap over the buckets that Prometheus holds."""
    colour = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges")
    return (
        heatmap.Panel()
        .calculate(False)
        .color(colour.steps(64))
        .y_axis(heatmap.YAxisConfig().unit(panel.unit))
        .cell_gap(1)
        .show_legend()
    )


def table_panel(panel: Panel) -> table.Panel:
    """Return a table of the panel's columns, under their shown names."""
    names = [column.label for column in panel.columns]
    organised: dict[str, object] = {
        "indexByName": {name: index for index, name in enumerate(names)},
        "renameByName": {column.label: column.shown for column in panel.columns},
    }
    builder = (
        table.Panel()
        .with_transformation(
            schema.DataTransformerConfig(
                "filterFieldsByName", options={"include": {"names": names}}
            )
        )
        .with_transformation(schema.DataTransformerConfig("organize", options=organised))
        .show_header(True)
    )
    for column in panel.columns:
        if properties := _column_looks(column.words, column.url):
            builder.override_by_name(column.shown, properties)
    return builder


def _column_looks(
    words: tuple[tuple[str, Colour], ...], url: str
) -> list[schema.DynamicConfigValue]:
    properties = []
    if words:
        options = {value: {"color": str(colour), "text": value} for value, colour in words}
        mappings = [{"type": "value", "options": options}]
        properties += [
            schema.DynamicConfigValue("mappings", mappings),
            schema.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}),
        ]
    if url:
        link = {"title": "Read on", "url": url, "targetBlank": True}
        properties.append(schema.DynamicConfigValue("links", [link]))
    return properties


def _legend(panel: Panel) -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(any(each.legend for each in panel.queries))
    if panel.width >= 12:
        at_the_side = legend.placement(looks.LegendPlacement.RIGHT)
        return at_the_side.display_mode(looks.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"])
    at_the_foot = legend.placement(looks.LegendPlacement.BOTTOM)
    return at_the_foot.display_mode(looks.LegendDisplayMode.LIST).calcs([])


def _tooltip() -> common.VizTooltipOptions:
    every = common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI)
    return every.sort(looks.SortOrder.DESCENDING)


def _latest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().values(False).calcs(["lastNotNull"])


def _mode(mode: schema.FieldColorModeId) -> dashboard.FieldColor:
    return dashboard.FieldColor().mode(mode)
