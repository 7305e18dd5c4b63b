from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeld.domain.torrent import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_TOKENS,
    Bencodable,
    InvalidTorrent,
    TorrentFault,
    decode,
    encode,
)

values = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.binary(max_size=12), inner, max_size=6)
    ),
    max_leaves=40,
)


@given(values)
def test_what_is_encoded_decodes_to_the_same(value: Bencodable) -> None:
    assert decode(encode(value)) == value


@given(values)
def test_equal_bytes_have_one_spelling(value: Bencodable) -> None:
    assert encode(decode(encode(value))) == encode(value)


@settings(max_examples=500)
@given(st.binary(max_size=60) | st.text("dlie0123456789:-ab", max_size=60).map(str.encode))
def test_any_bytes_are_decoded_or_refused_and_never_misread(data: bytes) -> None:
    try:
        value = decode(data)
    except InvalidTorrent:
        return
    assert encode(value) == data


@given(values, st.data())
def test_a_cut_value_is_refused(value: Bencodable, data: st.DataObject) -> None:
    whole = encode(value)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(InvalidTorrent):
        decode(cut)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"e",
        b"i00e",
        b"i01e",
        b"i-0e",
        b"i-e",
        b"ie",
        b"i+1e",
        b"i1_0e",
        b"i 1e",
        b"i1",
        b"i" + b"9" * 20 + b"e",
        b"i" + b"9" * 5000 + b"e",
        b"01:a",
        b"5:abc",
        b"-1:a",
        b"99999999999999999999:a",
        b"di1e1:ae",
        b"d1:ae",
        b"d1:a1:b1:a1:be",
        b"d1:b1:b1:a1:ae",
        b"li1e",
        b"i1ei2e",
        b"i1e ",
        b"x",
        b"1:\xc2\xb2:",
    ],
)
def test_what_breaks_a_rule_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidTorrent) as caught:
        decode(data)
    assert caught.value.fault is TorrentFault.NOT_BENCODED
    assert "Choose another release" in caught.value.sentence


def test_a_bomb_of_lists_is_refused_without_recursion() -> None:
    with pytest.raises(InvalidTorrent) as caught:
        decode(b"l" * 1_000_000)
    assert caught.value.fault is TorrentFault.TOO_DEEP


def test_the_deepest_allowed_value_is_read() -> None:
    decode(b"l" * MAX_DEPTH + b"e" * MAX_DEPTH)
    with pytest.raises(InvalidTorrent):
        decode(b"l" * (MAX_DEPTH + 1) + b"e" * (MAX_DEPTH + 1))


def test_too_many_values_are_refused() -> None:
    with pytest.raises(InvalidTorrent) as caught:
        decode(b"l" + b"0:" * MAX_TOKENS + b"e")
    assert caught.value.fault is TorrentFault.TOO_MANY_TOKENS


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    with pytest.raises(InvalidTorrent) as caught:
        decode(b"x" * (MAX_BYTES + 1))
    assert caught.value.fault is TorrentFault.TOO_LARGE


def test_texts_are_written_as_utf_8_and_keys_sorted_as_bytes() -> None:
    assert encode({"b": "é", "a": [1, b"x"]}) == b"d1:ali1e1:xe1:b2:\xc3\xa9e"


@pytest.mark.parametrize("value", [True, 1.5, None, [None]])
def test_what_has_no_form_is_not_written(value: Bencodable) -> None:
    with pytest.raises(TypeError):
        encode(value)
