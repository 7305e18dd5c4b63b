"""What indexers, download clients and their like have in common in Radarr's API: a form of fields."""

from __future__ import annotations

from typing import Any

from reeld.http.radarr_v3._asked import Body
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._values import MASK, Json, present


def form_field(
    order: int,
    name: str,
    label: str,
    value: Any = None,
    kind: str = "textbox",
    *,
    advanced: bool = False,
    privacy: str = "normal",
) -> Json:
    """Write one field of a form. A secret that is set shows as a mask."""
    is_secret = privacy in {"apiKey", "password"}
    return present(
        order=order,
        name=name,
        label=label,
        value=(MASK if value else "") if is_secret else value,
        type="password" if privacy == "password" else kind,
        advanced=advanced,
        privacy=privacy,
        isFloat=kind == "number" and isinstance(value, float),
    )


def provider(number: int, name: str, implementation: str, fields: list[Json], **more: Any) -> Json:
    """Write a provider; one without a number is a schema."""
    return present(
        id=number or None,
        name=name,
        fields=fields,
        implementationName=implementation,
        implementation=implementation,
        configContract=f"{implementation}Settings",
        infoLink="",
        tags=[],
        presets=[] if not number else None,
        **more,
    )


def fields_of(body: Body) -> Body:
    """Return the values of the fields that a client sent, by name.

    Raises:
        Invalid: They are no fields.
    """
    found = Body()
    for each in body.items_of("fields"):
        if not isinstance(each, Body):
            raise invalid("Fields", "'fields' must be a list of fields.")
        found[each.text("name").lower()] = each.get("value")
    return found
