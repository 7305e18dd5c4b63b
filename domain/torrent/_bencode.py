"""Bencoding (BEP 3), read strictly and without recursion.

Strict means: what `encode` would not write, `decode` does not read. Keys are sorted and unique, numbers have one
spelling, nothing follows the value. So equal bytes are equal values, and an infohash has one meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reeld.domain.torrent._faults import InvalidTorrent, TorrentFault

MAX_BYTES = 10 * 1024 * 1024
"""A .torrent file of a 1 TB download with 1 MiB pieces has 20 MB of hashes; nobody makes one. 10 MiB is generous."""
MAX_DEPTH = 100
"""libtorrent's own limit."""
MAX_TOKENS = 1_000_000
"""A tenth of libtorrent's limit: a million small objects already take some 100 MB of memory."""

# 2**63 has 19 digits: longer numbers fit no size, and converting very long ones is quadratic.
_MAX_DIGITS = 19

Bencoded: TypeAlias = "int | bytes | list[Bencoded] | dict[bytes, Bencoded]"
Bencodable: TypeAlias = "int | bytes | str | Sequence[Bencodable] | Mapping[bytes, Bencodable] | Mapping[str, Bencodable]"


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded value and where its outermost dictionary's values lie in the bytes."""

    value: Bencoded
    spans: Mapping[bytes, tuple[int, int]]
    """Key of the outermost dictionary -> start and end of its value. Empty when the value is no dictionary."""


@dataclass(slots=True)
class _Frame:
    """A list or dictionary that is still open."""

    into: list[Bencoded] | dict[bytes, Bencoded]
    key: bytes | None = None
    last_key: bytes | None = None
    value_start: int = 0


def decode(data: bytes) -> Bencoded:
    """Decode one bencoded value.

    Raises:
        InvalidTorrent: The bytes are not strict bencoding, or exceed `MAX_BYTES`, `MAX_DEPTH` or `MAX_TOKENS`.
    """
    return decode_document(data).value


def decode_document(data: bytes) -> Document:
    """Decode one bencoded value and remember where the values of its outermost dictionary lie.

    Raises:
        InvalidTorrent: As for `decode`.
    """
    if len(data) > MAX_BYTES:
        raise InvalidTorrent(
            TorrentFault.TOO_LARGE, f"it has {len(data)} bytes, {MAX_BYTES} are allowed"
        )
    return _Decoder(data).run()


