"""Secrets that addresses carry."""

from __future__ import annotations

from urllib.parse import quote, unquote, unquote_plus, urlsplit


def secrets_of_url(url: str) -> list[str]:
    """Return the password and the secrets of the query, as they stand and in each way in which others write them."""
    parts = urlsplit(url)
    fields = (field.partition("=") for field in parts.query.split("&"))
    values = [value for name, _, value in fields if not _is_public(parts.scheme, name)]
    found: dict[str, None] = {}
    for value in (parts.password or "", *values):
        for plain in (unquote(value), unquote_plus(value)):
            found |= dict.fromkeys((value, plain, quote(plain, safe="")))
    return [text for text in found if text]


def _is_public(scheme: str, parameter: str) -> bool:
    # What is masked is masked in every line, so that a word such as `movies` must not be.
    if scheme.startswith("postgres"):
        return parameter.lower() not in {"password", "sslpassword"}
    return parameter.lower() in _TORZNAB


_TORZNAB = frozenset(
    {"attrs", "cat", "extended", "genre", "limit", "maxage", "o", "offset", "q", "t", "year"}
)
"""Parameters of a search, by https://torznab.github.io/spec-1.3-draft/: they hold no secret."""
