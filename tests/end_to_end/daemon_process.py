"""`reeld run` in a process that was told where to die.

    python daemon_process.py [--kill-at NAME[:HIT]] [--copy]

The crash points are armed by a call in here: no setting and no variable reaches them. With `--copy` the file system
behaves as if downloads and library lay on two disks that share no blocks.
"""

from __future__ import annotations

import argparse
import sys

from reeld.actors.importer import _parts
from reeld.actors.importer._failures import LinkRefusal
from reeld.cli import main
from reeld.storage import crashpoints


def prepare() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kill-at")
    parser.add_argument("--copy", action="store_true")
    given = parser.parse_args()
    if given.kill_at:
        name, _, hit = given.kill_at.partition(":")
        crashpoints.arm(name, int(hit or 1))
    if given.copy:
        _parts.hard_link = lambda *_: LinkRefusal.CROSS_DEVICE
        _parts.clone = lambda *_: False


if __name__ == "__main__":
    prepare()
    sys.argv = ["reeld", "run", "--log-level", "debug"]
    main()
