"""The spans of statements and transactions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio
from opentelemetry.trace import SpanKind, StatusCode
from psycopg.conninfo import conninfo_to_dict

from reeld import storage
from reeld.domain.errors import DatabaseUnavailable
from reeld.storage import Database
from reeld.storage._tracing import LONGEST_TEXT, _schema_in, summary_of, text_of
from reeld.storage.repositories import movies
from reeld.storage.work._claim import _CLAIM
from reeld.storage.work._enqueue import _ENQUEUE
from reeld.telemetry import tracing


@pytest.mark.parametrize(
    ("sql", "summary"),
    [
        ("SELECT id FROM movie WHERE id = %s", "SELECT movie"),
        ("  select count(*) from  movie m", "SELECT movie"),
        ("SELECT 1", "SELECT"),
        ("SELECT pg_notify('reeld_work', '')", "SELECT"),
        ("SELECT * FROM unnest(%s::bigint[]) AS t (id)", "SELECT"),
        ("SELECT id FROM release ORDER BY id FOR NO KEY UPDATE", "SELECT release"),
        ("SELECT id FROM work FOR UPDATE SKIP LOCKED", "SELECT work"),
        ("INSERT INTO event (kind) VALUES (%s)", "INSERT event"),
        ("INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET b = 2", "INSERT a"),
        ("DELETE FROM event WHERE id IN (SELECT id FROM event)", "DELETE event"),
        ("-- UPDATE nothing\nUPDATE movie SET stage = %s", "UPDATE movie"),
        ("WITH x AS (SELECT id FROM work) SELECT id FROM x", "SELECT work"),
        ("SELECT a IS DISTINCT FROM b FROM movie", "SELECT movie"),
        ("SET LOCAL lock_timeout = 1", "SET"),
        ("", "EMPTY"),
        (_CLAIM, "UPDATE work"),
        (_ENQUEUE, "INSERT work"),
    ],
)
def test_a_statement_is_named_after_what_it_does_to_which_table(sql: str, summary: str) -> None:
    assert summary_of(sql) == summary


def test_the_names_of_reelds_own_statements_are_few_and_hold_no_values() -> None:
    texts = [
        text
        for path in Path(str(storage.__file__)).parent.rglob("*.py")
        for text in re.findall(
            r'"""(.*?)"""|"((?:SELECT|DELETE|UPDATE) [^"]*)"', path.read_text(), re.DOTALL
        )
    ]
    statements = [
        a or b for a, b in texts if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s", a or b)
    ]
    assert len(statements) > 50
    named = {summary_of(each) for each in statements}
    assert len(named) < 200
    assert all(re.fullmatch(r"[A-Z]+( [a-z_.]+)?", each) for each in named), named


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT id\n  FROM movie -- all\n WHERE id = %s", "SELECT id FROM movie WHERE id = %s"),
        ("SELECT 'it''s ' || E'a secret' /* b */, 'c'", "SELECT ? || ? , ?"),
        ("SELECT '-- no comment', '/*', 'x' -- it's one", "SELECT ?, ?, ?"),
        (r"SELECT E'it\'s', 1", "SELECT ?, 1"),
        ("DO $$ BEGIN PERFORM 'x'; END $$", "DO ?"),
        ("SELECT $a$ it's $$ $a$, 1", "SELECT ?, 1"),
        ("", ""),
    ],
)
def test_the_text_of_a_statement_is_one_line_without_comments_and_literals(
    sql: str, text: str
) -> None:
    assert text_of(sql) == text


def test_the_text_of_a_statement_is_not_endless() -> None:
    told = text_of("SELECT " + ", ".join(f"column_{number}" for number in range(1000)))
    assert len(told) == LONGEST_TEXT
    assert told.endswith("...")


@pytest.mark.parametrize(
    ("told", "schema"),
    [
        ("", None),
        ('"$user", public', "public"),
        ('"Films", public', "Films"),
        ('"$user"', None),
    ],
)
def test_the_schema_is_the_first_in_the_path_that_the_server_tells(
    told: str, schema: str | None
) -> None:
    assert _schema_in(told) == schema


def place_of(span: Any) -> dict[str, Any]:
    names = ("db.namespace", "server.address", "server.port")
    return {name: span.attributes.get(name) for name in names}


async def where(database: Database) -> dict[str, Any]:
    """Where the test's database is, by what the server and the connection string say."""
    known = conninfo_to_dict(database.conninfo)
    row = await database.fetch_one(
        "SELECT current_database(), current_schema(), current_setting('server_version_num')::int"
    )
    assert row is not None
    name, schema, version = row
    return {
        # Before 18 a server tells nobody by itself which schemas are looked into.
        "db.namespace": f"{name}|{schema}" if version >= 180000 else name,
        "server.address": known["host"],
        "server.port": int(known.get("port") or 5432),
    }


