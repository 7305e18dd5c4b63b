"""Makes the kinds of panels that the boards are written with, each with the size and the looks of its kind."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Column, Drawn, Link, Panel, Query, Step, Unit, View, Word
from reeld.grafana.looks import NEUTRAL

HEIGHT: Final = 8
Words = tuple[tuple[int, Word], ...]


def graph(
    title: str,
    unit: Unit,
    sentence: str,
    links: tuple[Link, ...],
    *queries: Query,
    width: int = 8,
    drawn: Drawn = Drawn.LINES,
    steps: tuple[Step, ...] = (),
    highest: float | None = None,
) -> Panel:
    """Return values over time, from 0 up."""
    return Panel(
        title=title, sentence=sentence, view=View.GRAPH, unit=unit, queries=queries, links=links,
        width=width, height=HEIGHT, drawn=drawn, steps=steps, lowest=0, highest=highest,
    )  # fmt: skip


def events(
    title: str, sentence: str, links: tuple[Link, ...], *queries: Query, width: int = 8
) -> Panel:
    """Return how often something rare happened, as bars."""
    return graph(title, Unit.COUNT, sentence, links, *queries, width=width, drawn=Drawn.EVENTS)


def stat(
    title: str,
    unit: Unit,
    sentence: str,
    links: tuple[Link, ...],
    *queries: Query,
    width: int = 3,
    height: int = 3,
    steps: tuple[Step, ...] = NEUTRAL,
    words: Words = (),
    when_empty: str = "no data",
) -> Panel:
    """Return a figure as it is now, on a ground whose colour judges it."""
    return Panel(
        title=title, sentence=sentence, view=View.STAT, unit=unit, queries=queries, links=links,
        width=width, height=height, steps=steps, words=words, when_empty=when_empty,
    )  # fmt: skip


def bars(
    title: str,
    unit: Unit,
    sentence: str,
    links: tuple[Link, ...],
    *queries: Query,
    width: int = 8,
    height: int = HEIGHT,
    steps: tuple[Step, ...] = NEUTRAL,
    when_empty: str = "no data",
) -> Panel:
    """Return figures as they are now, side by side."""
    return Panel(
        title=title, sentence=sentence, view=View.BARS, unit=unit, queries=queries, links=links,
        width=width, height=height, steps=steps, when_empty=when_empty, lowest=0,
    )  # fmt: skip


def states(
    title: str,
    sentence: str,
    links: tuple[Link, ...],
    query: Query,
    words: Words,
    width: int = 24,
    height: int = HEIGHT,
) -> Panel:
    """Return the states that something was in, as coloured bands over time."""
    return Panel(
        title=title, sentence=sentence, view=View.STATES, unit=Unit.STATE, queries=(query,),
        links=links, width=width, height=height, words=words,
    )  # fmt: skip


def table(
    title: str,
    unit: Unit,
    sentence: str,
    links: tuple[Link, ...],
    query: Query,
    *columns: Column,
    width: int = 8,
    height: int = HEIGHT,
    when_empty: str = "no data",
) -> Panel:
    """Return one line for each series as it is now."""
    return Panel(
        title=title, sentence=sentence, view=View.TABLE, unit=unit, queries=(query,), links=links,
        width=width, height=height, columns=columns, when_empty=when_empty,
    )  # fmt: skip


def heatmap(
    title: str, sentence: str, links: tuple[Link, ...], histogram_rate: str, width: int = 8
) -> Panel:
    """Return how often which duration was observed, over time."""
    query = Query(histogram_rate, "{{le}}", with_exemplars=True)
    return Panel(
        title=title, sentence=sentence, view=View.HEATMAP, unit=Unit.SECONDS, queries=(query,),
        links=links, width=width, height=HEIGHT,
    )  # fmt: skip
