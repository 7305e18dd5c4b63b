"""Structured logs: one event name a fact, JSON unless a person is looking, fields of their own in the journal."""

from reeld.telemetry.logs._counting import counting_records
from reeld.telemetry.logs._levels import LOGGERS, Level, LevelOverride, Levels, levels
from reeld.telemetry.logs._recent import LogRecord, RecentRecords, recent
from reeld.telemetry.logs._redaction import EventDict, Redaction, redaction
from reeld.telemetry.logs._setup import Format, configure_logs

__all__ = [
    "LOGGERS",
    "EventDict",
    "Format",
    "Level",
    "LevelOverride",
    "Levels",
    "LogRecord",
    "RecentRecords",
    "Redaction",
    "configure_logs",
    "counting_records",
    "levels",
    "recent",
    "redaction",
]
