"""Links of offers that lead to somebody else than the source: their failures say nothing about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from reeld.domain.errors import ReeldError, ServiceError


class LinkFailed(ReeldError):
    """Whoever an offer's link leads to does not deliver. No breaker of the source counts it."""

    default_reason = "link_failed"


@contextmanager
def elsewhere(
    label: str, url: Callable[[], str], *, is_own: Callable[[str], bool]
) -> Iterator[None]:
    """Tell failures of others from the source's own.

    Args:
        label: Of the source.
        url: Returns the address that was asked last; only its host is told.
        is_own: Whether an address is the source's.

    Raises:
        LinkFailed: Somebody else failed, whatever went wrong.
    """
    try:
        yield
    except ServiceError as error:
        place = url()
        if is_own(place):
            raise
        host = urlsplit(place).hostname or "nobody"
        raise LinkFailed(
            f"{label} gave a link to {host}, which does not deliver ({error.reason}). It is tried a few times more; then"
            " another release is."
        ) from error
