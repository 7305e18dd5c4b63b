from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from reeld.grafana import DASHBOARDS
from reeld.grafana.board import Board
from reeld.grafana.boards import BOARDS
from reeld.grafana.rendering import render

ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_generating_a_dashboard_again_changes_not_a_byte(board: Board) -> None:
    committed = (DASHBOARDS / f"{board.uid}.json").read_bytes()
    assert render(board).encode() == committed
    assert render(board) == render(board)


def test_the_check_passes_on_what_is_committed_and_names_what_is_stale(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; import reeld.grafana.__main__ as main\n"
    folder = "main.DASHBOARDS = Path(sys.argv[2]); main.main()"
    for path in DASHBOARDS.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    check = [sys.executable, "-W", "ignore", "-c", script + folder, "--check", str(tmp_path)]
    assert subprocess.run(check, cwd=ROOT, timeout=60, check=False).returncode == 0

    (tmp_path / "reeld-actors.json").write_text("{}")
    (tmp_path / "reeld-old.json").write_text("{}")
    done = subprocess.run(check, cwd=ROOT, timeout=60, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "reeld-actors.json, reeld-old.json" in done.stderr


def test_reeld_runs_without_what_writes_the_dashboards() -> None:
    script = (
        "import sys; sys.modules['grafana_foundation_sdk'] = None\n"
        "import reeld.grafana.boards, reeld.cli, reeld.cli.app\n"
        "assert len(reeld.grafana.boards.BOARDS) == 9"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60, check=True)
