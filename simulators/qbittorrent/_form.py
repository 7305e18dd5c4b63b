"""Bodies of POST requests: forms and uploads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from reeld.simulators.simulator import Request

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and uploaded files."""

    fields: dict[str, str]
    files: dict[str, bytes]
    """By file name: two parts with one name collapse, as in qBittorrent."""


def read_form(request: Request) -> Form:
    """The request's parameters: of a GET from its query, of a POST from its body alone."""
    if request.method != "POST":
        return Form(request.query, {})
    kind = request.headers.get("content-type", "")
    boundary = _BOUNDARY.search(kind)
    if kind.startswith("multipart/form-data") and boundary:
        return _multipart(request.body, boundary[1].encode())
    return Form(dict(parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)), {})


def _multipart(body: bytes, boundary: bytes) -> Form:
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for head, data in _parts(body, boundary):
        parameters = dict(_PARAMETER.findall(head))
        if "filename" in parameters:
            files[parameters["filename"]] = data
        elif "name" in parameters:
            fields[parameters["name"]] = data.decode(errors="replace")
    return Form(fields, files)


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield head.decode(errors="replace"), data
