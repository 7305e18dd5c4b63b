"""The migration files: their names, their content and the hash that tells when one was changed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from reeld.storage.errors import MigrationRefused

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

NAME: Final = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql")
NO_TRANSACTION: Final = "-- reeld: no-transaction"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema.

    Attributes:
        number: Its place in the order, from 1.
        name: What it is about.
        sql: The file's content.
    """

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The hash of the content, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        """Whether the file runs as one transaction, which is the rule."""
        return NO_TRANSACTION not in self.sql.splitlines()

    def statements(self) -> list[str]:
        """Return the statements of a file without a transaction: each ends with a semicolon at the end of a line.

        Every one of them must bear being run again, because a crash may come between any two.
        """
        parts = re.split(r";[ \t]*$", self.sql, flags=re.MULTILINE)
        return [part.strip() for part in parts if _says_something(part)]

    def __str__(self) -> str:
        return f"{self.number:04}_{self.name}"


def bundled_migrations() -> tuple[Migration, ...]:
    """Return the migrations of this version of reeld, in order."""
    return read_migrations(resources.files("reeld.migrations"))


def read_migrations(folder: Traversable) -> tuple[Migration, ...]:
    """Return the migrations of a folder, in order.

    Raises:
        MigrationRefused: Two files have the same number, or one has a name that is none.
    """
    found: dict[int, Migration] = {}
    for file in folder.iterdir():
        if not file.name.endswith(".sql"):
            continue
        match = NAME.fullmatch(file.name)
        if match is None or int(match["number"]) in found:
            raise MigrationRefused(
                f"{file.name} cannot be a migration: name it NNNN_what_it_does.sql, each number once."
            )
        number = int(match["number"])
        found[number] = Migration(number, match["name"], file.read_text(encoding="utf-8"))
    return tuple(found[number] for number in sorted(found))


def _says_something(statement: str) -> bool:
    return any(
        line.strip() and not line.strip().startswith("--") for line in statement.splitlines()
    )
