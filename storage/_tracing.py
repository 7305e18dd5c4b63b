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
    from collections.abc import Iterator, Mapping

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
_NO_TEXT: Final = re.compile(
    rf"(?P<comment>{_COMMENT.pattern})"
    r"|\b[EBXN]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$",
    re.IGNORECASE | re.DOTALL,
)
"""Comments and literals, found in one pass: either may look as if it held the other."""
_NOTHING: Final = nullcontext()

LONGEST_TEXT: Final = 1000
"""Characters of a statement that a span shows."""
DEFAULT_PORT: Final = 5432

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


@lru_cache(maxsize=1024)
def text_of(sql: str) -> str:
    """Return a statement's `db.query.text`: without comments, line breaks and literals, and not endless.

    Values go beside a statement, as parameters, so the text holds none; but that is a habit, and this is a promise.
    """
    bare = _NO_TEXT.sub(lambda found: " " if found["comment"] else "?", sql)
    plain = " ".join(bare.split())
    return plain if len(plain) <= LONGEST_TEXT else f"{plain[: LONGEST_TEXT - 3]}..."


def statement_span(connection: TrioConnection, sql: object) -> AbstractContextManager[object]:
    """Record the block as the span of a statement."""
    if not tracing.is_recording():
        return _NOTHING
    return _recorded(connection, sql if isinstance(sql, str) else None)


def transaction_span(repository: str) -> AbstractContextManager[Span]:
    """Record the block as the span of a transaction; see `note_place`."""
    attributes = {
        "db.system.name": "postgresql",
        "db.query.summary": TRANSACTION,
        "reeld.repository": repository,
    }
    return tracing.record_child(TRANSACTION, SpanKind.CLIENT, attributes)


def note_place(span: Span, connection: TrioConnection) -> None:
    """Say on the span of a transaction, which began before there was a connection, where it runs."""
    if span.is_recording():
        span.set_attributes(_place_of(connection))


@contextmanager
def _recorded(connection: TrioConnection, sql: str | None) -> Iterator[None]:
    summary = "STATEMENT" if sql is None else summary_of(sql)
    attributes = {
        "db.system.name": "postgresql",
        "db.query.summary": summary,
        **_place_of(connection),
    }
    if sql is not None:
        attributes["db.query.text"] = text_of(sql)
    with tracing.record_child(summary, SpanKind.CLIENT, attributes) as span:
        try:
            yield
        except psycopg.Error as error:
            _tell(span, error)
            raise


def _place_of(connection: TrioConnection) -> Mapping[str, str | int]:
    """Return the attributes that say where a connection leads; asked of it once."""
    if connection.place is None:
        pgconn = connection.pgconn
        schema = _schema_in(_text(pgconn.parameter_status(b"search_path") or b""))
        connection.place = {
            "db.namespace": "|".join(filter(None, (_text(pgconn.db), schema))),
            "server.address": _text(pgconn.host),
            "server.port": int(pgconn.port or DEFAULT_PORT),
        }
    return connection.place


def _schema_in(search_path: str) -> str | None:
    """Return the schema in which names are looked up; None when the server does not tell: those before 18 do not.

    The schema that is named after the user comes first by default and hardly ever exists: it does not count.
    """
    names = [name.strip().strip('"') for name in search_path.split(",")]
    return next((name for name in names if name and name != "$user"), None)


def _tell(span: Span, error: psycopg.Error) -> None:
    if isinstance(error, StatementTimedOut):
        tracing.fail(span, tracing.DEADLINE_EXCEEDED)
    elif error.sqlstate is not None:
        span.set_attribute("db.response.status_code", error.sqlstate)
        tracing.fail(span, error.sqlstate)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
