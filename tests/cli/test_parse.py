from __future__ import annotations

import json

from reeld.cli.parse import parse_lines, rows
from reeld.domain.parsing import parse_release_name


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
