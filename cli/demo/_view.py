"""The demo as a picture in the terminal, or as lines where there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reeld.cli.demo._progress import ORDER, Journey, Tour
from reeld.domain.movie import Stage

_SAID: Final = 6
"""So many lines are kept below the picture: all of it fits into 80 columns and 24 lines."""
_BAR_COLUMNS: Final = 17
_COLUMNS: Final = {"Movie": None, "Way": 7, "Stage": 14, "": _BAR_COLUMNS, "From": 6}
"""Titles and widths: nothing moves when a longer word comes."""
_LABELS: Final = {
    Stage.WANTED: "wanted",
    Stage.SEARCHED: "searched",
    Stage.DECIDED: "decided",
    Stage.GRABBED: "grabbed",
    Stage.DOWNLOADING: "downloading",
    Stage.IMPORTING: "importing",
    Stage.IN_LIBRARY: "in the library",
    Stage.FAILED: "failed",
}


class View(Protocol):
    """Shows the tour while it goes on."""

    def update(self) -> None:
        """Show how it is now."""

    def say(self, text: str) -> None:
        """Show a line beside it."""


class Silence:
    """Shows nothing: the document at the end says it all."""

    def update(self) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""


class Lines:
    """Writes a line whenever a movie comes to another stage."""

    def __init__(self, console: Console, tour: Tour) -> None:
        self._console = console
        self._tour = tour
        self._shown: dict[int, Stage] = {}

    def update(self) -> None:
        """Write what changed."""
        for journey in self._tour.journeys:
            if self._shown.get(journey.tmdb_id) is not journey.stage:
                self._shown[journey.tmdb_id] = journey.stage
                source = f" from {journey.source}" if journey.source else ""
                self.say(f"{journey.title} ({journey.year}): {_LABELS[journey.stage]}{source}")

    def say(self, text: str) -> None:
        """Write a line."""
        self._console.print(text, soft_wrap=True)


class Picture:
    """Draws a row a movie: the stages it has passed, and a bar while it downloads."""

    def __init__(self, live: Live, tour: Tour) -> None:
        self._live = live
        self._tour = tour
        self._said: list[str] = []

    def update(self) -> None:
        """Draw the picture anew."""
        self._live.update(self._draw())

    def say(self, text: str) -> None:
        """Keep a line below the picture."""
        self._said = [*self._said, text][-_SAID:]
        self.update()

    def _draw(self) -> Group:
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        for column, least in _COLUMNS.items():
            table.add_column(column, no_wrap=True, min_width=least)
        for journey in self._tour.journeys:
            table.add_row(
                Text(f"{journey.title} ({journey.year})"),
                _trail(journey),
                _label(journey),
                _bar(journey),
                journey.source or "",
            )
        legend = "Way: wanted, searched, decided, grabbed, downloading, importing, in the library"
        lines = [
            Text(line, "dim", no_wrap=True, overflow="ellipsis") for line in (legend, *self._said)
        ]
        return Group(table, Text(""), *lines)


def _trail(journey: Journey) -> Text:
    place = ORDER.index(journey.stage) if journey.stage in ORDER else -1
    text = Text()
    for index in range(len(ORDER)):
        style = "green" if index < place or place == len(ORDER) - 1 else "bold cyan"
        text.append("●" if index <= place else "○", style if index <= place else "dim")
    return text


def _label(journey: Journey) -> Text:
    style = "red" if journey.stage is Stage.FAILED else "bold"
    return Text(_LABELS[journey.stage], "green" if journey.arrived_at is not None else style)


def _bar(journey: Journey) -> ProgressBar | Text:
    if journey.stage is Stage.DOWNLOADING:
        return ProgressBar(total=1.0, completed=journey.progress, width=_BAR_COLUMNS)
    if journey.arrived_at is not None:
        return Text(f"{journey.link}, {journey.arrived_at:.1f} s", "green")
    return Text("")


@asynccontextmanager
async def shown(tour: Tour, *, silent: bool) -> AsyncIterator[View]:
    """Show a tour for the length of the block: as a picture on a terminal, else in lines, or not at all."""
    console = Console(highlight=False)
    if silent:
        yield Silence()
    elif console.is_terminal:
        with Live(console=console, refresh_per_second=8, transient=False) as live:
            picture = Picture(live, tour)
            picture.update()
            yield picture
    else:
        yield Lines(console, tour)
