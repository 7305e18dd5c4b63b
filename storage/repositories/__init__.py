"""Rows as values: one module a table, functions that take a connection (or, to read, the database).

Functions that write take the connection of a transaction, so that the caller decides what is committed together.
Functions that only read take the database too.
"""

from reeld.storage.repositories import (
    acquisitions,
    blocklist,
    cache,
    decisions,
    definitions,
    delays,
    downloads,
    evidence,
    facts,
    feeds,
    formats,
    grabs,
    groups,
    history,
    imports,
    keys,
    library,
    metadata,
    movies,
    pending,
    profiles,
    releases,
    restrictions,
    settings,
    tags,
    titles,
    wanted,
)
from reeld.storage.repositories.breakers import Breakers
from reeld.storage.repositories.limiters import Limiters

__all__ = [
    "Breakers",
    "Limiters",
    "acquisitions",
    "blocklist",
    "cache",
    "decisions",
    "definitions",
    "delays",
    "downloads",
    "evidence",
    "facts",
    "feeds",
    "formats",
    "grabs",
    "groups",
    "history",
    "imports",
    "keys",
    "library",
    "metadata",
    "movies",
    "pending",
    "profiles",
    "releases",
    "restrictions",
    "settings",
    "tags",
    "titles",
    "wanted",
]