class _Decoder:
    """One pass over the bytes with a stack of its own instead of Python's."""

    __slots__ = ("_at", "_data", "_spans", "_stack", "_tokens")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._tokens = 0
        self._stack: list[_Frame] = []
        self._spans: dict[bytes, tuple[int, int]] = {}

    def run(self) -> Document:
        while True:
            done = self._step()
            if done is not None:
                break
        if self._at != len(self._data):
            raise self._fault(f"{len(self._data) - self._at} bytes follow its end")
        return Document(done, self._spans)

    def _step(self) -> Bencoded | None:
        """Read one token; return the whole value when that closed it."""
        mark = self._data[self._at : self._at + 1]
        if mark == b"e":
            return self._close()
        self._count()
        if self._expects_key():
            self._read_key(mark)
            return None
        if mark in {b"d", b"l"}:
            self._open({} if mark == b"d" else [])
            return None
        return self._place(self._read_integer() if mark == b"i" else self._read_string(mark))

    def _count(self) -> None:
        self._tokens += 1
        if self._tokens > MAX_TOKENS:
            raise InvalidTorrent(
                TorrentFault.TOO_MANY_TOKENS, f"it holds more than {MAX_TOKENS} values"
            )

    def _open(self, into: list[Bencoded] | dict[bytes, Bencoded]) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise InvalidTorrent(
                TorrentFault.TOO_DEEP, f"its values are nested more than {MAX_DEPTH} deep"
            )
        self._at += 1
        self._stack.append(_Frame(into))

    def _close(self) -> Bencoded | None:
        if not self._stack:
            raise self._fault("it ends before it begins")
        if self._stack[-1].key is not None:
            raise self._fault("a dictionary ends after a key")
        self._at += 1
        return self._place(self._stack.pop().into)

    def _expects_key(self) -> bool:
        return bool(self._stack) and (
            isinstance(self._stack[-1].into, dict) and self._stack[-1].key is None
        )

    def _read_key(self, mark: bytes) -> None:
        frame = self._stack[-1]
        key = self._read_string(mark)
        if frame.last_key is not None and key <= frame.last_key:
            raise self._fault("the keys of a dictionary are not sorted and unique")
        frame.key = frame.last_key = key
        frame.value_start = self._at

    def _place(self, value: Bencoded) -> Bencoded | None:
        """Put a finished value where it belongs; return it when it is the whole."""
        if not self._stack:
            return value
        frame = self._stack[-1]
        if isinstance(frame.into, list):
            frame.into.append(value)
            return None
        assert frame.key is not None
        frame.into[frame.key] = value
        if len(self._stack) == 1:
            self._spans[frame.key] = (frame.value_start, self._at)
        frame.key = None
        return None

    def _read_integer(self) -> int:
        digits = self._digits(self._at + 1, b"e", signed=True)
        return int(digits)

    def _read_string(self, mark: bytes) -> bytes:
        if not mark.isdigit():
            raise self._fault("it is cut short" if not mark else f"it has {mark!r} out of place")
        length = int(self._digits(self._at, b":", signed=False))
        start, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise self._fault("it is cut short")
        return self._data[start : self._at]

    def _digits(self, start: int, end_mark: bytes, *, signed: bool) -> bytes:
        """Return the digits from `start` up to `end_mark`, and stand behind the mark."""
        end = self._data.find(end_mark, start, start + _MAX_DIGITS + 2)
        digits = self._data[start:end] if end >= 0 else b""
        magnitude = digits[1:] if signed and digits[:1] == b"-" else digits
        plain = magnitude.isdigit() and len(magnitude) <= _MAX_DIGITS
        if not plain or (magnitude[:1] == b"0" and digits != b"0"):
            raise self._fault("it holds a malformed number")
        self._at = end + 1
        return digits

    def _fault(self, detail: str) -> InvalidTorrent:
        return InvalidTorrent(TorrentFault.NOT_BENCODED, f"{detail} (byte {self._at})")


def encode(value: Bencodable) -> bytes:
    """Encode a value; texts are written as UTF-8, keys are sorted.

    Raises:
        TypeError: The value holds something that bencoding has no form for.
    """
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


def _write(value: Bencodable, parts: list[bytes]) -> None:
    if isinstance(value, bool):
        raise TypeError("bencoding has no booleans: write 0 or 1")
    if isinstance(value, int):
        parts.append(b"i%de" % value)
    elif isinstance(value, bytes | str):
        _write_string(value, parts)
    elif isinstance(value, Mapping):
        _write_dictionary(value, parts)
    elif isinstance(value, Sequence):
        parts.append(b"l")
        for item in value:
            _write(item, parts)
        parts.append(b"e")
    else:
        raise TypeError(f"bencoding has no form for {type(value).__name__}")


def _write_string(value: bytes | str, parts: list[bytes]) -> None:
    raw = value.encode() if isinstance(value, str) else value
    parts.append(b"%d:" % len(raw))
    parts.append(raw)


def _write_dictionary(
    value: Mapping[bytes, Bencodable] | Mapping[str, Bencodable], parts: list[bytes]
) -> None:
    by_key = {(k.encode() if isinstance(k, str) else k): item for k, item in value.items()}
    parts.append(b"d")
    for key in sorted(by_key):
        _write_string(key, parts)
        _write(by_key[key], parts)
    parts.append(b"e")
