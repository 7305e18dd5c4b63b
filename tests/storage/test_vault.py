from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.secret import Secret
from reeld.storage.vault import Vault, VaultError

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
PLACE = {"table": "release", "column": "sealed_link", "row": "feed\x00guid"}
unicode_text = st.text(st.characters(exclude_categories=["Cs"]))


@given(text=unicode_text, row=unicode_text)
def test_what_is_sealed_opens_at_its_own_place(text: str, row: str) -> None:
    vault = Vault(KEY)
    sealed = vault.seal(Secret(text), table="t", column="c", row=row)
    assert vault.unseal(sealed, table="t", column="c", row=row).reveal() == text


@pytest.mark.parametrize(
    "change", [{"table": "feed"}, {"column": "link"}, {"row": "feed\x00other"}]
)
def test_a_value_that_was_moved_does_not_open(change: dict[str, str]) -> None:
    vault = Vault(KEY)
    sealed = vault.seal(Secret("https://x/?passkey=1"), **PLACE)
    with pytest.raises(VaultError) as caught:
        vault.unseal(sealed, **(PLACE | change))
    assert caught.value.reason == "vault_tampered"


@given(position=st.integers(0, 200), flip=st.integers(1, 255))
def test_a_value_with_any_changed_byte_does_not_open(position: int, flip: int) -> None:
    vault = Vault(KEY)
    sealed = bytearray(vault.seal(Secret("passkey"), **PLACE))
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(VaultError):
        vault.unseal(bytes(sealed), **PLACE)


@given(st.binary(max_size=64))
def test_bytes_from_elsewhere_do_not_open(noise: bytes) -> None:
    with pytest.raises(VaultError):
        Vault(KEY).unseal(noise, **PLACE)


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    vault = Vault(KEY)
    assert vault.seal(Secret("same"), **PLACE) != vault.seal(Secret("same"), **PLACE)


def test_an_older_key_still_opens_after_a_rotation_but_a_missing_one_does_not() -> None:
    sealed = Vault(KEY).seal(Secret("old"), **PLACE)
    assert Vault(OTHER, KEY).unseal(sealed, **PLACE).reveal() == "old"
    with pytest.raises(VaultError) as caught:
        Vault(OTHER).unseal(sealed, **PLACE)
    assert caught.value.reason == "vault_key_missing"


def test_the_key_file_is_made_once_readable_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vault.key"
    sealed = Vault.from_file(path).seal(Secret("kept"), **PLACE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["vault.key"]
    assert Vault.from_file(path).unseal(sealed, **PLACE).reveal() == "kept"


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    Vault.from_file(path)
    path.chmod(0o644)
    with pytest.raises(VaultError, match="chmod 600"):
        Vault.from_file(path)


@pytest.mark.parametrize("content", [b"", b"not base64!", b"c2hvcnQ="])
def test_a_broken_key_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vault.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(VaultError) as caught:
        Vault.from_file(path)
    assert caught.value.reason == "vault_key_file"
    assert path.read_bytes() == content


def test_neither_the_vault_nor_its_errors_show_a_secret() -> None:
    vault = Vault(KEY)
    sealed = vault.seal(Secret("canary-passkey"), **PLACE)
    with pytest.raises(VaultError) as caught:
        vault.unseal(sealed[:-1], **PLACE)
    assert "canary-passkey" not in f"{caught.value} {vault!r}"


def test_a_file_is_sealed_byte_by_byte() -> None:
    vault = Vault(bytes(32))
    torrent = bytes(range(256)) * 100
    place = {"table": "acquisition", "column": "torrent", "row": "7"}
    sealed = vault.seal_bytes(torrent, **place)
    assert torrent[:64] not in sealed
    assert vault.unseal_bytes(sealed, **place) == torrent
    with pytest.raises(VaultError):
        vault.unseal_bytes(sealed, **{**place, "row": "8"})
