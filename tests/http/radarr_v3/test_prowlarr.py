"""What Prowlarr's application sync calls (`Applications/Radarr/`), against an indexer that speaks Torznab."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def form(radarr: Any, tracker: Any) -> dict[str, Any]:
    """A form of the schema, filled in as Prowlarr does."""
    (schema,) = [e for e in radarr.get("indexer/schema") if e["implementation"] == "Torznab"]
    values = {
        "baseUrl": tracker.url,
        "apiPath": "/api",
        "apiKey": tracker.api_key,
        "categories": [2000, 2040],
        "minimumSeeders": 2,
        "seedCriteria.seedRatio": 1.5,
        "seedCriteria.seedTime": 60,
        "rejectBlocklistedTorrentHashesWhileGrabbing": False,
    }
    fields = [
        each | {"value": values[each["name"]]}
        for each in schema["fields"]
        if each["name"] in values
    ]
    known = {each["name"] for each in fields}
    fields += [
        {"name": name, "value": value} for name, value in values.items() if name not in known
    ]
    return schema | {"name": "Tracker (Prowlarr)", "fields": fields, "priority": 20}


def values_of(indexer: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value") for each in indexer["fields"]}


def test_the_schema_has_what_prowlarr_looks_for(radarr: Any) -> None:
    found = {
        each["implementation"]: each["configContract"] for each in radarr.get("indexer/schema")
    }
    assert found == {"Torznab": "TorznabSettings", "Newznab": "NewznabSettings"}


def test_an_indexer_is_tried_pushed_followed_changed_and_removed(
    radarr: Any, form: dict[str, Any]
) -> None:
    assert radarr.send("POST", "indexer/test", form) == {}
    added = radarr.send("POST", "indexer", form, 201)
    sent, held = values_of(form), values_of(added)
    assert held["apiKey"] == "********"
    assert {**sent, "apiKey": "********"}.items() <= held.items()
    assert added["priority"] == 20
    assert added in radarr.get("indexer")
    again = radarr.send("PUT", f"indexer/{added['id']}", added | {"priority": 30}, 202)
    assert again == added | {"priority": 30}, "a mask that comes back means: unchanged"
    assert radarr.send("POST", "indexer/test", again) == {}
    radarr.send("DELETE", f"indexer/{added['id']}")
    radarr.get(f"indexer/{added['id']}", 404)


def test_a_stored_key_never_goes_to_another_host(radarr: Any, form: dict[str, Any]) -> None:
    added = radarr.send("POST", "indexer", form, 201)
    elsewhere = [
        each | {"value": "http://127.0.0.1:9"} if each["name"] == "baseUrl" else each
        for each in added["fields"]
    ]
    for method, path in (("POST", "indexer/test"), ("PUT", "indexer")):
        (failure,) = radarr.send(method, path, added | {"fields": elsewhere}, 400)
        assert failure["propertyName"] == "ApiKey"
    radarr.send("DELETE", "indexer/bulk", {"ids": [added["id"]]})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("apiKey", "wrong"),
        ("baseUrl", "http://127.0.0.1:9"),
        ("baseUrl", "http://169.254.169.254"),
        ("baseUrl", "file:///etc/passwd"),
        ("categories", "x"),
    ],
)
def test_what_does_not_answer_is_not_stored_without_force(
    radarr: Any, tracker: Any, form: dict[str, Any], name: str, value: Any
) -> None:
    broken = [each | {"value": value} if each["name"] == name else each for each in form["fields"]]
    before = radarr.get("indexer")
    (failure,) = radarr.send("POST", "indexer", form | {"fields": broken}, 400)
    assert failure["errorMessage"]
    assert tracker.api_key not in str(failure)
    assert radarr.get("indexer") == before


def test_what_does_not_answer_is_stored_with_force(radarr: Any, form: dict[str, Any]) -> None:
    away = [
        each | {"value": "http://127.0.0.1:9"} if each["name"] == "baseUrl" else each
        for each in form["fields"]
    ]
    added = radarr.send("POST", "indexer", form | {"fields": away}, 201, forceSave="true")
    (failure,) = radarr.send("POST", "indexer", form, 400, forceSave="true")
    assert failure["propertyName"].lower() == "name"
    radarr.send("DELETE", f"indexer/{added['id']}")


def test_many_indexers_are_changed_and_tried_at_once(
    radarr: Any, tracker: Any, form: dict[str, Any]
) -> None:
    tag = radarr.send("POST", "tag", {"label": "bulk"}, 201)["id"]
    other = radarr.send("POST", "tag", {"label": "other"}, 201)["id"]
    one = radarr.send("POST", "indexer", form, 201)["id"]
    two = radarr.send("POST", "indexer", form | {"name": "Second"}, 201)["id"]
    body = {"ids": [one, two], "priority": 7, "enableRss": False, "tags": [tag]}
    changed = radarr.send("PUT", "indexer/bulk", body, 202)
    assert [(each["id"], each["priority"], each["tags"]) for each in changed] == [
        (one, 7, [tag]),
        (two, 7, [tag]),
    ]
    kept = ("enableAutomaticSearch", "enableInteractiveSearch", "name")
    assert [changed[0][name] for name in kept] == [True, True, form["name"]]
    assert values_of(changed[0])["apiKey"] == "********"
    for how, left in (("add", [tag, other]), ("remove", [tag]), ("replace", [other])):
        body = {"ids": [two], "tags": [other], "applyTags": how}
        assert sorted(radarr.send("PUT", "indexer/bulk", body, 202)[0]["tags"]) == left
    tried = radarr.send("POST", "indexer/testall")
    assert [(each["id"], each["isValid"]) for each in tried] == [(one, True), (two, True)]
    for wrong in ({"ids": []}, {"ids": [one], "priority": 99}, {"ids": [1]}):
        assert radarr.send("PUT", "indexer/bulk", {"priority": 3} | wrong, 400)
    radarr.send("PUT", "indexer/bulk", {"ids": [one, 4711], "priority": 3}, 404)
    assert radarr.get(f"indexer/{one}")["priority"] == 7
    away = [
        e | {"value": "http://127.0.0.1:9"} if e["name"] == "baseUrl" else e for e in form["fields"]
    ]
    away += [{"name": "apiKey", "value": tracker.api_key}]
    radarr.send(
        "PUT", f"indexer/{two}", form | {"name": "Away", "fields": away}, 202, forceSave=True
    )
    tried = radarr.send("POST", "indexer/testall", status=400)
    assert [each["isValid"] for each in tried] == [True, False]
    assert tried[1]["validationFailures"][0]["errorMessage"]
    assert tracker.api_key not in str(tried)
    assert radarr.send("POST", "indexer/action/newznabCategories", form) == {}
    radarr.send("DELETE", "indexer/bulk", {"ids": [one, 4711, two]}, 404)
    assert {one, two} <= {each["id"] for each in radarr.get("indexer")}
    radarr.send("DELETE", "indexer/bulk", {"ids": [one, two]})


def test_what_the_settings_name_is_shown_and_stays(radarr: Any) -> None:
    hdbits = radarr.get("indexer/1")
    assert values_of(hdbits)["apiKey"] == "********"
    radarr.send("PUT", "indexer/1", hdbits, 400)
    radarr.send("DELETE", "indexer/1", status=400)
