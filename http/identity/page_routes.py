"""`/` and `/login`: how a person with a browser comes in."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import QueryParameter

from reeld.domain.errors import ReeldError, Refused
from reeld.http.identity import origins
from reeld.http.identity.entering import LoginOrder, enter, foreign_login, new_cookie
from reeld.http.identity.forms import form_of
from reeld.http.identity.login_page import HEADERS, login_page
from reeld.http.identity.onward import AT_HOME, LOGIN_PAGE, own_path
from reeld.http.ops.audit import AnyRequest
from reeld.http.problems import retry_after, status_of
from reeld.http.surface import Surface
from reeld.telemetry import redaction


def page_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of pages that anybody sees."""
    identity, audit, access = surface.identity, surface.audit, surface.access

    @get("/", include_in_schema=False)
    async def home(request: AnyRequest) -> Response[None]:
        """Lead to the reference of the API, or to the login."""
        is_known = await access.identify(request.scope) is not None
        return _leading(AT_HOME if is_known else LOGIN_PAGE)

    @get(LOGIN_PAGE, include_in_schema=False)
    async def show_login(
        request: AnyRequest, onward: Annotated[str | None, QueryParameter(name="next")] = None
    ) -> Response[Any]:
        """Show the form; who has a session goes on at once."""
        path = own_path(onward)
        if await access.identify(request.scope) is not None:
            return _leading(path)
        return _page(login_page(path), 200)

    @post(LOGIN_PAGE, include_in_schema=False)
    async def log_in(request: AnyRequest) -> Response[Any]:
        """Begin a session with what the form sends, and lead on; or show the form again, with what was wrong."""
        form = await form_of(request)
        path = own_path(form.get("next"))
        try:
            if not origins.is_own_page(request.scope):
                raise foreign_login()
            caller, token = await enter(identity, request, _order(form))
        except ReeldError as error:
            return _refused(path, error)
        with audit.change(request, "login", caller.name):
            pass
        return _leading(path, {"Set-Cookie": new_cookie(identity, request, token)})

    return [home, show_login, log_in]


def _order(form: dict[str, str]) -> LoginOrder:
    given = {name: form.get(name, "") for name in LoginOrder.__struct_fields__}
    try:
        return msgspec.convert(given, LoginOrder)
    except msgspec.ValidationError as error:
        raise Refused("Give a name and a password.", reason="invalid_request") from error


def _refused(path: str, error: ReeldError) -> Response[bytes]:
    wait = retry_after(error)
    headers = {} if wait is None else {"Retry-After": str(ceil(wait))}
    page = login_page(path, redaction.text(error.sentence))
    return _page(page, status_of(error), headers)


def _page(page: bytes, status: int, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(
        page,
        status_code=status,
        media_type=MediaType.HTML,
        headers={**HEADERS, **(headers or {})},
    )


def _leading(path: str, headers: dict[str, str] | None = None) -> Response[None]:
    return Response(None, status_code=303, headers={"Location": path, **(headers or {})})
