"""What the framework refuses, in the words of reeld: which field is wrong and what must be there, what a path takes."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.exceptions.http_exceptions import MethodNotAllowedException, NotFoundException
from litestar.routes import HTTPRoute

from reeld.http.json_bodies import WrongBody
from reeld.http.sentences import complaint_of

_NOT_GIVEN: Final = re.compile(r"Missing required \w+ parameter '(?P<name>[^']+)' for path ")
_LONGEST_PATH: Final = 200
_ORDINARY: Final = re.compile(r"/(?:[\w-]+/)*(?:[\w-]+(?:\.[a-z]{1,5})?)?", re.ASCII)
"""Paths that are repeated in a sentence; what somebody made up to be shown somewhere is not."""

Fields = tuple[dict[str, str], ...]


def fields_of(request: Request[Any, Any, Any], error: HTTPException) -> Fields:
    """Return one entry for each field that a request has wrong; none where it is not about fields."""
    if isinstance(error, WrongBody):
        return tuple(_entry(each["key"], each["message"]) for each in _told(error))
    if isinstance(error, ValidationException):
        if found := _NOT_GIVEN.match(error.detail):
            return (_entry(found["name"], "is missing."),)
        known = request.route_handler.parsed_fn_signature.parameters if error.extra else {}
        told = (_of_field(each, known) for each in _told(error))
        return tuple(each for each in told if each is not None)
    return ()


def _told(error: HTTPException) -> list[dict[str, Any]]:
    extra = error.extra if isinstance(error.extra, list) else []
    return [each for each in extra if isinstance(each, dict)]


def _of_field(told: dict[str, Any], known: Any) -> dict[str, str] | None:
    name, message = str(told.get("key", "")), str(told.get("message", ""))
    first, _, rest = name.partition(".")
    declared = known.get(first) or (known.get("data") if told.get("source") == "body" else None)
    if message == repr(name):
        # The framework lists what is not there also where it may be left out, beside something else that is wrong.
        is_needed = declared is None or not declared.has_default
        return _entry("body", "is missing: send JSON.") if is_needed else None
    kind = None if declared is None else declared.raw
    complaint = complaint_of(message, kind, is_text=told.get("source") != "body")
    return _entry(complaint.field or rest or _as_sent(name, declared), complaint.sentence)


def _as_sent(name: str, declared: Any) -> str:
    """Return what clients know a parameter as."""
    if name == "data":
        return "body"
    alias = getattr(getattr(declared, "kwarg_definition", None), "name", None)
    return str(alias or name)


def _entry(field: str, message: str) -> dict[str, str]:
    return {"field": field, "message": message}


def sentence_of(request: Request[Any, Any, Any], error: HTTPException) -> str:
    """Return what is said of a request that is not about fields."""
    sent = str(request.scope["path"])
    path = sent if len(sent) <= _LONGEST_PATH and _ORDINARY.fullmatch(sent) else "this path"
    match error:
        case MethodNotAllowedException():
            takes = ", ".join(allowed_of((error.headers or {}).get("allow", "").split(", ")))
            return f"{request.method} is not taken at {path}. It takes {takes}."
        case HTTPException(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            most = int(request.route_handler.resolve_request_max_body_size() or 0)
            return f"A body has at most {most // 2**20} MiB here. Send less."
        case NotFoundException():
            return f"There is nothing at {path}. GET /api/schema/reference lists what there is."
        case _:
            return error.detail


def allowed_of(methods: list[str]) -> list[str]:
    """Return the methods that a path takes, in their order; whatever takes GET takes HEAD (RFC 9110, 9.3.2)."""
    taken = {each for each in methods if each}
    if "GET" in taken:
        taken.add("HEAD")
    return sorted(taken)


def allowed_methods(request: Request[Any, Any, Any]) -> Response[None]:
    """Answer OPTIONS with what the path takes; the framework itself forgets what was registered after its first route."""
    template = request.scope["path_template"]
    taken = {
        str(method)
        for route in request.app.routes
        if isinstance(route, HTTPRoute) and route.path_format == template
        for method in route.route_handler_map
    }
    return Response(None, status_code=204, headers={"Allow": ", ".join(allowed_of([*taken]))})
