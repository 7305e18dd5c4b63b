"""The systemd programs, and a place where installed units can be looked at."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parents[2] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
real_programs = sys.modules.setdefault(_NAME, importlib.util.module_from_spec(_spec))
if not hasattr(real_programs, "require"):
    _spec.loader.exec_module(real_programs)

UNITS: Final = Path(__file__).resolve().parents[3] / "deploy" / "systemd"
PROGRAM: Final = "/opt/reeld/bin/reeld"
"""Where the units that are shipped expect reeld; systemd wants to see a program there."""


@dataclass(frozen=True)
class Verdict:
    """What a run of systemd-analyze said."""

    code: int
    out: str
    err: str


Analyze = Callable[..., Verdict]


@pytest.fixture(scope="session")
def analyze() -> Analyze:
    """Runs systemd-analyze."""
    program = real_programs.require("systemd-analyze")

    def run(*arguments: Any) -> Verdict:
        done = subprocess.run(
            [program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
        )
        return Verdict(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """The units as they are shipped, their drop-ins in force, with a program that is there."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    for unit in folder.glob("*.service"):
        text = unit.read_text()
        assert text.count(PROGRAM) == 1
        unit.write_text(text.replace(PROGRAM, shutil.which("true") or "/bin/true"))
    return folder
