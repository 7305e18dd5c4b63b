"""What HDBits' own status numbers and its HTTP 403 mean."""

from __future__ import annotations

import re
from typing import Final

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    ReeldError,
    Refused,
    ServiceDown,
)
from reeld.services.transport import Answer, seconds_to_wait

SERVICE: Final = "hdbits"
LABEL: Final = "HDBits"

_MINUTES = re.compile(rb"try again in (\d{1,4}) minutes?", re.IGNORECASE)
_LIMIT_WAIT: Final = 900.0
_UNEXPLAINED_WAIT: Final = 3600.0
"""Seconds; what Prowlarr keeps away after a 403 that says nothing."""


def error_for_status(status: int) -> ReeldError:
    """Return the error for a `status` other than 0."""
    match status:
        case 1:
            what = f"{LABEL} could not do it (status 1). reeld tries again by itself."
            return ServiceDown(what, service=SERVICE, reason="failure")
        case 4 | 5:
            return CredentialsRejected(
                f"{LABEL} rejects the user name or the passkey (status {status}). Copy both anew"
                " from your profile there into hdbits.username and hdbits.passkey.",
                service=SERVICE,
            )
        case 8:
            what = f"{LABEL} knows no film with this IMDb number. Nothing needs to be done."
            return NotFound(what, reason="imdb_unknown")
        case 2:
            what = f"{LABEL} wants an encrypted connection. Set hdbits.url to https://."
            return Refused(what, reason="ssl_required")
        case 9:
            what = f"{LABEL} says that the IMDb number is a television series. Check the movie."
            return Refused(what, reason="imdb_is_tv")
        case 3 | 6 | 7:
            what = f"{LABEL} does not understand the question (status {status}). Please report it."
            return Refused(what, reason="question_not_understood")
        case _:
            return ProtocolViolation(
                f"{LABEL} answered with status {status}, which reeld does not know. Please report it.",
                service=SERVICE,
                reason="unknown_status",
            )


def error_for_403(answer: Answer) -> RateLimited:
    """Return the error for a 403. It is HDBits' way to say that we ask too often; it is no bad password.

    The page says after how many minutes to come back. A 403 without that text is kept away from for an hour.
    """
    minutes = _MINUTES.search(answer.body)
    limited = minutes is not None or b"rate-limit" in answer.body.lower()
    wait = seconds_to_wait(answer.headers)
    if wait is None and minutes is not None:
        wait = min(max(float(minutes[1]), 1.0) * 60.0, 24 * 3600.0)
    if wait is None:
        wait = _LIMIT_WAIT if limited else _UNEXPLAINED_WAIT
    sentence = (
        f"{LABEL} says that we asked too often. reeld stays away for {wait / 60:.0f} minutes."
        if limited
        else f"{LABEL} refuses without a reason (HTTP 403). reeld stays away for {wait / 60:.0f} minutes;"
        " if it goes on, sign in there with a browser and see what it says."
    )
    reason = "rate_limited" if limited else "forbidden"
    return RateLimited(sentence, service=SERVICE, reason=reason, retry_after=wait)
