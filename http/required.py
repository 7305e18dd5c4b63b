"""One thing that was asked for by its number: there, or not found."""

from __future__ import annotations

from typing import TypeVar

from reeld.domain.errors import NotFound

T = TypeVar("T")


def required(found: T | None, what: str) -> T:
    """Return what was found.

    Args:
        found: What the rows have; None for nothing.
        what: What was asked for, such as `download 7`.

    Raises:
        NotFound: Nothing was found.
    """
    if found is None:
        raise NotFound(f"There is no {what}.")
    return found
