"""Check that a wheel holds every module of the checkout once, and nothing else."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = sorted(link.name for link in (ROOT / "src/reeld").iterdir() if link.is_symlink())


def expected() -> set[str]:
    """Return the paths that the wheel must hold."""
    files = {f"reeld/{path.name}" for path in (ROOT / "src/reeld").iterdir() if path.is_file()}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                files.add(f"reeld/{path.relative_to(ROOT)}")
    return files


def main() -> None:
    """Compare the wheel with the checkout; exit 1 and say what differs."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        actual = {name for name in wheel.namelist() if ".dist-info/" not in name}
    missing, surplus = expected() - actual, actual - expected()
    for name in sorted(missing):
        print(f"missing from the wheel: {name}")
    for name in sorted(surplus):
        print(f"not expected in the wheel: {name}")
    if missing or surplus:
        sys.exit(1)
    print(f"{Path(sys.argv[1]).name}: {len(actual)} files, as in the checkout")


if __name__ == "__main__":
    main()
