"""The journal is systemd's alone: here a socket of ours takes its datagrams and reads them as its protocol says."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from reeld.telemetry.logs._journal import Journal, JournalLogger, encode, entry, is_journal
from reeld.telemetry.logs._tracing import add_span


def decode(datagram: bytes) -> dict[str, str]:
    """Read an entry as https://systemd.io/JOURNAL_NATIVE_PROTOCOL describes it."""
    fields: dict[str, str] = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        if b"=" in line:
            name, _, value = line.partition(b"=")
        else:
            name, size = line, int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + size], rest[8 + size + 1 :]
        fields[name.decode()] = value.decode()
        datagram = rest
    return fields


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.settimeout(10)
        yield listener


def write(journald: socket.socket, **event: Any) -> dict[str, str]:
    journal = Journal(journald.getsockname())
    JournalLogger("reeld.test", journal.send).msg(**entry(None, "", event))
    journal.close()
    return decode(journald.recv(1 << 20))


def test_an_entry_has_a_message_a_priority_and_a_field_for_each_fact(
    journald: socket.socket,
) -> None:
    fields = write(
        journald, event="torrent_added", level="warning", actor="qbit", movie=7, trace_id="ab" * 16
    )
    assert fields["MESSAGE"].startswith("torrent_added actor=qbit movie=7")
    assert fields["PRIORITY"] == "4"
    assert fields["SYSLOG_IDENTIFIER"] == "reeld"
    assert fields["REELD_EVENT"] == "torrent_added"
    assert fields["REELD_ACTOR"] == "qbit"
    assert fields["REELD_MOVIE"] == "7"
    assert fields["TRACE_ID"] == "ab" * 16


def test_lines_in_a_value_cannot_forge_a_field(journald: socket.socket) -> None:
    fields = write(journald, event="named", level="info", title="a\nPRIORITY=0\nMESSAGE=forged")
    assert fields["REELD_TITLE"] == "a\nPRIORITY=0\nMESSAGE=forged"
    assert fields["PRIORITY"] == "6"
    assert fields["MESSAGE"].startswith("named")


@pytest.mark.parametrize("key", ["ünlaut", "a=b", "_hidden", "x" * 90, "with space"])
def test_every_field_has_a_name_that_the_journal_takes(journald: socket.socket, key: str) -> None:
    names = write(journald, event="x", level="info", **{key: "value"}).keys()
    (name,) = (each for each in names if each.startswith("REELD_") and each != "REELD_EVENT")
    assert len(name) <= 64
    assert name[0].isascii()
    assert all(letter.isascii() and (letter.isalnum() or letter == "_") for letter in name)


def test_an_entry_too_large_for_a_datagram_is_cut_and_arrives(journald: socket.socket) -> None:
    fields = write(journald, event="large", level="error", body="x" * 4_000_000)
    assert fields["PRIORITY"] == "3"
    assert len(fields["REELD_BODY"]) == 8192


def test_what_a_full_journal_does_not_take_goes_to_standard_error(
    journald: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(journald.getsockname())
    for number in range(5000):
        journal.send({"MESSAGE": f"record {number}", "PRIORITY": "4", "REELD_EVENT": "x"})
        if capsys.readouterr().err.startswith("<4>record"):
            break
    else:
        pytest.fail("the socket never filled up")
    journal.close()


def test_the_journal_is_recognised_by_device_and_inode() -> None:
    stat = os.fstat(2)
    assert is_journal(2, {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"})
    assert not is_journal(2, {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino + 1}"})
    assert not is_journal(2, {})
    assert not is_journal(-1, {"JOURNAL_STREAM": "1:2"})


def test_without_a_journal_records_are_lines_of_json() -> None:
    code = (
        "import structlog; from reeld.telemetry import configure_logs; configure_logs(form='journal');"
        "structlog.get_logger('reeld.test').info('said', passkey='s3cr3ts3cr3t')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if not Path("/run/systemd/journal/socket").exists():
        assert '"event": "said"' in run.stderr
    assert "s3cr3ts3cr3t" not in run.stderr


def test_encoding_is_the_one_of_the_protocol() -> None:
    assert encode({"A": "b", "C": "d\ne"}) == b"A=b\nC\n\x03\x00\x00\x00\x00\x00\x00\x00d\ne\n"


def test_a_record_inside_a_span_names_trace_and_span() -> None:
    context = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(1))
    with use_span(NonRecordingSpan(context)):
        event = add_span(None, "info", {"event": "x"})
    assert event["trace_id"] == f"{0xABC:032x}"
    assert event["span_id"] == f"{0xDEF:016x}"
    assert add_span(None, "info", {"event": "x"}) == {"event": "x"}
