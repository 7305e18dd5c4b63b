"""The step from a name and a password to a session, by whichever way somebody comes in."""

from __future__ import annotations

from typing import Annotated

import msgspec

from reeld.domain.password import LONGEST_PASSWORD
from reeld.domain.secret import Secret
from reeld.http.access import Caller
from reeld.http.identity import cookies
from reeld.http.identity.login import Identity
from reeld.http.identity.refusals import ForeignRequest, WrongCredentials
from reeld.http.ops.audit import AnyRequest


class LoginOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to come in.

    Attributes:
        username: In upper or lower case.
        password: As it was typed.
    """

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_PASSWORD)]


async def enter(
    identity: Identity, request: AnyRequest, order: LoginOrder
) -> tuple[Caller, Secret]:
    """Begin a session; return who it is, also as the caller of the request, and the session's token.

    Raises:
        WrongCredentials: They do not fit.
        TooMany: The account or the network has to wait.
        DatabaseUnavailable: Nobody can log in now.
    """
    _, token = await identity.log_in(order.username, Secret(order.password), request.scope)
    caller = await identity.sessions.find(token)
    if caller is None:
        raise WrongCredentials("Password or role were changed just now. Log in again.")
    request.scope["auth"] = caller
    return caller, token


def new_cookie(identity: Identity, request: AnyRequest, token: Secret) -> str:
    """Return the `Set-Cookie` of a session that has just begun."""
    lasting = int(identity.sessions.lasting.total_seconds())
    return cookies.cookie_with(request.scope, token, lasting)


def foreign_login() -> ForeignRequest:
    """Return the refusal of a page that would log somebody's browser in."""
    return ForeignRequest(
        "This page is not reeld's own: it cannot log anybody in. Behind a reverse proxy, list it in"
        " access.trusted_proxies."
    )
