"""The database: the embedded server's programs, or the server outside; its version, TLS and schema."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import trio

from reeld.cli.doctor._findings import Finding, failed, passed, warned
from reeld.cli.doctor._patient import Patient
from reeld.domain.errors import ReeldError
from reeld.migrations import bundled_migrations, schema_version
from reeld.storage import TrioConnection
from reeld.storage.embedded import Binaries
from reeld.storage.embedded._directory import ServerDirectory
from reeld.storage.embedded._identity import identity_for
from reeld.storage.embedded._upgrade import UPGRADABLE

OLDEST_MAJOR: Final = 16
NEWEST_MAJOR: Final = 18
CONNECT_SECONDS: Final = 8.0
PROGRAM_SECONDS: Final = 10.0

_LOOPBACK: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})

# libpq's own texts may repeat parts of the address, and with a badly quoted one parts of the password.
_COMPLAINTS: Final = (
    ("password authentication failed", "It rejects the user or the password"),
    ("no password supplied", "It wants a password"),
    ("pg_hba.conf", "Its pg_hba.conf does not let this machine in"),
    ("does not exist", "The user or the database does not exist there"),
    ("certificate", "Its certificate is not trusted"),
    ("SSL", "TLS cannot be agreed on"),
    ("no address", "Its host name is unknown"),
    ("refused", "Nothing listens at that address"),
    ("too many", "It has no connection left"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a connection showed."""

    version: int
    tls: bool
    schema: int
    may_create: bool


async def check_database(patient: Patient) -> list[Finding]:
    """Look at the database that the settings name."""
    if patient.settings.database_url is None:
        return await _check_embedded(patient)
    return await _check_external(patient.settings.database_url.reveal())


# The embedded one


async def _check_embedded(patient: Patient) -> list[Finding]:
    try:
        found = await trio.to_thread.run_sync(
            _judge_programs, patient.postgres, abandon_on_cancel=True
        )
        if found is not None:
            return [found]
        conninfo = await trio.to_thread.run_sync(lambda: patient.conninfo)
        seen = None if conninfo is None else await _look(conninfo)
    except ReeldError as error:
        return [failed("database", error.sentence, reason=error.reason)]
    except OSError as error:
        sentence = (
            f"{patient.postgres} cannot be used ({error.strerror or error}): run reeld and this check as its owner, or"
            " set REELD_DATA_DIR to another folder."
        )
        return [failed("database", sentence)]
    except psycopg.Error:
        sentence = (
            f"The embedded PostgreSQL does not answer: {patient.postgres}/postgres.log says why."
        )
        return [failed("database", sentence)]
    if seen is None:
        sentence = (
            "The embedded PostgreSQL can run here; it does not now, and `reeld run` starts it."
        )
        return [passed("database", sentence, kind="embedded", running=False)]
    observed = {"kind": "embedded", "running": True, "server_version": seen.version}
    return [_judge_schema(seen, "The embedded PostgreSQL runs", observed)]


def _judge_programs(folder: Path) -> Finding | None:
    binaries = Binaries.bundled()
    if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
        sentence = f"{folder} belongs to another user: run reeld and this check as that user."
        return failed("database", sentence)
    major = ServerDirectory(folder).major()
    if major in UPGRADABLE:
        sentence = (
            f"The data in {folder} is of PostgreSQL {major}: the next start brings it to {binaries.major}, and keeps the"
            " old data beside it."
        )
        return passed("database", sentence, data_major=major)
    if major is not None and major != binaries.major:
        sentence = (
            f"The data in {folder} is of PostgreSQL {major}, reeld brings {binaries.major}: dump it with the old version,"
            " move the folder away, start reeld once and restore the dump."
        )
        return failed("database", sentence, data_major=major)
    return _judge_run(binaries, folder)


