"""`/api/users`: who may log in, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import InvalidField, NotFound, Refused
from reeld.domain.password import LONGEST_PASSWORD, SHORTEST_PASSWORD
from reeld.domain.role import Role
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.http.access import caller_of
from reeld.http.identity import networks
from reeld.http.identity.login import Identity
from reeld.http.identity.names import is_reserved
from reeld.http.identity.refusals import NotAllowed
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.connection import TrioConnection
from reeld.storage.repositories import sessions, users
from reeld.storage.repositories.users import User

Name: TypeAlias = Annotated[
    str, msgspec.Meta(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")
]
Password: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)
]


class UserOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who shall be able to log in.

    Attributes:
        username: Letters, digits, dots, underscores, at signs and dashes; in upper or lower case it is the same.
        password: 8 to 1024 characters, whichever they are.
        role: What they may do.
    """

    username: Name
    password: Password
    role: Role = Role.VIEWER


class RoleOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody may do from now on."""

    role: Role


class PasswordOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another password.

    Attributes:
        password: The new one.
        current_password: The one that holds; asked of whoever changes their own.
    """

    password: Password
    current_password: Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)] = ""


def user_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of users."""
    return [*_everybody(surface), *_one(surface), _password(surface)]


def _everybody(surface: Surface) -> list[Any]:
    identity, audit, admin = surface.identity, surface.audit, [surface.access.requires_admin]

    @get("/api/users", operation_id="listUsers", guards=admin)
    async def list_users() -> list[User]:
        """List who may log in."""
        return await users.every(identity.database)

    @post("/api/users", operation_id="addUser", status_code=201, guards=admin)
    async def add_user(request: AnyRequest, data: JSONBody[UserOrder]) -> User:
        """Add somebody who may log in."""
        with audit.change(request, "add_user", data.username, role=str(data.role)):
            if is_reserved(data.username):
                complaint = "is how the audit names a key of reeld's own. Choose another name."
                raise InvalidField("username", complaint, reason="name_taken")
            hashed = await identity.passwords.hash(Secret(data.password))
            async with identity.database.transaction() as conn:
                made = await users.add(conn, data.username, data.role, hashed)
            if made is None:
                complaint = f"there is a user {data.username!r} already."
                raise InvalidField("username", complaint, reason="name_taken")
            return made

    return [list_users, add_user]


def _one(surface: Surface) -> list[Any]:
    identity, audit, admin = surface.identity, surface.audit, [surface.access.requires_admin]

    @put("/api/users/{user_id:int}", operation_id="changeUser", guards=admin)
    async def change_user(
        user_id: FromPath[int], request: AnyRequest, data: JSONBody[RoleOrder]
    ) -> User:
        """Give somebody another role. Their sessions end."""
        with audit.change(request, "change_user", str(user_id), role=str(data.role)):
            async with identity.database.transaction() as conn:
                if data.role is not Role.ADMIN:
                    await _require_another(conn, user_id)
                if not await users.set_role(conn, user_id, data.role):
                    raise _nobody(user_id)
                await sessions.end_of(conn, user_id)
            _forget(surface)
        return await _known(identity, user_id)

    @delete("/api/users/{user_id:int}", operation_id="removeUser", status_code=204, guards=admin)
    async def remove_user(user_id: FromPath[int], request: AnyRequest) -> None:
        """Remove somebody. Their sessions and keys end at once."""
        with audit.change(request, "remove_user", str(user_id)):
            async with identity.database.transaction() as conn:
                await _require_another(conn, user_id)
                if not await users.remove(conn, user_id):
                    raise _nobody(user_id)
            _forget(surface)

    return [change_user, remove_user]


def _password(surface: Surface) -> Any:
    identity, audit = surface.identity, surface.audit

    @put(
        "/api/users/{user_id:int}/password",
        operation_id="setPassword",
        status_code=204,
        guards=[surface.access.requires_anybody],
    )
    async def set_password(
        user_id: FromPath[int], request: AnyRequest, data: JSONBody[PasswordOrder]
    ) -> None:
        """Set one's own password, or anybody's for an administrator. All sessions of that person end."""
        with audit.change(request, "set_password", str(user_id)):
            await _require_own(identity, request, user_id, data.current_password)
            user = await _known(identity, user_id)
            hashed = await identity.passwords.hash(Secret(data.password))
            async with identity.database.transaction() as conn:
                await users.set_password(conn, user_id, hashed)
                await sessions.end_of(conn, user_id)
            await identity.throttle.forget_account(user.name)
            _forget(surface)

    return set_password


async def _require_own(identity: Identity, request: AnyRequest, user_id: int, current: str) -> None:
    caller = caller_of(request)
    if caller.logged_in == user_id:
        # Who found a browser open must not take the account over.
        await identity.verify(caller.name, Secret(current), networks.address_of(request.scope))
    elif caller.scope is not Scope.ADMIN:
        raise NotAllowed("Only an administrator sets another's password.")


async def _require_another(conn: TrioConnection, user_id: int) -> None:
    if await users.administrators(conn) == {user_id}:
        raise Refused(
            "That is the last administrator: make another one first.", reason="last_administrator"
        )


async def _known(identity: Identity, user_id: int) -> User:
    user = await users.get(identity.database, user_id)
    if user is None:
        raise _nobody(user_id)
    return user


def _nobody(user_id: int) -> NotFound:
    return NotFound(f"There is no user {user_id}.")


def _forget(surface: Surface) -> None:
    surface.identity.sessions.forget()
    surface.access.forget()
