from __future__ import annotations

from typing import Any

import pytest

from reeld.domain.custom_format import Change, InvalidFormat, from_radarr, plan_formats


def document(name: str, value: int = 7, **more: Any) -> dict[str, Any]:
    condition = {
        "name": "condition",
        "implementation": "SourceSpecification",
        "fields": {"value": value},
    }
    return {"name": name, "specifications": [condition], **more}


PRESENT = (
    from_radarr(document("Plain", id=5), format_id=1),
    from_radarr(document("From the guides", trash_id="aa"), format_id=2),
)


def test_a_format_replaces_the_one_of_its_name_else_of_its_trash_id() -> None:
    planned = plan_formats(
        [
            document("Plain", id=77),
            document("Renamed in the guides", trash_id="aa"),
            document("Fresh", trash_id="bb"),
        ],
        PRESENT,
    )
    assert [(each.change, each.format.id, each.format.name) for each in planned] == [
        (Change.UNCHANGED, 1, "Plain"),
        (Change.CHANGED, 2, "Renamed in the guides"),
        (Change.NEW, 0, "Fresh"),
    ]


@pytest.mark.parametrize(
    "documents",
    [
        [document("Fresh"), document("Fresh")],
        [document("From the guides"), document("Renamed", trash_id="aa")],
    ],
)
def test_two_formats_that_would_be_one_are_refused(documents: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidFormat) as caught:
        plan_formats(documents, PRESENT)
    assert caught.value.field == "[1].name"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (document("x", 99), "[1].specifications[0].fields.value"),
        ("text", "[1].format"),
    ],
)
def test_a_wrong_document_is_counted(wrong: object, field: str) -> None:
    with pytest.raises(InvalidFormat) as caught:
        plan_formats([document("Fresh"), wrong], PRESENT)
    assert caught.value.field == field