def _judge_run(binaries: Binaries, folder: Path) -> Finding | None:
    """Start the server's program as whom it would run, only to have it say its version."""
    with tempfile.TemporaryDirectory(prefix="reeld-doctor-") as fresh:
        # A folder that is still to be made will belong to us, as this one does.
        identity = identity_for(folder if folder.is_dir() else Path(fresh))
        try:
            subprocess.run(
                identity.command(binaries.path("postgres"), "--version"),
                capture_output=True,
                cwd="/",
                timeout=PROGRAM_SECONDS,
                check=True,
                **identity.process_options(),
            )
        except (OSError, subprocess.SubprocessError):
            sentence = (
                f"{binaries.path('postgres')} does not run here: install reeld again where its user may read it, or"
                " set REELD_DATABASE_URL."
            )
            return failed("database", sentence)
    return None


# The one outside


async def _check_external(url: str) -> list[Finding]:
    try:
        seen = await _look(url)
    except psycopg.ProgrammingError:
        sentence = (
            "REELD_DATABASE_URL cannot be read: it must look like postgresql://user:password@host:5432/database, with"
            " %-codes for / @ : in the password."
        )
        return [failed("database", sentence)]
    except psycopg.Error as error:
        return [failed("database", f"{_complaint(error)}. Check REELD_DATABASE_URL.")]
    major = seen.version // 10000
    observed = {"kind": "external", "server_version": seen.version, "tls": seen.tls}
    if major < OLDEST_MAJOR:
        sentence = f"PostgreSQL {major} is too old: use {OLDEST_MAJOR} to {NEWEST_MAJOR}."
        return [failed("database", sentence, **observed)]
    if not seen.schema and not seen.may_create:
        sentence = (
            "The database's user may not make tables: GRANT CREATE, USAGE ON SCHEMA public to it."
        )
        return [failed("database", sentence, **observed)]
    return [
        _judge_schema(seen, f"PostgreSQL {major} answers", observed),
        *_judge_transport(seen, url),
        *_judge_major(major),
    ]


def _judge_transport(seen: Seen, url: str) -> list[Finding]:
    host = urlsplit(url).hostname or ""
    if seen.tls or host in _LOOPBACK or host.startswith(("/", "%2f", "%2F")):
        return []
    sentence = "The connection to the database is not encrypted: add ?sslmode=verify-full to REELD_DATABASE_URL."
    return [warned("database_tls", sentence, tls=False)]


def _judge_major(major: int) -> list[Finding]:
    if major <= NEWEST_MAJOR:
        return []
    sentence = (
        f"reeld was not tried with PostgreSQL {major}, only with {OLDEST_MAJOR} to {NEWEST_MAJOR}."
    )
    return [warned("database_version", sentence, major=major)]


def _complaint(error: psycopg.Error) -> str:
    text = str(error)
    known = next((what for sign, what in _COMPLAINTS if sign in text), None)
    return f"The database cannot be used. {known or 'It does not answer'}"


async def _look(conninfo: str) -> Seen:
    connection = await TrioConnection.connect(
        conninfo, deadline=CONNECT_SECONDS, application_name="reeld-doctor"
    )
    try:
        schema = await schema_version(connection)
        rights = await connection.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')")
        row = await rights.fetchone()
        return Seen(
            version=connection.info.server_version,
            tls=connection.pgconn.ssl_in_use,
            schema=schema,
            may_create=bool(row and row[0]),
        )
    finally:
        await connection.close()


def _judge_schema(seen: Seen, opening: str, observed: dict[str, object]) -> Finding:
    last = bundled_migrations()[-1].number
    observed = {**observed, "schema": seen.schema, "newest_schema": last}
    if seen.schema > last:
        sentence = (
            f"{opening}, but a newer reeld has used this database (migration {seen.schema}, this one knows {last}):"
            " install that version, or restore a backup from before."
        )
        return failed("database", sentence, **observed)
    if seen.schema == last:
        return passed("database", f"{opening}, with its schema up to date.", **observed)
    what = "is empty" if not seen.schema else f"is at migration {seen.schema} of {last}"
    return passed(
        "database",
        f"{opening}; its schema {what}, the next start brings it up to date.",
        **observed,
    )
