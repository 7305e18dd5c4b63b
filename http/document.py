"""The OpenAPI document: what the framework knows of the routes, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol, runtime_checkable

import msgspec
import trio
from litestar import Litestar, Request, Response, Router
from litestar.exceptions import NotAuthorizedException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from reeld.domain.errors import NotFound
from reeld.http.access import key_of
from reeld.http.corrections import correct
from reeld.http.descriptions import describe
from reeld.http.events.schemas import tell_messages
from reeld.http.examples import give_examples
from reeld.http.header_fields import give_headers
from reeld.http.identity.cookies import CSRF_HEADER, PLAIN_NAME, SECURE_NAME
from reeld.http.identity.onward import login_path
from reeld.http.problem_answers import WITHOUT_KEY, give_problems
from reeld.http.problems import refused_by_framework
from reeld.http.reference import POLICY, reference_page
from reeld.http.sparse import allow_sparse
from reeld.http.surface import Surface
from reeld.http.words import give_words

PATH: Final = "/api/schema"
PAGES: Final = (f"{PATH}/openapi.json", f"{PATH}/reference")
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})


def openapi_config(surface: Surface) -> OpenAPIConfig:
    """Return the framework's settings for the document at `/api/schema/openapi.json`."""
    made = _Made()

    async def prepare(request: Request[Any, Any, Any]) -> None:
        if request.url.path.rstrip("/") not in PAGES:
            # The framework has a page of its own for what is not there, which is no problem document.
            raise NotFound(f"There is nothing at this address; look at {', '.join(PAGES)}.")
        await made.ready(request.app)

    router = Router(
        PATH,
        route_handlers=[],
        guards=[surface.access.requires_key],
        include_in_schema=False,
        response_headers={"Content-Security-Policy": POLICY},
        exception_handlers={NotAuthorizedException: _to_login},
        before_request=prepare,
    )
    return OpenAPIConfig(
        title="reeld",
        version=surface.version,
        description="A movie-automation daemon. Errors are problem details (RFC 9457).",
        use_handler_docstrings=True,
        openapi_router=router,
        render_plugins=[_Document(made), _Reference(made)],
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


class _Made:
    """The document and its page, which are made once. It takes a second of a CPU, so a worker thread does it."""

    def __init__(self) -> None:
        self.document = b""
        self.page = b""
        self._lock = trio.Lock()

    async def ready(self, app: Litestar) -> None:
        """Have both, made by whoever asks first."""
        async with self._lock:
            if not self.document:
                await trio.to_thread.run_sync(self._make, app)

    def _make(self, app: Litestar) -> None:
        completed = document_of(app)
        self.page = reference_page(completed)
        self.document = msgspec.json.encode(completed)


@runtime_checkable
class _Provider(Protocol):
    """The framework's own part that knows the routes."""

    def provide_openapi_schema(self) -> dict[str, Any]:
        """Return what it knows, which it finds out once."""


class _Document(JsonRenderPlugin):
    """Shows the document, completed."""

    def __init__(self, made: _Made) -> None:
        super().__init__(path="/openapi.json")
        self._made = made

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """Return the document."""
        return self._made.document


class _Reference(OpenAPIRenderPlugin):
    """Shows the document to people."""

    def __init__(self, made: _Made) -> None:
        super().__init__(path="/reference")
        self._made = made

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """Return the page."""
        return self._made.page


def document_of(app: Litestar) -> dict[str, Any]:
    """Return the document of an application, completed."""
    provider = next(each for each in app.plugins if isinstance(each, _Provider))
    return _completed(msgspec.json.decode(msgspec.json.encode(provider.provide_openapi_schema())))


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """Say of each operation what the framework cannot know."""
    for path, operation in _operations(document):
        operation["responses"].pop("400", None)
        if path in WITHOUT_KEY:
            operation["security"] = []
    correct(document)
    allow_sparse(document)
    tell_messages(document)
    give_problems(document)
    describe(document)
    give_headers(document)
    give_examples(document)
    give_words(document)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation
