"""Writes the files of `deploy/prometheus/` from the table; a test holds that the committed ones are what it writes.

`make deploy` runs it. Whoever keeps runbooks or Grafana elsewhere makes files of their own:

    python -m reeld.deploy.prometheus.generate --folder /etc/prometheus --grafana https://grafana.lan

It needs the development dependencies (PyYAML).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from reeld.deploy.prometheus.links import Links
from reeld.deploy.prometheus.routing import alertmanager
from reeld.deploy.prometheus.rules import rules
from reeld.deploy.prometheus.scraping import RULES_FILE, prometheus

HERE = Path(__file__).resolve().parent


def files(links: Links | None = None) -> Mapping[str, str]:
    """Return the content of every file by its name."""
    return {
        "prometheus.yml": prometheus(),
        RULES_FILE: rules(links=links),
        "alertmanager.yml": alertmanager(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write every file; with `--check`, only say which would change, and return 1 if one would."""
    given = _parser().parse_args(arguments)
    wanted = files(Links(given.runbooks, given.grafana))
    stale = {name: text for name, text in wanted.items() if not _is(given.folder / name, text)}
    if given.check:
        if stale:
            sys.stderr.write(f"run `make deploy`: {', '.join(stale)}\n")
        return int(bool(stale))
    for name, text in stale.items():
        (given.folder / name).write_text(text, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Write the configuration of Prometheus and Alertmanager."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when a file is old"
    )
    parser.add_argument("--folder", type=Path, default=HERE, help="where the files go")
    parser.add_argument("--runbooks", default=Links().runbooks, help="where <AlertName>.md lie")
    parser.add_argument("--grafana", default=Links().grafana, help="where Grafana answers")
    return parser


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
