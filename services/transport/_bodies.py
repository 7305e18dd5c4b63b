"""Bodies: those that are sent, and reading one of unknown size within a bound, gzip bombs included."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx
import trio

_GZIP = 16 + zlib.MAX_WBITS


class BodyTooLarge(Exception):
    """The body, inflated, exceeds its cap."""


class BrokenEncoding(Exception):
    """The body is not in the encoding it claims, or ends in its middle."""


class WholeBody(httpx.AsyncByteStream):
    """A request's body in one piece.

    httpx' own are async generators. One that is given up when a connection breaks under an upload is left to the
    garbage collector, which trio warns about.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Pieces(self._content)


class _Pieces(AsyncIterator[bytes]):
    def __init__(self, content: bytes) -> None:
        self._left = [content] if content else []

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


async def read_body(response: httpx.Response, cap: int) -> bytes:
    """Return the inflated body. Stops reading as soon as the cap is passed.

    httpx would inflate a whole chunk before it can be counted: 64 KiB become 64 MB. So the raw bytes are read, and
    inflated with a bound.

    Raises:
        BodyTooLarge: More than `cap` bytes.
        BrokenEncoding: An encoding that was not asked for, broken or cut-short gzip.
        httpx.TransportError: The connection failed.
    """
    declared = response.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:19]) > cap:
        raise BodyTooLarge
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"gzip", "x-gzip", "identity", ""}:
        raise BrokenEncoding
    intake = _Gunzip(cap) if "gzip" in encoding else _Plain(cap)
    await _pour(response, intake)
    return intake.finish()


async def _pour(response: httpx.Response, intake: _Plain) -> None:
    """Give the body to `intake` until it raises.

    A loop left early would leave the async generators inside httpx to the garbage collector. Cancelling the next read
    instead ends them all in order.
    """
    failure: Exception | None = None
    with trio.CancelScope() as scope:
        async for chunk in response.aiter_raw():
            if failure is None:
                try:
                    intake.add(chunk)
                except (BodyTooLarge, BrokenEncoding) as error:
                    failure = error
                    scope.cancel()
    if failure is not None:
        raise failure


class _Plain:
    """Collects bytes up to a cap."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._body = bytearray()

    def add(self, chunk: bytes) -> None:
        self._body += chunk
        if len(self._body) > self._cap:
            raise BodyTooLarge

    def finish(self) -> bytes:
        return bytes(self._body)


class _Gunzip(_Plain):
    """Inflates what it collects, never by more than the cap allows."""

    def __init__(self, cap: int) -> None:
        super().__init__(cap)
        self._inflater = zlib.decompressobj(_GZIP)
        self._anything = False

    def add(self, chunk: bytes) -> None:
        self._anything = self._anything or bool(chunk)
        room = self._cap + 1 - len(self._body)
        try:
            inflated = self._inflater.decompress(chunk, room)
        except zlib.error:
            raise BrokenEncoding from None
        super().add(inflated)

    def finish(self) -> bytes:
        if self._anything and not self._inflater.eof:
            raise BrokenEncoding
        return super().finish()
