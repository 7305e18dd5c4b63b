"""Prometheus' own programs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_NAME = "reeld_tests_real_programs"
_spec = importlib.util.spec_from_file_location(
    _NAME, Path(__file__).resolve().parents[1] / "real_programs.py"
)
assert _spec is not None
assert _spec.loader is not None
real_programs = sys.modules.setdefault(_NAME, importlib.util.module_from_spec(_spec))
if not hasattr(real_programs, "require"):
    _spec.loader.exec_module(real_programs)


@pytest.fixture
def faults_of() -> Callable[[bytes], str]:
    """Returns what `promtool check metrics` says about an exposition; nothing when it finds no fault."""
    promtool = real_programs.require("promtool")

    def lint(exposition: bytes) -> str:
        done = subprocess.run(
            [promtool, "check", "metrics"], input=exposition, capture_output=True, check=False
        )
        said = (done.stdout + done.stderr).decode()
        return said or ("" if done.returncode == 0 else f"it ended with {done.returncode}")

    return lint
