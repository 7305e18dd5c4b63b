"""What a form sends, as `application/x-www-form-urlencoded`."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from litestar.exceptions import HTTPException

from reeld.domain.errors import Refused
from reeld.http.ops.audit import AnyRequest

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
LARGEST: Final = 16 * 1024
MOST_FIELDS: Final = 16
_NO_FORM: Final = "This page takes what its form sends; programs use POST /api/login with JSON."


async def form_of(request: AnyRequest) -> dict[str, str]:
    """Return the fields of a form.

    Raises:
        HTTPException: It is no form (415).
        Refused: It is too large, no UTF-8, or has a field twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise HTTPException(status_code=415, detail=_NO_FORM, headers={"Accept": MEDIA_TYPE})
    body = await request.body()
    if len(body) > LARGEST:
        raise Refused("That is too long for a form.", reason="invalid_request")
    try:
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise Refused("That is no form.", reason="invalid_request") from error
    found = dict(fields)
    if len(found) < len(fields):
        raise Refused("A field of the form is there twice.", reason="invalid_request")
    return found
