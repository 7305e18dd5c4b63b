"""Setting the logs up, once at start."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from typing import Any, Literal, TextIO

import structlog

from reeld.telemetry.logs._counting import count
from reeld.telemetry.logs._journal import Journal, JournalLogger, entry, is_journal
from reeld.telemetry.logs._levels import levels
from reeld.telemetry.logs._recent import recent
from reeld.telemetry.logs._redaction import EventDict, redaction
from reeld.telemetry.logs._tracing import add_span

Format = Literal["auto", "json", "console", "journal"]
Output = tuple[structlog.typing.Processor, Callable[[str], Any]]
"""How a record is rendered, and what makes the logger that takes it, by its name."""


def configure_logs(
    *, level: str = "INFO", form: Format = "auto", stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's logging, once at start.

    Args:
        level: The lowest level that is written, until `levels` says otherwise.
        form: `json` (one object a line), `console`, `journal` (systemd's, with fields of their own), or `auto`: the
            journal when it reads the stream, the console on a terminal, else JSON.
        stream: Where to; standard error when left out, because standard output belongs to answers.
    """
    renderer, factory = _output(form, stream or sys.stderr)
    structlog.configure(
        processors=[
            levels,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            _add_logger,
            add_span,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            count,
            redaction,
            recent,
            renderer,
        ],
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )
    levels.on_change = _follow_levels
    levels.base = level
    root = logging.getLogger()
    root.handlers[:] = [_Forwarding()]
    root.setLevel(max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING))


def _follow_levels() -> None:
    # What nobody wants to be written ends here already, before a record is made of it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(levels.lowest))


def _output(form: Format, stream: TextIO) -> Output:
    if form == "journal" or (form == "auto" and is_journal(_descriptor(stream))):
        try:
            journal = Journal()
        except OSError:
            return _lines(structlog.processors.JSONRenderer(), stream)
        return entry, lambda name="": JournalLogger(name, journal.send)
    if form == "console" or (form == "auto" and stream.isatty()):
        return _lines(structlog.dev.ConsoleRenderer(colors=stream.isatty()), stream)
    return _lines(structlog.processors.JSONRenderer(), stream)


def _lines(renderer: structlog.typing.Processor, stream: TextIO) -> Output:
    return renderer, lambda name="": _Lines(name, stream)


def _descriptor(stream: TextIO) -> int:
    try:
        return stream.fileno()
    except (io.UnsupportedOperation, ValueError):
        return -1


class _Lines(structlog.WriteLogger):
    """Writes a line a record, and knows its name."""

    def __init__(self, name: str, file: TextIO) -> None:
        super().__init__(file)
        self.name = name


def _add_logger(logger: Any, _method: str, event: EventDict) -> EventDict:
    if name := getattr(logger, "name", ""):
        event["logger"] = name
    return event


class _Forwarding(logging.Handler):
    """Sends the records of libraries the same way as our own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            write = getattr(structlog.get_logger(record.name), _method_of(record.levelno))
            write(record.getMessage(), exc_info=record.exc_info or None)
        except Exception:  # noqa: BLE001 - logging must not break who logs
            self.handleError(record)


def _method_of(number: int) -> str:
    names = (
        (logging.CRITICAL, "critical"),
        (logging.ERROR, "error"),
        (logging.WARNING, "warning"),
        (logging.INFO, "info"),
    )
    return next((name for least, name in names if number >= least), "debug")