async def test_a_statement_is_a_span_of_its_caller(database: Database, spans: Any) -> None:
    with tracing.record("asks"):
        await database.fetch_all("SELECT id FROM movie")
    span = spans.one("SELECT movie")
    assert span.kind is SpanKind.CLIENT
    assert span.parent.span_id == spans.one("asks").context.span_id
    assert span.attributes["db.system.name"] == "postgresql"
    assert span.attributes["db.query.summary"] == "SELECT movie"
    assert span.attributes["db.query.text"] == "SELECT id FROM movie"
    assert place_of(span) == await where(database)
    assert span.status.is_unset


async def test_a_statement_of_nobody_who_records_is_no_span(database: Database, spans: Any) -> None:
    await database.fetch_all("SELECT id FROM movie")
    assert spans.all == []


async def test_a_transaction_and_its_statements_are_spans(database: Database, spans: Any) -> None:
    with tracing.record("writes"):
        async with database.labelled("movies").transaction() as conn:
            await movies.get(conn, 7)
    assert [span.name for span in spans.all] == ["SELECT movie", "TRANSACTION", "writes"]
    transaction = spans.one("TRANSACTION")
    assert transaction.attributes["reeld.repository"] == "movies"
    assert place_of(transaction) == place_of(spans.one("SELECT movie")) == await where(database)


async def test_an_error_of_the_server_is_told_by_its_sqlstate(
    database: Database, spans: Any
) -> None:
    with tracing.record("asks"), pytest.raises(psycopg.errors.UndefinedTable):
        await database.fetch_all("SELECT id FROM nowhere")
    span = spans.one("SELECT nowhere")
    assert span.attributes["db.response.status_code"] == "42P01"
    assert span.attributes["error.type"] == "42P01"
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert span.events == ()


async def test_a_statement_past_its_deadline_is_told_as_such(
    database: Database, spans: Any
) -> None:
    with tracing.record("asks"), pytest.raises(DatabaseUnavailable):
        await database.fetch_all("SELECT pg_sleep(30)", deadline=0.1)
    assert spans.one("SELECT").attributes["error.type"] == "deadline_exceeded"


async def test_a_transaction_past_its_deadline_is_told_as_such(
    database: Database, spans: Any
) -> None:
    with tracing.record("writes"), pytest.raises(DatabaseUnavailable):
        async with database.transaction(deadline=1) as conn:
            await conn.execute("SELECT pg_sleep(30)")
    assert spans.one("SELECT").attributes["error.type"] == "deadline_exceeded"
    assert spans.one("TRANSACTION").attributes["error.type"] == "deadline_exceeded"


async def test_a_cancelled_statement_is_told_as_such(database: Database, spans: Any) -> None:
    async with trio.open_nursery() as nursery:

        async def ask() -> None:
            with tracing.record("asks"):
                await database.fetch_all("SELECT pg_sleep(30)", deadline=60)

        nursery.start_soon(ask)
        await trio.sleep(0.1)
        nursery.cancel_scope.cancel()
    for name in ("SELECT", "asks"):
        assert spans.one(name).attributes["error.type"] == "cancelled"
        assert spans.one(name).status.status_code is StatusCode.ERROR
