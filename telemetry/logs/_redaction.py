"""Secrets are masked in every record, whatever it says and wherever it goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping
from typing import Any

EventDict = MutableMapping[str, Any]

MASK = "********"
_SENSITIVE_KEYS = re.compile(
    r"pass(word|key|wd)|secret|token|api_?key|authorization|cookie|credential|auth_?key|rss_?key|torrent_pass",
    re.IGNORECASE,
)
_SENSITIVE_PAIRS = re.compile(
    r"(?i)\b(passkey|api_?key|authkey|torrent_pass|rss_?key|token|password|sid)=([^&\s\"']+)"
)
_CONTROL = {code: None for code in range(32) if code not in (9, 10)} | {127: None}


class Redaction:
    """A processor that masks secrets: by key, by `name=value` pair, and by exact registered values.

    Registered values are the last line: a credential that reaches a log line in any form is masked there.
    """

    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()

    def register(self, secrets: Iterable[str]) -> None:
        """Mask these texts from now on. Texts of fewer than six characters would mask innocent words."""
        known = {secret for secret in secrets if len(secret) >= 6}
        self._values = tuple(sorted(known | set(self._values), key=len, reverse=True))

    def text(self, text: str) -> str:
        """Return `text` with every secret masked and without control characters (log injection)."""
        for value in self._values:
            if value in text:
                text = text.replace(value, MASK)
        return _SENSITIVE_PAIRS.sub(rf"\1={MASK}", text).translate(_CONTROL)

    def _value(self, key: str, value: object) -> object:
        if _SENSITIVE_KEYS.search(key) and isinstance(value, str | bytes):
            return MASK
        match value:
            case str():
                return self.text(value)
            case dict():
                return {str(name): self._value(str(name), each) for name, each in value.items()}
            case list() | tuple():
                return [self._value(key, each) for each in value]
            case None | bool() | int() | float():
                return value
            case _:
                return self.text(str(value))

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """Mask one event."""
        return {key: self._value(key, value) for key, value in event.items()}


redaction = Redaction()
"""The process's redaction: settings register their secrets here as soon as they are read."""
