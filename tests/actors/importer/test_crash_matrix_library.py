"""Real moves, removals and renames with the real journal are killed at every crash point, twice in a row."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reeld.storage.crashpoints import registry

STORIES = {
    "move-link": {"move."},
    "move-copy": {"move.", "import.part.copied"},
    "remove": {"remove.", "import.old."},
    "rename": {"rename.file."},
}
BACK = "move.old.back"
"""Reached only where two root folders show one file; see `test_withdrawing`."""


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
def test_a_move_a_removal_and_a_rename_survive_a_kill_anywhere_and_another_in_their_recovery(
    database_url: str, tmp_path: Path, story: str
) -> None:
    driver = Path(__file__).with_name("library_process.py")
    done = subprocess.run(
        [sys.executable, str(driver), database_url, str(tmp_path), story],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    reached = set(json.loads(done.stdout.splitlines()[-1])["points"])
    own = {name for name in registry() if name.startswith(f"{story.partition('-')[0]}.")}
    assert own - reached <= {BACK}
    for prefix in STORIES[story]:
        assert any(name.startswith(prefix) for name in reached), prefix
