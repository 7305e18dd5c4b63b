"""How the values of settings are written where that is not how they are kept: secrets and permission bits."""

from __future__ import annotations

from typing import Annotated

from pydantic import PlainValidator

from reeld.domain.secret import Secret


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return Secret(value.strip())


SecretText = Annotated[Secret, PlainValidator(_secret)]


def _mode(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be permission bits such as 0o644")
    # Text comes from a variable, where permission bits are octal as in chmod(1).
    if isinstance(value, int):
        return value
    digits = value.removeprefix("0o")
    if not digits or set(digits) - set("01234567"):
        raise ValueError("must be permission bits such as 0o644")
    return int(digits, 8)


Mode = Annotated[int, PlainValidator(_mode)]
