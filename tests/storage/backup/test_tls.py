"""A server that is reached over TLS: the bundled pg_dump speaks none, and nothing falls back to plain text."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.storage.backup import BackupFolder, Source, _tools, create_backup
from reeld.storage.errors import BackupFailed


@pytest.mark.parametrize("mode", ["prefer", "require"])
async def test_rows_never_travel_in_plain_text_because_of_the_bundled_program(
    source: Source,
    folder: BackupFolder,
    network_type: Any,
    nursery: trio.Nursery,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    mode: str,
) -> None:
    monkeypatch.setattr(_tools, "_in_path", list)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    network = network_type(source.conninfo, tls=context)
    await nursery.start(network.run)
    params = {**conninfo_to_dict(network.conninfo), "sslmode": mode}
    over_tls = replace(source, conninfo=make_conninfo("", **params))
    with pytest.raises(
        BackupFailed, match=r"does not speak\. Install postgresql-client-1[68]"
    ) as failed:
        await create_backup(over_tls, folder)
    assert failed.value.reason == "no_pg_dump"
    assert network.connections == network.handshakes == 1
    assert folder.backups() == []
