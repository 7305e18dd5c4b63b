"""Trying the download client as Radarr's clients do."""

from __future__ import annotations

from typing import Any


def test_the_client_of_the_settings_is_asked_whatever_its_breaker_does(radarr: Any) -> None:
    (client,) = radarr.get("downloadclient")
    with radarr.away("qbit"):
        assert radarr.send("POST", "downloadclient/test", client) == {}
    assert radarr.send("POST", "downloadclient/test", client) == {}
    well = [{"id": client["id"], "isValid": True, "validationFailures": []}]
    assert radarr.send("POST", "downloadclient/testall") == well


def test_a_client_that_does_not_answer_is_named_with_the_reason(radarr: Any) -> None:
    (client,) = radarr.get("downloadclient")
    radarr.client_down(600.0)
    try:
        (failure,) = radarr.send("POST", "downloadclient/test", client, 400)
        (judged,) = radarr.send("POST", "downloadclient/testall", status=400)
    finally:
        radarr.client_down(0.0)
    assert (failure["propertyName"], failure["errorCode"]) == ("Host", "server_error")
    assert (judged["id"], judged["isValid"]) == (client["id"], False)
    assert judged["validationFailures"] == [failure]


def test_a_form_with_other_values_is_refused_and_nobody_is_asked(radarr: Any) -> None:
    (client,) = radarr.get("downloadclient")
    elsewhere = client | {
        "fields": [
            each | {"value": "198.51.100.1"} if each["name"] == "host" else each
            for each in client["fields"]
        ]
    }
    radarr.client_down(600.0)
    try:
        for wrong, name in (
            (elsewhere, "host"),
            (client | {"implementation": "Deluge"}, "Implementation"),
            (client | {"id": 7}, "Implementation"),
            ({"name": "x"}, "Implementation"),
        ):
            (failure,) = radarr.send("POST", "downloadclient/test", wrong, 400)
            assert failure["propertyName"] == name
            assert "settings file" in failure["errorMessage"]
    finally:
        radarr.client_down(0.0)
