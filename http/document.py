"""The OpenAPI document: what the framework knows of the routes, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router
from litestar.exceptions import NotAuthorizedException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from reeld.http.access import key_of
from reeld.http.corrections import correct
from reeld.http.events.schemas import tell_messages
from reeld.http.examples import give_examples
from reeld.http.identity.cookies import CSRF_HEADER, PLAIN_NAME, SECURE_NAME
from reeld.http.identity.onward import login_path
from reeld.http.problems import CONTENT_TYPE, Problem, refused_by_framework
from reeld.http.reference import POLICY, reference_page
from reeld.http.sparse import allow_sparse
from reeld.http.surface import Surface

PATH: Final = "/api/schema"
WITHOUT_KEY: Final = frozenset({"/health", "/ready", "/metrics", "/api/login"})
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})


def openapi_config(surface: Surface) -> OpenAPIConfig:
    """Return the framework's settings for the document at `/api/schema/openapi.json`."""
    router = Router(
        PATH,
        route_handlers=[],
        guards=[surface.access.requires_key],
        include_in_schema=False,
        response_headers={"Content-Security-Policy": POLICY},
        exception_handlers={NotAuthorizedException: _to_login},
    )
    return OpenAPIConfig(
        title="reeld",
        version=surface.version,
        description="A movie-automation daemon. Errors are problem details (RFC 9457).",
        use_handler_docstrings=True,
        openapi_router=router,
        render_plugins=[_Document(path="/openapi.json"), _Reference(path="/reference")],
        components=Components(
            security_schemes={
                "key": SecurityScheme(type="apiKey", name="X-Api-Key", security_scheme_in="header"),
                "bearer": SecurityScheme(type="http", scheme="bearer"),
                "session": SecurityScheme(
                    type="apiKey",
                    name=SECURE_NAME,
                    security_scheme_in="cookie",
                    description=f"Set by `POST /api/login`. Without TLS it is called `{PLAIN_NAME}`. Changes also send"
                    f" the header `{CSRF_HEADER}` with the `csrf_token` of `GET /api/session`.",
                ),
            }
        ),
        security=[{"key": []}, {"bearer": []}, {"session": []}],
    )


def _to_login(
    request: Request[Any, Any, Any], error: NotAuthorizedException
) -> Response[bytes] | Response[None]:
    """Lead a person with a browser to the login, and back from there; answer programs as everywhere."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if not wants_page or request.method != "GET" or key_of(request) is not None:
        return refused_by_framework(request, error)
    return Response(None, status_code=303, headers={"Location": login_path(request.scope)})


class _Document(JsonRenderPlugin):
    """Shows the document, completed."""

    _body: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """Return the document; it is completed once."""
        if self._body is None:
            document = msgspec.json.decode(msgspec.json.encode(openapi_schema))
            self._body = msgspec.json.encode(_completed(document))
        return self._body


class _Reference(OpenAPIRenderPlugin):
    """Shows the document to people."""

    _body: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """Return the page; it is made once."""
        if self._body is None:
            document = msgspec.json.decode(msgspec.json.encode(openapi_schema))
            self._body = reference_page(_completed(document))
        return self._body


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """Say of each operation that it may answer with a problem, and of some that they need no key."""
    (_,), components = msgspec.json.schema_components(
        [Problem], ref_template="#/components/schemas/{name}"
    )
    document["components"]["schemas"] |= components
    problem = {
        "description": "It did not work; the body says why.",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path, operation in _operations(document):
        operation["responses"].pop("400", None)
        operation["responses"]["default"] = problem
        if path in WITHOUT_KEY:
            operation["security"] = []
    correct(document)
    allow_sparse(document)
    tell_messages(document)
    give_examples(document)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation
