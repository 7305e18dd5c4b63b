"""Real imports with the real journal are killed at every crash point, twice in a row."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("means", ["hardlink", "copy"])
def test_an_import_survives_a_kill_anywhere_and_another_in_its_recovery(
    database_url: str, tmp_path: Path, means: str
) -> None:
    driver = Path(__file__).with_name("import_process.py")
    done = subprocess.run(
        [sys.executable, str(driver), database_url, str(tmp_path), means],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1])["points"] >= 15
