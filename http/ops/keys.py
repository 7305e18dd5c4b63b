"""API keys: made with a scope, listed without their text, revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.scope import Scope
from reeld.http.access import caller_of
from reeld.http.identity.names import is_reserved
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import keys
from reeld.storage.repositories.keys import ApiKey
from reeld.telemetry import redaction

KeyName: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[\w .@-]+$")
]


KeyEnd: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)] | None


class KeyOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made.

    Attributes:
        name: Whose or what for; no other valid key may have it.
        scope: What it allows.
        expires_at: When it ends; never when left out.
    """

    name: KeyName
    scope: Scope = Scope.READ
    expires_at: KeyEnd = None


class NewKey(msgspec.Struct, frozen=True):
    """A key that was made: its text is shown this once."""

    key: str
    name: str
    scope: Scope
    expires_at: datetime | None = None


def key_routes(surface: Surface) -> list[Any]:
    """Return the routes of keys, below `/control`."""
    audit, database, admin = surface.audit, surface.database, [surface.access.requires_admin]

    @get("/keys", operation_id="listKeys", guards=admin)
    async def list_keys() -> list[ApiKey]:
        """List the valid keys."""
        return await keys.every(database)

    @post("/keys", operation_id="addKey", status_code=201, guards=admin)
    async def add_key(request: AnyRequest, data: JSONBody[KeyOrder]) -> NewKey:
        """Make a key. Its text is in this answer and nowhere else."""
        with audit.change(request, "add_key", data.name, scope=str(data.scope)):
            user_id = caller_of(request).user_id
            return await make_key(
                surface, data.name, data.scope, user_id=user_id, expires_at=data.expires_at
            )

    @post("/keys/{key_id:int}/revoke", operation_id="revokeKey", status_code=204, guards=admin)
    async def revoke_key(key_id: FromPath[int], request: AnyRequest) -> None:
        """Make a key invalid for ever, at once."""
        with audit.change(request, "revoke_key", str(key_id)):
            async with database.transaction() as conn:
                if not await keys.revoke(conn, key_id):
                    raise NotFound(f"There is no valid key {key_id}.")
            surface.access.forget()

    return [list_keys, add_key, revoke_key]


async def make_key(
    surface: Surface,
    name: str,
    scope: Scope,
    *,
    user_id: int | None = None,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key for a person, or for nobody in particular.

    Raises:
        InvalidField: There is a valid key of that name, it is one of the daemon's own, or the key would have ended
            already.
    """
    if is_reserved(name):
        complaint = "is how the audit names a key of reeld's own. Choose another name."
        raise InvalidField("name", complaint, reason="name_taken")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidField("expires_at", "lies in the past.", reason="key_expired")
    made = keys.generate()
    redaction.register([made.reveal()])
    async with surface.database.transaction() as conn:
        stored = await keys.store(conn, name, made, scope, user_id=user_id, expires_at=expires_at)
        if stored is None:
            complaint = f"there is a key {name!r} already. Choose another name, or revoke it."
            raise InvalidField("name", complaint, reason="name_taken")
    surface.access.forget()
    return NewKey(made.reveal(), name, scope, expires_at)
