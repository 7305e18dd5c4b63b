"""Other parsers of release names, each measured in a process of its own.

They are no dependency of reeld: they live in an environment under `.cache/`, which is made on first use and needs the
package index. Without it they are left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[1] / ".cache" / "peers"
PACKAGES: Final = ("parsett==1.8.5", "parse-torrent-title==2.8.2")
INSTALL_SECONDS: Final = 180.0
RUN_SECONDS: Final = 120.0
CALLS: Final[Mapping[str, str]] = {
    "PTT": "from PTT import parse_title as parse",
    "PTN": "from PTN import parse",
}
_MEASURE: Final = """
import json, sys, time
names = json.load(sys.stdin)
parse(names[0])
begun = time.perf_counter()
for name in names:
    parse(name)
print(len(names) / (time.perf_counter() - begun))
"""


def installed() -> tuple[str, ...]:
    """Return the peers that can run here; make their environment when it is missing.

    Says on standard error why there are none.
    """
    done = FOLDER / "done"
    if not done.exists():
        try:
            _install()
        except (OSError, subprocess.SubprocessError) as error:
            print(
                f"PTT and PTN are left out: {error}. They need the package index.", file=sys.stderr
            )
            return ()
        done.touch()
    return tuple(CALLS)


def names_per_second(peer: str, names: Sequence[str]) -> float:
    """Run a peer over the names in a process of its own and return names a second.

    Raises:
        subprocess.SubprocessError: It failed, or took longer than `RUN_SECONDS`.
    """
    run = subprocess.run(
        [FOLDER / "bin" / "python", "-c", CALLS[peer] + _MEASURE],
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=True,
        timeout=RUN_SECONDS,
    )
    return float(run.stdout)


def _install() -> None:
    for command in (
        [sys.executable, "-m", "venv", str(FOLDER)],
        [str(FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES],
    ):
        subprocess.run(command, check=True, timeout=INSTALL_SECONDS, capture_output=True)
