"""Errors in Radarr's two shapes: an array of failures for what was sent, and a message for everything else."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from reeld.domain.errors import InvalidField, ReeldError, Refused
from reeld.http.problems import retry_after, status_of
from reeld.http.stale import note_failure
from reeld.telemetry import redaction

log = structlog.get_logger("reeld.http.radarr_v3")


class Failure(msgspec.Struct, frozen=True, rename="camel"):
    """What is wrong with one property of a request: FluentValidation's shape, which clients show to people.

    Attributes:
        property_name: As Radarr names it, such as `Path`.
        attempted_value: What was sent; left out for secrets.
        severity: `error` or `warning`.
    """

    property_name: str
    error_message: str
    attempted_value: Any = msgspec.UNSET
    severity: str = "error"
    error_code: str = ""
    is_warning: bool = False


class Invalid(Refused):
    """A request says something that cannot be; answered with 400 and the failures.

    Args:
        failures: At least one.
    """

    default_reason = "invalid_request"

    def __init__(self, *failures: Failure) -> None:
        super().__init__(" ".join(each.error_message for each in failures))
        self.failures = failures


def invalid(name: str, message: str, value: Any = None) -> Invalid:
    """Return the error about one property."""
    return Invalid(Failure(name, message, msgspec.UNSET if value is None else value))


class Missing(ReeldError):
    """There is no such thing; answered with 404 and Radarr's `NotFound`."""

    default_reason = "not_found"

    def __init__(self, sentence: str = "NotFound") -> None:
        super().__init__(sentence)


class UnknownCommand(ReeldError):
    """Nobody knows the command; answered as Radarr does, which Kometa compares."""

    default_reason = "invalid_request"

    def __init__(self) -> None:
        super().__init__("Sequence contains no matching element")


def _answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/json",
        headers=headers or {},
    )


def _said(message: str) -> dict[str, str]:
    return {"message": redaction.text(message)}


def _foreseen(request: Request[Any, Any, Any], error: ReeldError) -> Response[bytes]:
    note_failure(request, error)
    if isinstance(error, Invalid):
        return _answer(400, error.failures)
    if isinstance(error, Missing):
        return _answer(404, _said(error.sentence))
    if isinstance(error, UnknownCommand):
        return _answer(500, _said(error.sentence))
    if isinstance(error, InvalidField):
        return _answer(400, (Failure(error.field, redaction.text(error.complaint)),))
    if isinstance(error, Refused):
        return _answer(400, (Failure("", redaction.text(error.sentence), error_code=error.reason),))
    wait = retry_after(error)
    headers = {} if wait is None else {"Retry-After": str(ceil(wait))}
    return _answer(status_of(error), _said(error.sentence), headers)


def _by_framework(_request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    phrase = HTTPStatus(error.status_code).phrase
    message = "Unauthorized" if error.status_code == 401 else error.detail or phrase
    return _answer(error.status_code, _said(message), dict(error.headers or {}))


def _unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request_failed", path=request.url.path, exc_info=error)
    return _answer(500, _said("reeld failed on this request; its log says why."))


HANDLERS = {ReeldError: _foreseen, HTTPException: _by_framework, Exception: _unforeseen}
"""For the router of Radarr's API."""
