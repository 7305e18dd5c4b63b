"""`/api/settings`: how the daemon is set up, where that comes from, and changing it. No secret is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final

from litestar import Router, get, patch
from litestar.params import JSONBody

from reeld.domain.errors import InvalidField
from reeld.domain.secret import Secret
from reeld.domain.settings import CHANGEABLE, SettingSource
from reeld.http.access import caller_of
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.telemetry import redaction


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting.

    Attributes:
        name: With its section, such as `decision.propers`.
        value: In force; `********` for a secret that is set.
        source: Where the value comes from; of these, a later one wins over those before it: `default`, `changed`,
            `file`, `credential`, `environment`.
        where: The file, the credential or the variable, or who changed it.
        changed_at: None unless the source is `changed`.
        changeable: Whether `PATCH /api/settings` takes it: it may be changed, and neither a file nor a variable sets it.
    """

    name: str
    value: Any
    source: SettingSource
    where: str
    changed_at: datetime | None
    changeable: bool


MASK: Final = "********"
_LONGEST_NOTE: Final = 200
_FREE: Final = frozenset({SettingSource.DEFAULT, SettingSource.CHANGED})


def setting_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of settings."""
    audit, changes = surface.audit, surface.changes

    @get("/api/settings", operation_id="showSettings")
    async def show_settings() -> dict[str, Any]:
        """Show the settings in force, section by section; what is secret is masked."""
        shown = masked(surface.settings())
        assert isinstance(shown, dict)
        return shown

    @get("/api/settings/sources", operation_id="listSettings")
    async def list_settings() -> list[SettingView]:
        """List every setting with its value and where that comes from."""
        return every()

    @patch("/api/settings", operation_id="changeSettings", status_code=200)
    async def change_settings(
        data: JSONBody[dict[str, Any]], request: AnyRequest
    ) -> list[SettingView]:
        """Change some settings, all of them or none, and list those that can be changed.

        They come section by section, as in `GET /api/settings`, and are in force at once; `null` takes a change back.
        """
        wanted = {
            f"{section}.{name}": value
            for section, values in data.items()
            for name, value in _section(section, values).items()
        }
        noted = noted_changes(wanted)
        with audit.change(request, "change_settings", ", ".join(noted), values=noted):
            await changes.change(wanted, caller_of(request).name)
        return [each for each in every() if each.name in CHANGEABLE]

    def every() -> list[SettingView]:
        shown = masked(surface.settings())
        assert isinstance(shown, dict)
        return [_view(surface, name, value) for name, value in sorted(_leaves(shown))]

    return [
        Router(
            "/",
            route_handlers=[show_settings, list_settings, change_settings],
            guards=[surface.access.requires_key],
        )
    ]


def _section(name: str, values: object) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InvalidField(
            name[:100], 'is no section: send its settings as {"section": {"name": value}}.'
        )
    return values


def masked(value: object) -> object:
    """Return settings as JSON can hold them, without a secret in them."""
    match value:
        case Secret():
            return MASK if value else ""
        case str():
            return redaction.text(value)
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case Path():
            return str(value)
        case dict():
            return {str(name): masked(each) for name, each in value.items()}
        case tuple() | list() | set() | frozenset():
            return [masked(each) for each in value]
        case _ if is_dataclass(value):
            return {each.name: masked(getattr(value, each.name)) for each in fields(value)}
        case _:
            return redaction.text(str(value))


def _leaves(shown: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for section, value in shown.items():
        if isinstance(value, Mapping):
            yield from ((f"{section}.{name}", each) for name, each in value.items())
        else:
            yield section, value


def _view(surface: Surface, name: str, value: object) -> SettingView:
    origin = surface.changes.origin(name)
    free = name in CHANGEABLE and origin.source in _FREE
    return SettingView(name, value, origin.source, origin.where, origin.at, free)


def noted_changes(wanted: Mapping[str, object]) -> dict[str, str]:
    """Return what the audit keeps of changes; nothing of what cannot be changed, which may be a secret by mistake."""
    return {
        name: json.dumps(value)[:_LONGEST_NOTE]
        for name, value in sorted(wanted.items())
        if name in CHANGEABLE
    }
