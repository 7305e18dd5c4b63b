"""What a span may tell of an address."""

from __future__ import annotations

import pytest

from reeld.telemetry.tracing import safe_url

KEY = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://api.example/3/movie/10331", "https://api.example/3/movie/10331"),
        (
            f"https://api.example/3/search?query=a%20film&api_key={KEY}",
            "https://api.example/3/search?query=a%20film&api_key=REDACTED",
        ),
        ("http://user:pass@127.0.0.1:8080/api", "http://127.0.0.1:8080/api"),
        (f"https://t.example/rss/{KEY}/feed", "https://t.example/rss/REDACTED/feed"),
        (
            "https://t.example/dl?a=&torrent_pass=x",
            "https://t.example/dl?a=REDACTED&torrent_pass=REDACTED",
        ),
        ("https://[::1]:1/x#passkey=y", "https://[::1]:1/x"),
        ("http://[broken", "REDACTED"),
        ("http://host:port/", "REDACTED"),
    ],
)
def test_an_address_is_told_without_what_opens_a_door(url: str, told: str) -> None:
    assert safe_url(url) == told


def test_of_an_address_that_is_a_secret_only_the_host_is_told() -> None:
    assert safe_url("https://t.example:81/short-key/feed?a=b", path_is_secret=True) == (
        "https://t.example:81"
    )
