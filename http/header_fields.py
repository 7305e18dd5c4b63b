"""Header fields of requests and answers for the OpenAPI document: what stands around the routes reads and adds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from reeld.http.identity.hosts import UNCHECKED
from reeld.http.ops.idempotency import LONGEST_KEY, keeps_answers_of
from reeld.http.problem_answers import TAKES_MATCH, WITHOUT_KEY
from reeld.http.stale import KEPT

_SENT: Final[Mapping[str, tuple[str, str, int]]] = {
    "Idempotency-Key": (
        "Makes the request safe to send again: with the same key and body it gets the answer of the first time, for a day.",
        "5f0c8a9e-add-sintel",
        LONGEST_KEY,
    ),
    "If-Match": (
        "The ETag that the client has read: nothing is done if somebody else made a change since (412).",
        '"0123456789ab.0123456789abcdef0123"',
        2000,
    ),
    "If-None-Match": (
        "The ETag that the client has: it is answered 304 while that holds.",
        '"0123456789ab.0123456789abcdef0123"',
        2000,
    ),
    "X-CSRF-Token": (
        "The `csrf_token` of `GET /api/session`: a browser's session needs it, a key does not.",
        "0" * 64,
        200,
    ),
}
"""By name: what it is for, an example, and how long it may be."""

_ANSWERED: Final[Mapping[str, tuple[str, str]]] = {
    "Accept": ("What is taken instead.", "application/json"),
    "Age": ("How many seconds ago a stale answer was true.", "12"),
    "ETag": (
        "The mark of this answer, for `If-None-Match` and `If-Match`.",
        '"0123456789ab.0123456789abcdef0123"',
    ),
    "Idempotency-Replayed": ("`true` when it is the answer of the first time.", "true"),
    "RateLimit": (
        "What is left of the limit and when it is whole again, in seconds.",
        '"caller";r=59999;t=1',
    ),
    "RateLimit-Policy": ("The limit: requests in so many seconds.", '"caller";q=60000;w=60'),
    "Retry-After": ("In how many seconds to ask again.", "5"),
    "Set-Cookie": (
        "The session's cookie.",
        "__Host-reeld=token; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=2592000",
    ),
    "Upgrade": ("What the connection must become.", "websocket"),
    "WWW-Authenticate": ("How to say who one is.", "Bearer"),
    "Warning": (
        "`110` when the database is away and this was answered before.",
        '110 reeld "Response is Stale"',
    ),
    "X-Reeld-Stale": ("The `Age` of an answer that is stale.", "12"),
}
"""By name: what it says, and an example."""


def give_headers(document: dict[str, Any]) -> None:
    """Name the header fields that each operation reads, and those that its answers have."""
    components = document["components"]
    components["parameters"] = {name: _parameter(name) for name in _SENT}
    components["headers"] = {name: _header(name) for name in _ANSWERED}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            sent = [
                {"$ref": f"#/components/parameters/{each}"}
                for each in _sent(path, method, operation)
            ]
            if sent:
                operation["parameters"] = [*operation.get("parameters", ()), *sent]
            for status, answer in operation["responses"].items():
                if "$ref" not in answer:
                    told = _told(path, method, operation, status)
                    headers = {each: {"$ref": f"#/components/headers/{each}"} for each in told}
                    answer["headers"] = {**answer.get("headers", {}), **headers}


def _sent(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    if method == "post" and keeps_answers_of(path):
        yield "Idempotency-Key"
    if operation["operationId"] in TAKES_MATCH:
        yield "If-Match"
    if "304" in operation["responses"]:
        yield "If-None-Match"
    if method != "get" and path not in WITHOUT_KEY:
        yield "X-CSRF-Token"


def _told(path: str, method: str, operation: Mapping[str, Any], status: str) -> Iterator[str]:
    if status == "101":
        return
    if path not in UNCHECKED:
        yield from ("RateLimit", "RateLimit-Policy")
    if "304" in operation["responses"] and status in {"200", "304"}:
        yield "ETag"
    if method == "get" and path in KEPT and status == "200":
        yield from ("Age", "Warning", "X-Reeld-Stale")
    if method == "post" and keeps_answers_of(path):
        yield "Idempotency-Replayed"
    if operation["operationId"] in {"login", "logout"}:
        yield "Set-Cookie"


def _parameter(name: str) -> dict[str, Any]:
    description, example, longest = _SENT[name]
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": longest},
        "example": example,
    }


def _header(name: str) -> dict[str, Any]:
    description, example = _ANSWERED[name]
    return {"description": description, "schema": {"type": "string"}, "example": example}
