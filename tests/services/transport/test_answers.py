from __future__ import annotations

import httpx
import msgspec
import pytest

from reeld.domain.errors import ProtocolViolation, RateLimited, ServiceDown
from reeld.services.transport import (
    Answer,
    origin_of,
    read_json,
    refuse_common,
    refuse_html,
    seconds_to_wait,
)

URL = "https://host.example:8443/path/key?passkey=key"


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), body, URL)


class Shape(msgspec.Struct):
    id: int
    names: list[str] = []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        ("0", 1.0),
        ("99999999999999999999", 86400.0),
        ("Sat, 21 Nov 2026 10:01:40 GMT", 100.0),
        ("Sat, 21 Nov 2026 09:00:00 GMT", 1.0),
        ("Sat, 21 Nov 2030 09:00:00 GMT", 86400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Sat, 99 Nov 2026 10:01:40 GMT", None),
        ("\u0665", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    headers = httpx.Headers(
        {"retry-after": value.encode(), "date": "Sat, 21 Nov 2026 10:00:00 GMT"}
    )
    assert seconds_to_wait(headers) == seconds


def test_without_a_date_of_its_own_our_clock_counts() -> None:
    headers = httpx.Headers({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"})
    assert seconds_to_wait(headers, wall_clock=lambda: 20.0) == 40.0


def test_429_and_5xx_carry_how_long_to_stay_away() -> None:
    with pytest.raises(RateLimited) as limited:
        refuse_common(answer(429, Retry_After="7"), service="s", label="S")
    assert limited.value.retry_after == 7.0
    with pytest.raises(ServiceDown) as down:
        refuse_common(answer(503, Retry_After="8"), service="s", label="S")
    assert (down.value.retry_after, down.value.reason) == (8.0, "server_error")


def test_a_redirect_that_was_not_followed_names_the_setting() -> None:
    with pytest.raises(ProtocolViolation, match="Set its address to the final one") as caught:
        refuse_common(answer(302), service="s", label="S")
    assert caught.value.reason == "redirected"


@pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 403, 404])
def test_other_statuses_are_left_to_the_client(status: int) -> None:
    refuse_common(answer(status), service="s", label="S")


async def test_json_of_the_promised_shape_is_read() -> None:
    read = await read_json(answer(body=b'\xef\xbb\xbf{"id": 1}'), Shape, service="s", label="S")
    assert read.id == 1


async def test_large_json_is_read_too() -> None:
    body = msgspec.json.encode({"id": 1, "names": ["x" * 100] * 10_000})
    assert len((await read_json(answer(body=body), Shape, service="s", label="S")).names) == 10_000


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><html>please log in</html>", "html_instead_of_json"),
        (b"  \n<HTML><body>", "html_instead_of_json"),
        (b"", "not_json"),
        (b'{"id": 1', "not_json"),
        (b'{"id": 1, "names": ["\xff"]}', "not_json"),
        (b'{"id": "s3cret"}', "unexpected_shape"),
        (b"[]", "unexpected_shape"),
        (b"[" * 100_000, "unexpected_shape"),
        (b'{"x":' + b"[" * 100_000, "not_json"),
    ],
)
async def test_anything_else_has_a_name_and_advice(body: bytes, reason: str) -> None:
    with pytest.raises(ProtocolViolation, match="Check the address") as caught:
        await read_json(answer(body=body), Shape, service="s", label="S")
    assert caught.value.reason == reason
    assert "s3cret" not in str(caught.value)


def test_a_page_is_known_by_its_type_or_its_beginning() -> None:
    assert answer(body=b"hello", Content_Type="text/html; charset=utf-8").is_html
    assert not answer(body=b'{"a":1}', Content_Type="text/html").is_html
    assert not answer(body=b"Ok.", Content_Type="text/plain").is_html
    with pytest.raises(ProtocolViolation) as caught:
        refuse_html(answer(body=b"<html>"), service="s", label="S", due=".torrent")
    assert caught.value.reason == "html_instead_of_torrent"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (URL, "https://host.example:8443"),
        ("http://user:pw@host/x", "http://host"),
        ("http://[::1]:80/x", "http://[::1]"),
        ("http://host:port/", "an invalid address"),
    ],
)
def test_only_the_origin_of_an_address_is_shown(url: str, shown: str) -> None:
    assert origin_of(url) == shown
