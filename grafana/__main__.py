"""Writes `grafana/dashboards/*.json`; with `--check`, only says which files would change. Run it with `make grafana`."""

from __future__ import annotations

import sys

from reeld.grafana import DASHBOARDS
from reeld.grafana.boards import BOARDS
from reeld.grafana.rendering import render


def main() -> None:
    """Write what differs and remove what no board stands for."""
    wanted = {f"{board.uid}.json": render(board) for board in BOARDS}
    found = {path.name: path.read_text(encoding="utf-8") for path in DASHBOARDS.glob("*.json")}
    stale = sorted(name for name in wanted | found if wanted.get(name) != found.get(name))
    if "--check" in sys.argv:
        sys.exit(f"run `make grafana`: {', '.join(stale)}" if stale else 0)
    DASHBOARDS.mkdir(exist_ok=True)
    for name in stale:
        if name in wanted:
            (DASHBOARDS / name).write_text(wanted[name], encoding="utf-8")
        else:
            (DASHBOARDS / name).unlink()


if __name__ == "__main__":
    main()
