from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from reeld.cli import output
from reeld.cli.output import (
    bytes_of,
    complain,
    percent,
    plain,
    print_json,
    printable,
    say,
    show,
    table,
    time_of,
    to_json,
)

HOSTILE = "a\x1b[31mb\x07c\x9bd\u202ee\ud800f\x7f\r"


@given(st.text())
def test_json_is_printable_and_means_the_same(text: str) -> None:
    written = to_json({"name": text})
    assert all(letter.isprintable() for letter in written)
    assert json.loads(written) == {"name": text}


@given(st.text())
def test_text_for_people_is_printable(text: str) -> None:
    assert all(letter.isprintable() or letter == "\n" for letter in printable(text))


def test_accents_are_not_escaped_where_they_can_be_printed() -> None:
    assert to_json("Sein Mädchen für besondere Fälle") == '"Sein Mädchen für besondere Fälle"'


def test_json_fits_an_output_that_knows_no_accents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    written = to_json("Mädchen 🎬")
    assert written.isascii()
    assert json.loads(written) == "Mädchen 🎬"


def test_a_document_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([{"at": datetime(2026, 1, 2, tzinfo=UTC)}])
    assert json.loads(capsys.readouterr().out) == [{"at": "2026-01-02 00:00:00+00:00"}]


def test_what_is_said_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    complain(HOSTILE)
    printed = capsys.readouterr()
    assert printed.out == "a�[31mb�c�d�e�f��\n"
    assert printed.err == f"reeld: {printed.out}"


def test_a_table_in_a_pipe_has_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 500
    show(table(("A", "B"), [(long, 1), ("[red]y[/]", None)]))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["A", "B"], [long, "1"], ["[red]y[/]"]]
    assert all(line == line.rstrip() for line in lines)


def test_a_terminal_gets_colours_and_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=20, color_system="standard")
    monkeypatch.setattr(output, "console", terminal)
    show(table(("A",), [("word " * 10,), (Text("fine", "green"),)]))
    assert "\x1b[32mfine" in screen.getvalue()
    assert len(screen.getvalue().splitlines()) > 3


def test_a_cell_from_outside_stays_plain() -> None:
    assert plain("[bold]x[/]").plain == "[bold]x[/]"
    assert plain(None).plain == ""
    assert plain(HOSTILE).plain.isprintable()
    assert plain(Text("x", "red")).style == "red"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_500_000, "1.5 MB"),
        (80_000_000_000, "80.0 GB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_bytes_are_written_as_people_do(count: Any, text: str) -> None:
    assert bytes_of(count) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, ""), (0.004, "0%"), (0.5, "50%"), (0.999, "99%"), (1, "100%")]
)
def test_only_what_is_whole_is_a_hundred_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_times_are_local() -> None:
    moment = datetime(2026, 5, 1, 12, 30, 15, tzinfo=UTC)
    assert time_of("2026-05-01T12:30:15Z") == moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
