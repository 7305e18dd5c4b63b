"""Errors as problem details (RFC 9457): a type, a status, a machine-readable reason and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.utils.scope.state import ScopeState

from reeld.domain.errors import (
    AskCircle,
    Conflict,
    CredentialsRejected,
    DatabaseUnavailable,
    DeadlineExceeded,
    InvalidField,
    NotFound,
    ReeldError,
    Refused,
    ServiceError,
    Unavailable,
)
from reeld.http.complaints import allowed_of, fields_of, sentence_of
from reeld.http.identity.refusals import (
    ForeignRequest,
    KeyExpired,
    NotAllowed,
    TooMany,
    WrongCredentials,
)
from reeld.http.stale import note_failure
from reeld.storage.repositories.acquisitions import TorrentTaken
from reeld.telemetry import redaction

log = structlog.get_logger("reeld.http")

CONTENT_TYPE = "application/problem+json"

DEEPEST = 200
"""A body with more brackets than this may be what no reader gets to the bottom of."""

DATABASE_RETRY_SECONDS = 5.0
"""What clients are asked to wait for a database when nobody knows how long it will be."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an error answer.

    Attributes:
        reason: Machine-readable, stable, in snake case.
        detail: What happened and what to do, for a person.
        errors: For a request that is malformed, or a document that is wrong: one entry a field.
    """

    title: str
    status: int
    reason: str
    detail: str
    type: str = "about:blank"
    errors: tuple[dict[str, str], ...] = ()


def status_of(error: ReeldError) -> int:
    """Return the HTTP status that says what a foreseen failure means to the client."""
    match error:
        case WrongCredentials() | KeyExpired():
            return HTTPStatus.UNAUTHORIZED
        case NotAllowed() | ForeignRequest():
            return HTTPStatus.FORBIDDEN
        case TooMany():
            return HTTPStatus.TOO_MANY_REQUESTS
        case NotFound():
            return HTTPStatus.NOT_FOUND
        case TorrentTaken():
            return HTTPStatus.CONFLICT
        case Refused():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case Conflict():
            return HTTPStatus.PRECONDITION_FAILED
        case DeadlineExceeded():
            return HTTPStatus.GATEWAY_TIMEOUT
        case Unavailable():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case CredentialsRejected() | ServiceError():
            return HTTPStatus.BAD_GATEWAY
        case AskCircle() | _:
            return HTTPStatus.INTERNAL_SERVER_ERROR


def encoded(problem: Problem) -> bytes:
    """Return the body that carries a problem."""
    return msgspec.json.encode(problem)


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return the response that carries a problem."""
    return Response(
        encoded(problem),
        status_code=problem.status,
        media_type=CONTENT_TYPE,
        headers=headers or {},
    )


def _problem(status: int, reason: str, detail: str, **more: Any) -> Problem:
    # A sentence may repeat what was sent or what another system said, and with it a secret of ours.
    return Problem(HTTPStatus(status).phrase, status, reason, redaction.text(detail), **more)


def foreseen(request: Request[Any, Any, Any], error: ReeldError) -> Response[bytes]:
    """Answer a foreseen failure with its own sentence."""
    note_failure(request, error)
    headers: dict[str, str] = {}
    if (wait := retry_after(error)) is not None:
        headers["Retry-After"] = str(ceil(wait))
    more: dict[str, Any] = {}
    if isinstance(error, InvalidField):
        message = redaction.text(error.complaint)
        more["errors"] = ({"field": redaction.text(error.field), "message": message},)
    return answer(_problem(status_of(error), error.reason, error.sentence, **more), headers)


def retry_after(error: ReeldError) -> float | None:
    """Return how many seconds a client should wait before it asks again; None where that would not help."""
    match error:
        case DatabaseUnavailable(retry_after=None):
            return DATABASE_RETRY_SECONDS
        case Unavailable(retry_after=wait) | ServiceError(retry_after=wait):
            return wait or None
        case _:
            return None


def refused_by_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar refuses: an unknown path, a wrong method, a malformed body."""
    fields = tuple(
        {name: redaction.text(value) for name, value in each.items()}
        for each in fields_of(request, error)
    )
    phrase = HTTPStatus(error.status_code).phrase
    reason = "invalid_request" if fields else _REASONS.get(error.status_code) or _snake(phrase)
    detail = phrase
    if fields:
        # The framework's own sentence repeats the URL, with whatever somebody has put into its query.
        detail = " ".join(f"{each['field']}: {each['message']}" for each in fields)
    elif error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        detail = sentence_of(request, error) or phrase
    problem = _problem(error.status_code, reason, detail, errors=fields)
    return answer(problem, _headers(error))


_REASONS: Final[Mapping[int, str]] = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large"}


def _snake(phrase: str) -> str:
    return phrase.lower().replace(" ", "_").replace("-", "_")


def _headers(error: HTTPException) -> dict[str, str]:
    headers = {name.title(): value for name, value in (error.headers or {}).items()}
    if "Allow" in headers:
        headers["Allow"] = ", ".join(allowed_of(headers["Allow"].split(", ")))
    return headers


def unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a fault of reeld's own: the traceback goes to the log, never to the client."""
    log.error("request_failed", path=request.url.path, exc_info=error)
    return answer(
        _problem(500, "internal_error", "reeld failed on this request; its log says why.")
    )


def undecodable(request: Request[Any, Any, Any], error: UnicodeDecodeError) -> Response[bytes]:
    """Answer a body that is no UTF-8, which the framework takes for a fault of ours."""
    body = ScopeState.from_scope(request.scope).body
    if isinstance(body, bytes) and bytes(error.object) in body:
        return answer(_problem(400, "invalid_request", "The body is no UTF-8."))
    return unforeseen(request, error)


def nested(request: Request[Any, Any, Any], error: RecursionError) -> Response[bytes]:
    """Answer a body that is nested deeper than it can be read, which the framework takes for a fault of ours."""
    body = ScopeState.from_scope(request.scope).body
    if isinstance(body, bytes) and body.count(b"[") + body.count(b"{") > DEEPEST:
        return answer(_problem(400, "invalid_request", "The body is nested too deep."))
    return unforeseen(request, error)


HANDLERS = {
    RecursionError: nested,
    ReeldError: foreseen,
    HTTPException: refused_by_framework,
    UnicodeDecodeError: undecodable,
    Exception: unforeseen,
}
"""For `Litestar(exception_handlers=...)`."""
