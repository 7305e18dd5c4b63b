"""What Torznab's error codes mean, whatever the HTTP status that they come with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    RateLimited,
    ReeldError,
    Refused,
    ServiceDown,
)
from reeld.domain.secret import Secret

SERVICE: Final = "torznab"
UNSAID_WAIT: Final = 3600.0
"""Seconds; what Radarr keeps away after a limit that does not say for how long."""

_NO_SHOWING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MAY_BE_A_KEY: Final = re.compile(r"[0-9A-Za-z_\-]{16,}|\S*[?&]\S*=\S*")
_LONGEST_SAID: Final = 160
_LIMIT_WORDS: Final = ("limit reached", "rate limit", "too many requests")


def error_for_code(
    error: Mapping[str, str], *, label: str, api_key: Secret, retry_after: float | None
) -> ReeldError:
    """Return the error for an `<error code description>`.

    Args:
        error: Its attributes.
        label: The indexer's name for people.
        api_key: Is never repeated.
        retry_after: Seconds that the answer's headers ask for.
    """
    code = error.get("code", "")
    number = int(code[:6]) if code.isascii() and code.isdigit() else 900
    said = _repeatable(error.get("description", ""), api_key)
    what = f"{label} says: {said} (code {number})." if said else f"{label} answers code {number}."
    limited = any(words in said.lower() for words in _LIMIT_WORDS)
    if number in {429, 500, 501, 910} or limited:
        return RateLimited(
            f"{what} reeld waits and goes on by itself.",
            service=SERVICE,
            retry_after=retry_after or UNSAID_WAIT,
        )
    if 100 <= number < 200:
        return CredentialsRejected(
            f"{what} Copy its API key anew into the indexer's settings.", service=SERVICE
        )
    if 200 <= number < 300:
        sentence = f"{what} It does not understand the question: test the indexer, and check its categories."
        return Refused(sentence, reason="question_not_understood")
    if number == 300:
        return NotFound(f"{what} Another one is tried.", reason="torrent_unavailable")
    sentence = f"{what} reeld tries again by itself."
    return ServiceDown(sentence, service=SERVICE, reason="failure", retry_after=retry_after)


def _repeatable(said: str, api_key: Secret) -> str:
    """Return what an indexer says of itself without what may be a key."""
    text = _NO_SHOWING.sub(" ", said[: _LONGEST_SAID * 4])
    if api_key:
        text = text.replace(api_key.reveal(), "…")
    return _MAY_BE_A_KEY.sub("…", text).strip().rstrip(".")[:_LONGEST_SAID]
