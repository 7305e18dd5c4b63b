"""TMDB's own status codes (developer.themoviedb.org/docs/errors) and what each means for reeld."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

import msgspec

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    ReeldError,
    Refused,
    ServiceDown,
)
from reeld.services.transport import Answer, DownReason, decode_json, seconds_to_wait

SERVICE: Final = "tmdb"
LABEL: Final = "TMDB"


class Meaning(Enum):
    """What a status code asks of us."""

    CREDENTIALS = auto()
    MISSING = auto()
    WRONG_QUESTION = auto()
    DOWN = auto()
    LIMIT = auto()


MEANINGS: Final[dict[int, Meaning]] = {
    **dict.fromkeys((3, 7, 10, 14, 16, 17, 30, 31, 32, 33, 35, 45), Meaning.CREDENTIALS),
    # 44 comes as HTTP 500 and says that the id is invalid.
    **dict.fromkeys((6, 21, 34, 37, 44), Meaning.MISSING),
    **dict.fromkeys(
        (2, 4, 5, 8, 18, 19, 20, 22, 23, 26, 27, 28, 29, 36, 38, 39, 40, 41, 42, 47),
        Meaning.WRONG_QUESTION,
    ),
    **dict.fromkeys((9, 11, 15, 24, 43, 46), Meaning.DOWN),
    25: Meaning.LIMIT,
}
"""Status code in the body -> its meaning. 1, 12 and 13 are successes."""


class _Status(msgspec.Struct):
    status_code: int


def error_for(answer: Answer) -> ReeldError:
    """Return the error for an answer that is neither 2xx nor 304.

    Only a code of TMDB's own makes a 401 a rejected key and a 404 a missing movie: in front of the wrong address, or
    behind a broken cache, both statuses mean something else.
    """
    code = _code(answer)
    meaning = MEANINGS.get(code) if code is not None else None
    match meaning or _by_status(answer.status):
        case Meaning.CREDENTIALS:
            return CredentialsRejected(
                f"{LABEL} rejects the key (code {code}). Copy the read access token from"
                " themoviedb.org/settings/api into tmdb.token.",
                service=SERVICE,
            )
        case Meaning.MISSING:
            what = (
                f"{LABEL} does not know it (code {code}). It may have been deleted or merged there."
            )
            return NotFound(what)
        case Meaning.WRONG_QUESTION:
            what = f"{LABEL} refuses the question (code {code}). Asking again does not help; please report it."
            return Refused(what, reason="question_refused")
        case Meaning.LIMIT:
            what = f"{LABEL} asked us to slow down. reeld waits and goes on by itself."
            return RateLimited(what, service=SERVICE, retry_after=seconds_to_wait(answer.headers))
        case Meaning.DOWN:
            return _down(answer)
        case None:
            return ProtocolViolation(
                f"{LABEL}: {answer.origin} answered with HTTP {answer.status} and not as TMDB does."
                " Check tmdb.url.",
                service=SERVICE,
                reason="unexpected_status",
            )


def _down(answer: Answer) -> ServiceDown:
    return ServiceDown(
        f"{LABEL} does not work at the moment (HTTP {answer.status}). reeld tries again by itself.",
        service=SERVICE,
        reason=DownReason.SERVER_ERROR.value,
        retry_after=seconds_to_wait(answer.headers),
    )


def _by_status(status: int) -> Meaning | None:
    if status == 429:
        return Meaning.LIMIT
    # A bare 403 comes from the network in front of TMDB and passes by itself.
    return Meaning.DOWN if status >= 500 or status == 403 else None


def _code(answer: Answer) -> int | None:
    try:
        return decode_json(answer.body[:65536], _Status).status_code
    except msgspec.MsgspecError:
        return None
