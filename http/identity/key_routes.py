"""`/api/keys`: keys for programs, made for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.scope import Scope
from reeld.http.access import Caller, caller_of
from reeld.http.identity.refusals import NotAllowed
from reeld.http.ops.audit import AnyRequest
from reeld.http.ops.keys import KeyEnd, KeyName, NewKey, make_key
from reeld.http.surface import Surface
from reeld.storage.repositories import keys
from reeld.storage.repositories.keys import ApiKey


class OwnKeyOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made.

    Attributes:
        name: What for; no other valid key may have it.
        scope: What it allows; no more than whoever asks for it may do.
        expires_at: When it ends; never when left out.
    """

    name: KeyName
    scope: Scope = Scope.READ
    expires_at: KeyEnd = None


def own_key_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of keys, below `/api`."""
    database, audit = surface.database, surface.audit
    anybody = [surface.access.requires_anybody]

    @get("/api/keys", operation_id="listOwnKeys", guards=anybody)
    async def list_keys(request: AnyRequest) -> list[ApiKey]:
        """List the valid keys without their texts: one's own, or all for an administrator."""
        return await keys.every(database, _whose(caller_of(request)))

    @post("/api/keys", operation_id="addOwnKey", status_code=201, guards=anybody)
    async def add_key(request: AnyRequest, data: JSONBody[OwnKeyOrder]) -> NewKey:
        """Make a key for oneself. Its text is in this answer and nowhere else."""
        caller = caller_of(request)
        with audit.change(request, "add_key", data.name, scope=str(data.scope)):
            _whose(caller)
            if not caller.scope.allows(data.scope):
                complaint = f"you may {caller.scope}, so a key of yours may not {data.scope}."
                raise InvalidField("scope", complaint, reason="refused")
            return await make_key(
                surface, data.name, data.scope, user_id=caller.user_id, expires_at=data.expires_at
            )

    @delete("/api/keys/{key_id:int}", operation_id="removeKey", status_code=204, guards=anybody)
    async def remove_key(key_id: FromPath[int], request: AnyRequest) -> None:
        """Make a key invalid for ever, at once: one's own, or any for an administrator."""
        whose = _whose(caller_of(request))
        with audit.change(request, "revoke_key", str(key_id)):
            async with database.transaction() as conn:
                if not await keys.revoke(conn, key_id, whose):
                    raise NotFound(f"There is no valid key {key_id} of yours.")
            surface.access.forget()

    return [list_keys, add_key, remove_key]


def _whose(caller: Caller) -> int | None:
    """Return to whose keys a caller is held; None for an administrator."""
    if caller.scope is Scope.ADMIN:
        return None
    if caller.logged_in is None:
        raise NotAllowed("A key makes and lists no keys. Log in, or use a key of the scope admin.")
    return caller.logged_in
