"""Reading a body of unknown size within a bound, gzip bombs included."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx

_GZIP = 16 + zlib.MAX_WBITS


class BodyTooLarge(Exception):
    """The body, inflated, exceeds its cap."""


class BrokenEncoding(Exception):
    """The body is not in the encoding it claims, or ends in its middle."""


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
    if encoding in {"gzip", "x-gzip"}:
        return await _inflate(response.aiter_raw(), cap)
    if encoding not in {"identity", ""}:
        raise BrokenEncoding
    return await _collect(response.aiter_raw(), cap)


async def _collect(chunks: AsyncIterator[bytes], cap: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > cap:
            raise BodyTooLarge
    return bytes(body)


async def _inflate(chunks: AsyncIterator[bytes], cap: int) -> bytes:
    body = bytearray()
    inflater = zlib.decompressobj(_GZIP)
    anything = False
    async for chunk in chunks:
        anything = anything or bool(chunk)
        try:
            body += inflater.decompress(chunk, cap + 1 - len(body))
        except zlib.error:
            raise BrokenEncoding from None
        if len(body) > cap:
            raise BodyTooLarge
    if anything and not inflater.eof:
        raise BrokenEncoding
    return bytes(body)
