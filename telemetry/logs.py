"""Structured logs on standard error: one event name a fact, JSON unless a person is looking."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog

EventDict = MutableMapping[str, Any]
Format = Literal["auto", "json", "console"]

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


_LEVELS = frozenset({"debug", "info", "warning", "error", "critical"})
_listeners: list[Callable[[str], None]] = []


@contextmanager
def counting_records(listener: Callable[[str], None]) -> Iterator[None]:
    """Call `listener` with the level of each record that is written inside the block, from whichever thread."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _count(_logger: object, method: str, event: EventDict) -> EventDict:
    level = method if method in _LEVELS else "other"
    for listener in tuple(_listeners):
        listener(level)
    return event


def configure_logs(
    *, level: str = "INFO", form: Format = "auto", stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's logging, once at start.

    Args:
        level: The lowest level that is written.
        form: `json` (one object a line), `console`, or `auto`: console on a terminal.
        stream: Where to; standard error when left out, because standard output belongs to answers.
    """
    out = stream or sys.stderr
    console = form == "console" or (form == "auto" and out.isatty())

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _count,
        redaction,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if console
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelName(level.upper()), logging.WARNING))
