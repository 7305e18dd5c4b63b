"""The page on operating reeld: its commands can be typed, and its story is told with the words of the system."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Final

import pytest

from reeld.deploy.prometheus import ALERTS, OBJECTIVES

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def command(program: str) -> list[str]:
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"{program} --"))
    return shlex.split(line)


@pytest.mark.parametrize("program", ["prometheus", "prometheus-alertmanager"])
def test_a_program_knows_the_flags_that_it_is_started_with(
    program: str, path_of: dict[str, str]
) -> None:
    done = subprocess.run(
        [path_of[program], "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    known = set(re.findall(r"--(?:\[no-\])?([\w.-]+)", done.stdout + done.stderr))
    flags = [word.removeprefix("--").partition("=")[0] for word in command(program)[1:]]
    assert flags
    assert set(flags) <= known


@pytest.mark.parametrize("program", ["prometheus", "prometheus-alertmanager"])
def test_a_program_is_given_files_that_exist(program: str) -> None:
    values = dict(word.removeprefix("--").partition("=")[::2] for word in command(program)[1:])
    assert (ROOT / values["config.file"]).is_file()
    assert (ROOT / values.get("web.user-assets", ".")).is_dir()


def test_prometheus_serves_the_runbooks_where_the_alerts_say_that_they_are() -> None:
    (assets,) = (w.partition("=")[2] for w in command("prometheus") if "user-assets" in w)
    assert (ROOT / assets / "runbooks" / "ReeldDown.md").is_file()


def test_the_objectives_on_the_page_are_those_of_the_rules() -> None:
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| ([\d.]+) % \|$", PAGE, re.MULTILINE)
    assert rows == [f"{each.target * 100:g}" for each in OBJECTIVES]


def test_the_alert_in_the_story_speaks_as_the_real_one() -> None:
    (alert,) = (each for each in ALERTS if each.name == "ReeldCredentialsRejected")
    assert f"> **{alert.name}** {alert.summary}" in PAGE
    assert f"> {alert.description.replace('{{ $labels.service }}', 'hdbits')}" in PAGE
