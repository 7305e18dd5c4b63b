"""`/api/groups`: who makes the releases, what became of them here, and what a person says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import trio
from litestar import Router, delete, get, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from reeld.domain.errors import NotFound
from reeld.domain.reputation import GroupRule, require_key
from reeld.http.api.group_views import GroupDetail, GroupOrder, GroupPage, RuleView, page_of
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import evidence, group_facts, groups

LARGEST_PAGE = 1000
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"


class RuleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says of a group.

    Attributes:
        rule: Releases of a blocked group are not taken; those of a preferred one count as if it were perfect.
        note: Why, in a few words.
    """

    rule: GroupRule
    note: Annotated[str, msgspec.Meta(max_length=500, pattern=PRINTABLE)] = ""


def group_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of release groups."""
    database, audit = surface.database.labelled("groups"), surface.audit

    @get("/", operation_id="listGroups")
    async def list_groups(
        search: Annotated[str | None, QueryParameter(max_length=100)] = None,
        rule: FromQuery[GroupRule | None] = None,
        order: FromQuery[GroupOrder] = GroupOrder.WORST,
        offset: Annotated[int, QueryParameter(ge=0)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = 100,
    ) -> GroupPage:
        """List the groups that there is evidence or a rule about; `search` is a part of the name."""
        known = await groups.every(database)
        return await trio.to_thread.run_sync(page_of, known, search, rule, order, offset, limit)

    @get("/{name:str}", operation_id="getGroup")
    async def get_group(
        name: FromPath[str],
        before: FromQuery[int | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = 100,
    ) -> GroupDetail:
        """Show a group with its evidence, newest first, and what indexers say; pass the last id as `before` for more."""
        # Events first: what they say is then in the reputation that is read behind them.
        rows = await evidence.of_group(database, name, before=before, limit=limit)
        known = await groups.one(database, name)
        facts = await group_facts.of_group(database, name)
        if known is None and not facts.offers:
            raise NotFound(
                f"Nothing is known of a group {name!r}. `reeld groups` lists those that are known.",
                reason="no_such_group",
            )
        return GroupDetail.of(known or groups.Weighed(require_key(name), name, ()), facts, rows)

    @put("/{name:str}/rule", operation_id="setGroupRule")
    async def set_rule(
        name: FromPath[str], data: JSONBody[RuleBody], request: AnyRequest
    ) -> RuleView:
        """Block or prefer a group, known or not, in place of what was said before."""
        with audit.change(request, "set_group_rule", name, data.note, rule=str(data.rule)):
            async with database.transaction() as conn:
                return RuleView.of(await groups.set_rule(conn, name, data.rule, data.note))

    @delete("/{name:str}/rule", operation_id="clearGroupRule")
    async def clear_rule(name: FromPath[str], request: AnyRequest) -> None:
        """Let the evidence about a group speak again."""
        with audit.change(request, "clear_group_rule", name):
            async with database.transaction() as conn:
                if not await groups.clear_rule(conn, name):
                    raise NotFound(
                        f"There is no rule about the group {name!r}.", reason="no_such_group"
                    )

    return [
        Router(
            "/api/groups",
            route_handlers=[list_groups, get_group, set_rule, clear_rule],
            guards=[surface.access.requires_key],
        )
    ]
