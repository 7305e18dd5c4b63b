from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from rich.console import Console
from rich.live import Live

from reeld.cli.demo._progress import ORDER, Tour
from reeld.cli.demo._run import _films
from reeld.cli.demo._view import Lines, Picture
from reeld.domain.movie import Stage
from reeld.simulators.world import World

LINES = 24
"""What a terminal has when nobody made it bigger."""


def a_tour(films: Any) -> Tour:
    return Tour.of(httpx.AsyncClient(), films)


@pytest.fixture
async def tour(tmp_path: Any) -> Tour:
    """The movies of the demo, each at another stage, one of them with the longest texts there are."""
    async with World.open(tmp_path) as world:
        made = a_tour(_films(world))
    for journey, stage in zip(made.journeys, [*reversed(ORDER), Stage.FAILED], strict=True):
        journey.stage, journey.source = stage, "hdbits"
    made.journeys[0].link, made.journeys[0].arrived_at = "hardlink", 102.13
    return made


def drawn(tour: Tour, columns: int, *said: str) -> list[str]:
    """The picture as somebody sees it, line by line."""
    console = Console(
        width=columns, height=LINES, record=True, force_terminal=True, file=io.StringIO()
    )
    picture = Picture(Live(console=console, auto_refresh=False), tour)
    for text in said:
        picture.say(text)
    picture.update()
    console.print(picture._live.get_renderable())
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("columns", [80, 130])
async def test_the_picture_fits_into_a_terminal_and_cuts_nothing_short(
    tour: Tour, columns: int
) -> None:
    said = [f"importer crashes; its supervisor starts it again ({number})." for number in range(9)]
    lines = drawn(tour, columns, *said)
    assert len(lines) < LINES
    assert "…" not in "".join(lines)
    for line, journey in zip(lines[1:], tour.journeys, strict=False):
        assert line.startswith(f"{journey.title} ({journey.year}) ")
        assert line.endswith("hdbits")
    for word in ("wanted", "searched", "decided", "grabbed", "downloading", "importing", "failed"):
        assert any(f" {word} " in line for line in lines[1:9])
    assert "in the library hardlink, 102.1 s" in lines[1]
    assert lines[-1] == said[-1]


@pytest.mark.parametrize(("progress", "full"), [(0.0, 0), (0.5, 8), (1.0, 17)])
async def test_a_download_has_a_bar_as_long_as_what_is_there(
    tour: Tour, progress: float, full: int
) -> None:
    (journey,) = (each for each in tour.journeys if each.stage is Stage.DOWNLOADING)
    journey.progress = progress
    console = Console(width=80, color_system="truecolor", force_terminal=True, file=io.StringIO())
    tour.journeys[:] = [journey]
    picture = Picture(Live(console=console, auto_refresh=False), tour)
    with console.capture() as captured:
        console.print(picture._draw())
    row = captured.get().splitlines()[1]
    assert row.count("━") + row.count("╸") + row.count("╺") == 17
    done = row.partition("downloading")[2].split("\x1b[")
    assert (
        sum(piece.count("━") for piece in done if "249;38;114" in piece or "114;156;31" in piece)
        == full
    )


async def test_nothing_moves_while_movies_come_on(tour: Tour) -> None:
    arrived = drawn(tour, 80)
    for journey in tour.journeys:
        journey.stage, journey.arrived_at = Stage.WANTED, None
    assert drawn(tour, 80)[0] == arrived[0]


async def test_an_outage_does_not_push_the_movies_off_the_screen(tour: Tour) -> None:
    lines = drawn(tour, 80, "x" * 300, "y" * 300)
    assert all(len(line) <= 80 for line in lines)
    assert lines[-1].startswith("y")
    assert lines[-2].startswith("x")


async def test_where_there_is_no_terminal_a_line_is_written_for_every_new_stage(tour: Tour) -> None:
    console = Console(file=io.StringIO(), record=True, width=20)
    view = Lines(console, tour)
    view.update()
    view.update()
    tour.journeys[-1].stage = Stage.WANTED
    view.update()
    lines = console.export_text().splitlines()
    assert len(lines) == len(tour.journeys) + 1
    assert lines[-1].endswith(": wanted from hdbits")
