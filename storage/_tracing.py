"""The spans of statements, by the conventions for PostgreSQL. Only inside a span that is recorded: they are leaves."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import psycopg
from opentelemetry.trace import Span, SpanKind

from reeld.storage.errors import StatementTimedOut
from reeld.telemetry import tracing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reeld.storage.connection import TrioConnection

_COMMENT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITE: Final = re.compile(
    r"\b(?:(INSERT)\s+INTO|(DELETE)\s+FROM|(?<!FOR )(?<!KEY )(?<!DO )(UPDATE)|(TRUNCATE))\s+([a-z_][a-z0-9_.]*)",
    re.IGNORECASE,
)
_READ: Final = re.compile(
    r"(?<!DISTINCT )\bFROM\s+([a-z_][a-z0-9_.]*)(?!\s*\(|[a-z0-9_.])", re.IGNORECASE
)
_TEMPORARY: Final = re.compile(r"\b([a-z_]+)\s+AS\s+(?:MATERIALIZED\s+)?\(", re.IGNORECASE)
_VERB: Final = re.compile(r"\s*([A-Za-z]+)")
_NOTHING: Final = nullcontext()

TRANSACTION: Final = "TRANSACTION"
"""The name of the span from before BEGIN until COMMIT or ROLLBACK has ended, its statements beside it."""


@lru_cache(maxsize=1024)
def summary_of(sql: str) -> str:
    """Return a statement's `db.query.summary`: what it does to which table, such as `SELECT movie`.

    Of a statement that does several things the first change counts.
    """
    plain = _COMMENT.sub(" ", sql)
    write = _WRITE.search(plain)
    if write is not None:
        verb = next(word for word in write.groups()[:4] if word)
        return f"{verb.upper()} {write[5]}"
    verb = _VERB.match(plain)
    word = "" if verb is None else verb[1].upper()
    if word not in {"SELECT", "WITH"}:
        return word or "EMPTY"
    temporary = {name.lower() for name in _TEMPORARY.findall(plain)}
    table = next((name for name in _READ.findall(plain) if name.lower() not in temporary), None)
    return "SELECT" if table is None else f"SELECT {table}"


def statement_span(connection: TrioConnection, sql: object) -> AbstractContextManager[object]:
    """Record the block as the span of a statement."""
    if not tracing.is_recording():
        return _NOTHING
    return _recorded(connection, summary_of(sql) if isinstance(sql, str) else "STATEMENT")


def transaction_span(repository: str) -> AbstractContextManager[object]:
    """Record the block as the span of a transaction."""
    attributes = {
        "db.system.name": "postgresql",
        "db.query.summary": TRANSACTION,
        "reeld.repository": repository,
    }
    return tracing.record_child(TRANSACTION, SpanKind.CLIENT, attributes)


@contextmanager
def _recorded(connection: TrioConnection, summary: str) -> Iterator[None]:
    attributes = {
        "db.system.name": "postgresql",
        "db.query.summary": summary,
        "db.namespace": _text(connection.pgconn.db),
        "server.address": _text(connection.pgconn.host),
    }
    with tracing.record_child(summary, SpanKind.CLIENT, attributes) as span:
        try:
            yield
        except psycopg.Error as error:
            _tell(span, error)
            raise


def _tell(span: Span, error: psycopg.Error) -> None:
    if isinstance(error, StatementTimedOut):
        tracing.fail(span, tracing.DEADLINE_EXCEEDED)
    elif error.sqlstate is not None:
        span.set_attribute("db.response.status_code", error.sqlstate)
        tracing.fail(span, error.sqlstate)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
