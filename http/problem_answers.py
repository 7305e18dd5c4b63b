"""Which problems each operation of the OpenAPI document may answer with: one response a status, with an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec

from reeld.http.identity.hosts import UNCHECKED
from reeld.http.ops.idempotency import keeps_answers_of
from reeld.http.problems import CONTENT_TYPE, Problem
from reeld.http.sides import is_native

WITHOUT_KEY: Final = frozenset({"/health", "/ready", "/metrics", "/api/login"})
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_LOOKS: Final = frozenset({"get", "head"})


@dataclass(frozen=True, slots=True)
class _Answer:
    """A status that says that something did not work.

    Attributes:
        description: When it comes.
        reason: An example's, as `detail` and `field`.
        headers: Names of header fields that it has.
    """

    description: str
    reason: str
    detail: str
    field: str = ""
    headers: tuple[str, ...] = ()


_ANSWERS: Final[Mapping[int, _Answer]] = {
    400: _Answer(
        "The request is malformed; `errors` names each field that is.",
        "invalid_request",
        "tmdb_id: must be a whole number; it is a text.",
        "tmdb_id",
    ),
    401: _Answer(
        "There is no session and no valid key.",
        "unauthorized",
        "Log in at POST /api/login, or send an API key in the X-Api-Key header.",
        headers=("WWW-Authenticate",),
    ),
    403: _Answer(
        "Whoever asks is known, and may not do this: the scope is too small, or another page makes the request.",
        "forbidden",
        "The key 'script' has the scope read; this needs operate. Use another key.",
    ),
    404: _Answer("It is not there.", "not_found", "There is no movie 7."),
    408: _Answer(
        "The head or the body did not come in time.",
        "request_timeout",
        "The body was not whole after 30 s. Send it again, faster.",
    ),
    409: _Answer(
        "The first request with this Idempotency-Key still runs.",
        "still_running",
        "The first request still runs. Ask again later.",
    ),
    412: _Answer(
        "It was changed since the client read it: `If-Match` does not fit.",
        "changed_meanwhile",
        "It was changed by somebody else since it was read: read it again, and decide anew.",
    ),
    413: _Answer(
        "The body is too large.", "body_too_large", "A body has at most 1 MiB here. Send less."
    ),
    415: _Answer(
        "The body is not JSON, or is packed.",
        "unsupported_media_type",
        "Bodies are JSON here: send it with `Content-Type: application/json`.",
        headers=("Accept",),
    ),
    422: _Answer(
        "The request is well-formed and cannot be done; `errors` names the field where it is one.",
        "invalid_field",
        "profile: 'zzz' is not there; there are: Any, HD-1080p.",
        "profile",
    ),
    426: _Answer(
        "Events come over a WebSocket.",
        "upgrade_required",
        "Events come over a WebSocket: open one at this path, with the same key.",
        headers=("Upgrade",),
    ),
    429: _Answer(
        "Too many requests, or too many wrong attempts.",
        "too_many_requests",
        "Too many requests: 12000 a minute are allowed. Try again in 3 s.",
        headers=("RateLimit", "RateLimit-Policy", "Retry-After"),
    ),
    500: _Answer(
        "reeld failed; its log says why.",
        "internal_error",
        "reeld failed on this request; its log says why.",
    ),
    502: _Answer(
        "Another system that was asked misbehaved.",
        "service_down",
        "TMDB does not answer.",
        headers=("Retry-After",),
    ),
    503: _Answer(
        "Somebody else must recover first: the database, or a service that is given a rest.",
        "database_unavailable",
        "PostgreSQL cannot be reached.",
        headers=("Retry-After",),
    ),
    504: _Answer(
        "The answer did not come in time.", "deadline_exceeded", "TMDB took too long to answer."
    ),
}

_ASKING: Final = frozenset(
    {
        "addDownload",
        "addIndexer",
        "addMovie",
        "changeIndexer",
        "decideName",
        "deleteDownload",
        "discover",
        "findMovies",
        "getPicture",
        "getPictureOfTmdb",
        "grabRelease",
        "orderDownload",
        "search",
        "searchReleases",
        "testIndexer",
    }
)
"""What asks an actor, and with it perhaps a service, while the client waits."""
_FINDING: Final = frozenset(
    {
        "addDownload",
        "addMovie",
        "decideName",
        "revokeCalendarToken",
        "runCommand",
        "searchReleases",
        "setLogLevel",
    }
)
"""What looks for something that the path does not name."""
_CLOSED: Final = frozenset({"followEvents", "listKeys", "listOwnKeys", "listSessions", "listUsers"})
"""What looks, and not everybody may."""


def give_problems(document: dict[str, Any]) -> None:
    """Say of each operation which problems it may answer with."""
    (_,), schemas = msgspec.json.schema_components(
        [Problem], ref_template="#/components/schemas/{name}"
    )
    document["components"]["schemas"] |= schemas
    document["components"]["responses"] = {_name(each): _response(each) for each in _ANSWERS}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status in sorted(statuses_of(path, method, operation)):
                reference = {"$ref": f"#/components/responses/{_name(status)}"}
                operation["responses"].setdefault(str(status), reference)


def statuses_of(path: str, method: str, operation: Mapping[str, Any]) -> set[int]:
    """Return the statuses of problems that an operation may answer with."""
    return {500, *_of_callers(path, method, operation), *_of_requests(path, method, operation)}


def _of_callers(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[int]:
    if path not in UNCHECKED:
        yield from (401, 429)
    if path not in WITHOUT_KEY:
        yield 503  # who it is cannot be looked up
    if path not in WITHOUT_KEY and (method not in _LOOKS or operation["operationId"] in _CLOSED):
        yield 403
    if path == "/api/login":
        yield 403  # for a page that is not reeld's own


def _of_requests(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[int]:
    name, parameters = operation["operationId"], operation.get("parameters", ())
    has_body = "requestBody" in operation
    if has_body or parameters:
        yield 400
    if has_body:
        yield from (408, 413, 415)
    if "{" in path or name in _FINDING:
        yield 404
    if name in TAKES_MATCH:
        yield 412
    if method == "post" and keeps_answers_of(path):
        yield from (400, 409)
    if is_native(path):
        yield from (422, 503)
    if name in _ASKING or path.startswith("/control/actors/"):
        yield from (502, 504)
    if name == "followEvents":
        yield 426


TAKES_MATCH: Final = frozenset({"changeMovie", "deleteMovie"})
"""What is only done to what the client has read, when it sends `If-Match`."""


def _name(status: int) -> str:
    return "".join(HTTPStatus(status).phrase.title().split()).replace("-", "")


def _response(status: int) -> dict[str, Any]:
    said = _ANSWERS[status]
    errors = ({"field": said.field, "message": said.detail.partition(": ")[2]},)
    example = Problem(
        HTTPStatus(status).phrase,
        status,
        said.reason,
        said.detail,
        errors=errors if said.field else (),
    )
    media = {"schema": _PROBLEM, "example": msgspec.to_builtins(example)}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in said.headers}
    return {
        "description": said.description,
        **({"headers": headers} if headers else {}),
        "content": {CONTENT_TYPE: media},
    }
