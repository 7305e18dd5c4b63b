from __future__ import annotations

from typing import Any

import httpx
import pytest

from reeld.domain.errors import ProtocolViolation
from reeld.services.transport import Answer, Call, Profile, Wire, next_hop


def redirect(here: str, location: str) -> Answer:
    return Answer(302, httpx.Headers({"location": location}), b"", here)


@pytest.mark.parametrize(
    ("here", "location", "there"),
    [
        ("https://a.example/x?y=1", "/z", "https://a.example/z"),
        ("http://a.example/x", "https://a.example/x", "https://a.example/x"),
        ("http://a.example:8080/x", "y", "http://a.example:8080/y"),
    ],
)
def test_the_same_host_is_followed(here: str, location: str, there: str) -> None:
    assert next_hop(redirect(here, location), service="s", label="S") == there


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "http://a.example/x",
        "https://a.example:8443/x",
        "https://user:pw@a.example/x",
        "file:///etc/passwd",
        "magnet:?xt=urn:btih:1",
        "",
        "https://[bad",
    ],
)
def test_anything_else_is_refused_with_advice(location: str) -> None:
    answer = redirect("https://a.example/x?passkey=0123456789abcdef", location)
    with pytest.raises(ProtocolViolation, match="Set its address to the final one") as caught:
        next_hop(answer, service="s", label="S")
    assert caught.value.reason == "redirect_refused"
    assert "0123456789abcdef" not in str(caught.value)


def test_another_host_is_followed_where_allowed_unless_a_key_goes_along() -> None:
    def hop(here: str, location: str) -> str:
        return next_hop(redirect(here, location), service="s", label="S", across_hosts=True)

    assert hop("https://a.example/x", "https://b.example/y") == "https://b.example/y"
    here = "https://a.example/x?passkey=0123456789abcdef"
    assert hop(here, "https://b.example/y") == "https://b.example/y"
    with pytest.raises(ProtocolViolation, match="takes a key along"):
        hop(here, "https://b.example/y?k=0123456789abcdef")
    with pytest.raises(ProtocolViolation, match="takes a key along"):
        hop(f"https://a.example/rss/{'ab' * 16}/x", f"https://b.example/{'ab' * 16}")
    with pytest.raises(ProtocolViolation, match="unencrypted"):
        hop("https://a.example/x", "http://b.example/y")


async def test_a_get_follows_where_its_call_says_so(script: Any, closing: Any) -> None:
    script(httpx.Response(301, headers={"location": "/new"}), httpx.Response(200, content=b"here"))
    wire = closing(Wire(Profile("s", "S"), transport=script.transport))
    answer = await wire.send(
        Call("GET", "http://a.example/", params={"k": 1}, follow_redirects=True)
    )
    assert answer.body == b"here"
    assert str(script.requests[1].url) == "http://a.example/new"


async def test_a_circle_of_redirects_ends(script: Any, closing: Any) -> None:
    script(httpx.Response(302, headers={"location": "/"}))
    wire = closing(Wire(Profile("s", "S"), transport=script.transport))
    answer = await wire.send(Call("GET", "http://a.example/", follow_redirects=True))
    assert answer.is_redirect
    assert len(script.requests) == 4


async def test_a_post_is_never_redirected(script: Any, closing: Any) -> None:
    script(httpx.Response(307, headers={"location": "/new"}))
    wire = closing(Wire(Profile("s", "S"), transport=script.transport))
    answer = await wire.send(
        Call("POST", "http://a.example/", form={"a": "1"}, follow_redirects=True)
    )
    assert answer.is_redirect
    assert len(script.requests) == 1
