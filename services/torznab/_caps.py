"""What an indexer can do, by its own word (`t=caps`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.services.torznab._document import Attributes, Document

DEFAULT_LIMIT: Final = 100
_LARGEST_LIMIT: Final = 1000


@dataclass(frozen=True, slots=True)
class Category:
    """A category; `parent` is None for one that stands at the top."""

    id: int
    name: str
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an indexer can do.

    Attributes:
        limit: The most offers that one page holds.
        by_text: Whether it searches by words.
        by_movie: What it searches movies by, such as `imdbid`; empty when it knows no search for movies.
        categories: What it has.
        server: How it calls itself.
    """

    limit: int = DEFAULT_LIMIT
    by_text: bool = True
    by_movie: frozenset[str] = frozenset()
    categories: tuple[Category, ...] = ()
    server: str = ""


def read_caps(document: Document) -> Capabilities:
    """Read capabilities; what is left out, or said wrongly, is what most indexers can do."""
    found = dict(reversed(document.elements))
    limits = found.get("limits", {})
    movie = found.get("movie-search", {})
    return Capabilities(
        limit=_limit(limits.get("max") or limits.get("default")),
        by_text=_available(found.get("search", {"available": "yes"})),
        by_movie=_params(movie) if _available(movie) else frozenset(),
        categories=_categories(document),
        server=found.get("server", {}).get("title", "")[:100],
    )


def _available(attributes: Attributes) -> bool:
    return attributes.get("available", "no").lower() in {"yes", "true", "1"}


def _params(attributes: Attributes) -> frozenset[str]:
    named = attributes.get("supportedParams", "q").lower().split(",")
    return frozenset(each.strip() for each in named[:50] if each.strip())


def _limit(text: str | None) -> int:
    digits = text or ""
    number = int(digits[:9]) if digits.isascii() and digits.isdigit() else DEFAULT_LIMIT
    return min(number, _LARGEST_LIMIT) if number > 0 else DEFAULT_LIMIT


def _categories(document: Document) -> tuple[Category, ...]:
    found: list[Category] = []
    parent: int | None = None
    for name, attributes in document.elements:
        number = attributes.get("id", "")
        if name not in {"category", "subcat"} or not (number.isascii() and number.isdigit()):
            continue
        if name == "category":
            parent = int(number[:9])
        label = attributes.get("name", "")[:100]
        found.append(Category(int(number[:9]), label, parent if name == "subcat" else None))
    return tuple(found)
