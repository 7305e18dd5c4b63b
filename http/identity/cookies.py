"""The cookie of a session, and the token that a page of ours shows to be one."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, Final

from reeld.domain.secret import Secret

SECURE_NAME: Final = "__Host-reeld"
"""Browsers take a cookie of such a name over TLS alone, from this very host, for all of it."""
PLAIN_NAME: Final = "reeld-session"
CSRF_HEADER: Final = "x-csrf-token"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def is_secure(scope: Any) -> bool:
    """Whether a request came over TLS, to us or to a proxy that we trust."""
    return scope["scheme"] in {"https", "wss"}


def token_of(scope: Any) -> Secret | None:
    """Return the token of a request's session cookie; None when there is none, or more than one."""
    name = SECURE_NAME if is_secure(scope) else PLAIN_NAME
    found = [value for each, value in _cookies(scope) if each == name]
    return Secret(found[0]) if len(found) == 1 and _TOKEN.fullmatch(found[0]) else None


def cookie_with(scope: Any, token: Secret, seconds: int) -> str:
    """Return the `Set-Cookie` that gives a browser its session."""
    return f"{_attributes(scope, token.reveal())}; Max-Age={seconds}"


def cookie_without(scope: Any) -> str:
    """Return the `Set-Cookie` that takes it away."""
    return f"{_attributes(scope, '')}; Max-Age=0"


def csrf_token(token: Secret) -> str:
    """Return what the pages of a session send with each change: only who got it from us can know it."""
    return hmac.new(token.reveal().encode(), b"reeld csrf", hashlib.sha256).hexdigest()


def shows_csrf_token(scope: Any, token: Secret) -> bool:
    """Whether a request comes with the token of its session."""
    given = [bytes(value) for key, value in scope["headers"] if bytes(key) == CSRF_HEADER.encode()]
    return len(given) == 1 and hmac.compare_digest(given[0], csrf_token(token).encode())


def _attributes(scope: Any, value: str) -> str:
    name, secure = (SECURE_NAME, "; Secure") if is_secure(scope) else (PLAIN_NAME, "")
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"


def _cookies(scope: Any) -> list[tuple[str, str]]:
    sent = [bytes(value) for key, value in scope["headers"] if bytes(key).lower() == b"cookie"]
    pairs = b";".join(sent).decode("latin-1").split(";")
    split = (pair.strip().partition("=") for pair in pairs)
    return [(name, value) for name, _, value in split]
