from __future__ import annotations

import io
import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from reeld.cli.parse import LONGEST_LINE, parse_lines, read_lines, rows
from reeld.domain.parsing import parse_release_name

REELD = [sys.executable, "-m", "reeld", "parse"]


def test_each_line_gets_one_line_of_json_in_the_same_order() -> None:
    lines = ["Sintel.2010.1080p.WEB-DL-OPEN\n", "\n", "Night.2015.720p.BluRay\r\n"]
    answers = [json.loads(line) for line in parse_lines(lines)]
    assert [answer["title"] for answer in answers] == ["Sintel", None, "Night"]
    assert all("\n" not in line for line in parse_lines(lines))


def test_a_table_leaves_out_what_the_name_does_not_state() -> None:
    table = dict(rows(parse_release_name("Sintel.2010.1080p.WEB-DL-OPEN")))
    assert table["title"] == "Sintel"
    assert table["quality"] == "WEBDL-1080p"
    assert "languages" not in table
    assert "titles" not in table


@given(st.binary(max_size=300))
def test_as_many_lines_come_out_as_went_in_whatever_their_bytes(data: bytes) -> None:
    lines = data.split(b"\n")
    expected = len(lines) - (lines[-1] == b"")
    assert len(list(parse_lines(read_lines(io.BytesIO(data))))) == expected


def test_a_line_without_end_is_cut_and_stays_one_line() -> None:
    data = b"A" * (3 * LONGEST_LINE + 5) + b"\nSintel.2010.1080p.WEB-DL\n"
    first, second = read_lines(io.BytesIO(data))
    assert first == "A" * LONGEST_LINE
    assert second == "Sintel.2010.1080p.WEB-DL"


def test_ten_thousand_names_stream_through() -> None:
    names = b"".join(b"Movie.Number.%d.2010.1080p.BluRay.x264-GRP\n" % n for n in range(10_000))
    done = subprocess.run([*REELD, "--jsonl"], input=names, capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 10_000
    assert answers[-1]["title"] == "Movie Number 9999"
    assert done.stderr == b""


def test_an_answer_comes_before_the_next_line_is_there() -> None:
    with subprocess.Popen(
        [*REELD, "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for name in (b"Sintel.2010.1080p\n", b"\xff\xfe\x00\n"):
            process.stdin.write(name)
            process.stdin.flush()
            assert "title" in json.loads(process.stdout.readline())
        process.stdin.close()
    assert process.returncode == 0


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    with subprocess.Popen(
        [*REELD, "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        try:
            process.stdin.write(b"Sintel.2010\n" * 1000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        said = process.stderr.read()
    assert process.returncode == 1
    assert said == b""
