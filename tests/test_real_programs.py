"""What a run of the tests does when a program of Debian is missing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parent / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
if _NAME not in sys.modules:
    sys.modules[_NAME] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_NAME])
real_programs = sys.modules[_NAME]

MAKEFILE = Path(__file__).resolve().parents[1] / "Makefile"


@pytest.fixture(autouse=True)
def a_machine_without_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No program is found, wherever it is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(real_programs, "UNPACKED", tmp_path)


@pytest.mark.parametrize("program", sorted(real_programs.PACKAGES))
def test_without_a_program_its_tests_skip_with_one_line_that_names_the_package(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REELD_REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception) as caught:
        real_programs.require(program)
    said = str(caught.value)
    assert said == f"{program} is missing: apt-get install {real_programs.PACKAGES[program]}"


def test_where_every_program_is_asked_for_a_missing_one_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REELD_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install ffmpeg"):
        real_programs.require("ffmpeg")


@pytest.mark.parametrize("where", ["installed", "unpacked"])
def test_a_program_that_is_there_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    folder = tmp_path / where
    folder.mkdir()
    (folder / "promtool").touch(mode=0o755)
    if where == "installed":
        monkeypatch.setenv("PATH", str(folder))
    else:
        monkeypatch.setattr(real_programs, "UNPACKED", folder)
    assert real_programs.require("promtool") == str(folder / "promtool")


def test_make_services_gets_every_package_that_a_test_asks_for() -> None:
    text = MAKEFILE.read_text()
    lines = [line for line in text.splitlines() if "_PACKAGES :=" in line]
    gets = {package for line in lines for package in line.split(":=")[1].split()}
    assert gets == set(real_programs.PACKAGES.values())
