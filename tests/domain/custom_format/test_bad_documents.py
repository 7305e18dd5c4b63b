from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.custom_format import CustomFormat, InvalidFormat, from_radarr, to_radarr


def specification(implementation: str = "ReleaseTitle", **fields: Any) -> dict[str, Any]:
    return {
        "name": "condition",
        "implementation": f"{implementation}Specification",
        "negate": False,
        "required": False,
        "fields": fields or {"value": "x264"},
    }


def document(*specifications: Any, **more: Any) -> dict[str, Any]:
    return {"name": "format", "specifications": list(specifications) or [specification()], **more}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in specification().items() if name != key}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ([], "format"),
        ({"specifications": [specification()]}, "name"),
        (document(name=" "), "name"),
        (document(name="x" * 201), "name"),
        (document(includeCustomFormatWhenRenaming="yes"), "includeCustomFormatWhenRenaming"),
        ({"name": "format"}, "specifications"),
        ({"name": "format", "specifications": []}, "specifications"),
        (document("text"), "specifications[0]"),
        (document(without("name")), "specifications[0].name"),
        (document(without("implementation")), "specifications[0].implementation"),
        (document(without("fields")), "specifications[0].fields"),
        (document({**specification(), "negate": 1}), "specifications[0].negate"),
        (document({**specification(), "required": "no"}), "specifications[0].required"),
        (
            document(specification(), specification(), specification("Of.Tomorrow")),
            "specifications[2].implementation",
        ),
        (
            document({**specification(), "implementation": "ReleaseTitle"}),
            "specifications[0].implementation",
        ),
        (
            document({**specification(), "fields": [{"value": "x"}]}),
            "specifications[0].fields[0].name",
        ),
        (
            document({**specification(), "fields": [{"name": "value"}, {"name": "value"}]}),
            "specifications[0].fields[1].name",
        ),
        (document(specification(value="(")), "specifications[0].fields.value"),
        (document(specification(value="")), "specifications[0].fields.value"),
        (document(specification(value=5)), "specifications[0].fields.value"),
        (document(specification(value="a" * 20_001)), "specifications[0].fields.value"),
        (document(specification("Source", value=99)), "specifications[0].fields.value"),
        (document(specification("Source", value=True)), "specifications[0].fields.value"),
        (document(specification("Source", value=7.5)), "specifications[0].fields.value"),
        (document(specification("Source", value=float("nan"))), "specifications[0].fields.value"),
        (document(specification("Resolution", value=999)), "specifications[0].fields.value"),
        (document(specification("QualityModifier", value=-1)), "specifications[0].fields.value"),
        (document(specification("IndexerFlag", value=3)), "specifications[0].fields.value"),
        (document(specification("Language", value=9999)), "specifications[0].fields.value"),
        (
            document(specification("Language", value=1, exceptLanguage=1)),
            "specifications[0].fields.exceptLanguage",
        ),
        (document(specification("Size", max=5)), "specifications[0].fields.min"),
        (document(specification("Size", min=-1, max=5)), "specifications[0].fields.min"),
        (document(specification("Size", min=5, max=5)), "specifications[0].fields.max"),
        (document(specification("Year", min=0, max=5)), "specifications[0].fields.min"),
        (document(specification("Year", min=2000, max=1999)), "specifications[0].fields.max"),
    ],
)
def test_a_wrong_document_names_the_field(wrong: Any, field: str) -> None:
    with pytest.raises(InvalidFormat) as caught:
        from_radarr(wrong)
    assert caught.value.field == field
    assert caught.value.sentence.startswith(f"{field}: ")
    assert caught.value.reason == "invalid_format"


def test_what_a_newer_radarr_writes_is_kept() -> None:
    newer = {**specification(), "ofTomorrow": [1, {"a": None}], "fields": {"value": "x", "new": 1}}
    whole = document(newer, ofTomorrow=True)
    assert to_radarr(from_radarr(whole)) == whole


def test_a_number_may_be_written_as_text() -> None:
    assert from_radarr(document(specification("Source", value="7"))).conditions


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["name", "implementation", "negate", "required", "fields"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(KEYS, JSON), JSON, st.sampled_from(["value", "min", "max", "exceptLanguage"])
)
def test_any_document_is_read_or_refused(changes: Any, value: Any, field: str) -> None:
    for implementation in ("ReleaseTitle", "Size", "Year", "Language", "Source"):
        whole = document({**specification(implementation, **{field: value}), **changes})
        try:
            read = from_radarr(whole)
        except InvalidFormat:
            continue
        assert isinstance(read, CustomFormat)
        assert json.dumps(to_radarr(read)) == json.dumps(whole)
