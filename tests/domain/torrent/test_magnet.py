from __future__ import annotations

import base64
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeld.domain.torrent import InfoHash, InvalidMagnet, Magnet, is_magnet, parse_magnet

V1 = "08ada5a7a6183aae1e09d831df6748d566095a10"
V2 = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"
TRACKER = "udp://tracker.example:1337/announce"

hashes = st.builds(
    InfoHash,
    st.binary(min_size=20, max_size=20).map(bytes.hex),
    st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
) | st.builds(InfoHash, st.none(), st.binary(min_size=32, max_size=32).map(bytes.hex))
names = st.text(st.characters(exclude_categories=("C", "Z")), max_size=80)
trackers = st.lists(
    st.from_regex(
        r"(udp|https?)://[a-z]{1,12}\.example(:[1-9][0-9]{0,3})?/[!-~]{0,20}", fullmatch=True
    ),
    max_size=5,
    unique=True,
).map(tuple)


@given(st.builds(Magnet, hashes, names, trackers))
def test_what_is_written_anew_is_read_as_the_same(magnet: Magnet) -> None:
    assert parse_magnet(magnet.uri) == magnet


@settings(max_examples=500)
@given(
    st.text(max_size=80)
    | st.lists(
        st.tuples(
            st.sampled_from(["xt", "dn", "tr", "xs", "ws", "x.pe", "so"]), st.text(max_size=30)
        ),
        max_size=8,
    ).map(lambda fields: "".join(f"&{key}={value}" for key, value in fields))
)
def test_whatever_a_link_says_only_hashes_name_and_trackers_come_through(text: str) -> None:
    link = f"magnet:?xt=urn:btih:{V1}&{text}"
    try:
        uri = parse_magnet(link).uri
    except InvalidMagnet:
        return
    assert uri.isascii()
    assert uri.isprintable()
    assert " " not in uri
    assert {key for key, _ in parse_qsl(uri.partition("?")[2])} <= {"xt", "dn", "tr"}


@settings(max_examples=300)
@given(st.text(max_size=200) | st.text(max_size=200).map("magnet:?xt=urn:btih:".__add__))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        magnet = parse_magnet(text)
    except InvalidMagnet:
        return
    assert magnet.infohash.client_ids


@pytest.mark.parametrize("digest", [V1, V1.upper(), base64.b32encode(bytes.fromhex(V1)).decode()])
@pytest.mark.parametrize("key", ["xt", "xt.1"])
def test_a_hash_of_version_one_is_read_in_every_spelling(digest: str, key: str) -> None:
    assert parse_magnet(f" MAGNET:?{key}=urn:btih:{digest}\n").infohash == InfoHash(V1, None)


def test_a_hybrid_is_known_by_both_of_its_hashes() -> None:
    magnet = parse_magnet(f"magnet:?xt=urn:btih:{V1}&xt=urn:btmh:1220{V2}")
    assert magnet.infohash == InfoHash(V1, V2)
    assert magnet.infohash.client_ids == (V2[:40], V1)


def test_seeds_peers_and_addresses_of_torrents_are_left_out() -> None:
    others = "&".join(
        f"{key}={quote('http://10.0.0.1/x', safe='')}"
        for key in ("xs", "as", "ws", "x.pe", "mt", "kt")
    )
    link = f"magnet:?xt=urn:btih:{V1}&dn=A+Film&tr={quote(TRACKER)}&{others}&so=0-2"
    magnet = parse_magnet(link)
    assert (magnet.name, magnet.trackers) == ("A Film", (TRACKER,))
    assert magnet.uri == f"magnet:?xt=urn:btih:{V1}&dn=A%20Film&tr={quote(TRACKER, safe='')}"


@pytest.mark.parametrize(
    "tracker",
    [
        "file:///etc/passwd",
        "udp://",
        "http://[::1",
        "http://a b/",
        "http://a/\nmagnet:?xt=x",
        "http://ä.example/",
        "http://a.example/" + "x" * 500,
    ],
)
def test_what_is_no_address_of_a_tracker_is_left_out(tracker: str) -> None:
    link = f"magnet:?xt=urn:btih:{V1}&tr={quote(tracker, safe='')}&tr={quote(TRACKER, safe='')}"
    assert parse_magnet(link).trackers == (TRACKER,)


def test_names_lose_what_cannot_be_seen_and_what_is_too_long() -> None:
    link = f"magnet:?xt=urn:btih:{V1}&dn={quote('a' + chr(0) + chr(10) + 'b' + 'c' * 400)}"
    name = parse_magnet(link).name
    assert name.startswith("a  bc")
    assert len(name) == 255


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("http://example/x.torrent", "does not begin"),
        ("magnet:?dn=Name", "no 'xt'"),
        ("magnet:?xt=urn:btih:", "no 'xt'"),
        (f"magnet:?xt=urn:btih:{V1[:-1]}", "no 'xt'"),
        (f"magnet:?xt=urn:btmh:1114{V1}", "no 'xt'"),
        (f"magnet:?xt=urn:sha1:{V1}", "no 'xt'"),
        (f"magnet:?xt=urn:btih:{V1}&xt=urn:btih:{V1[::-1]}", "more than one"),
        (f"magnet:?xt=urn:btih:{V1}&dn={'x' * 20_000}", "more than 16384"),
        (f"magnet:?xt=urn:btih:{V1}" + "&tr=x" * 300, "more than 200 fields"),
    ],
)
def test_a_link_that_names_no_torrent_is_refused_with_what_is_wrong(link: str, says: str) -> None:
    with pytest.raises(InvalidMagnet, match=says) as caught:
        parse_magnet(link)
    assert caught.value.reason == "magnet_invalid"
    assert V1 not in caught.value.sentence


def test_at_most_fifty_trackers_are_passed_on() -> None:
    many = "".join(f"&tr=udp%3A%2F%2Ft{n}.example" for n in range(90))
    assert len(parse_magnet(f"magnet:?xt=urn:btih:{V1}{many}").trackers) == 50


def test_magnets_are_told_from_other_links() -> None:
    assert is_magnet("Magnet:?xt=x")
    assert not is_magnet("https://example/magnet:")
