"""TLS to a server, with the certificate and the name verified."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio
import trustme
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.storage import Database, TrioConnection

NAME = "db.reeld.example"


class _Names(trio.abc.HostnameResolver):
    """Knows every name: they all are this machine."""

    async def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(port)))]

    async def getnameinfo(self, sockaddr, flags):
        raise NotImplementedError


@dataclass(frozen=True)
class TlsServer:
    network: Any
    authority: Path

    def conninfo(self, **overrides: object) -> str:
        params = conninfo_to_dict(self.network.conninfo)
        del params["hostaddr"]
        secure = {"host": NAME, "sslmode": "verify-full", "sslrootcert": str(self.authority)}
        return make_conninfo("", **{**params, **secure, **overrides})


@pytest.fixture
async def tls_server(
    tmp_path: Path, database_url: str, network_type: Any, nursery: trio.Nursery
) -> TlsServer:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(NAME).configure_cert(context)
    network = network_type(database_url, tls=context)
    await nursery.start(network.run)
    trio.socket.set_custom_hostname_resolver(_Names())
    return TlsServer(network, tmp_path / "ca.pem")


async def test_a_verified_server_is_used_over_tls(tls_server: TlsServer) -> None:
    async with Database.open(tls_server.conninfo()) as database:
        async with database.connection() as connection:
            assert connection.pgconn.ssl_in_use
        # More than one TLS record, both ways.
        big = "x" * 3_000_000
        assert await database.fetch_one("SELECT %s::text", (big,), deadline=30) == (big,)


async def test_a_statement_over_tls_can_be_cancelled(tls_server: TlsServer) -> None:
    connection = await TrioConnection.connect(tls_server.conninfo())
    with trio.fail_after(10), trio.move_on_after(0.2):
        await connection.execute("SELECT pg_sleep(60)")
    cursor = await connection.execute("SELECT 1")
    assert await cursor.fetchone() == (1,)
    await connection.close()
    assert tls_server.network.handshakes == 2, "the cancellation travels over TLS, too"


async def test_a_server_by_another_name_is_refused(tls_server: TlsServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not match"):
        await TrioConnection.connect(tls_server.conninfo(host="impostor.example"))


async def test_a_server_of_an_unknown_authority_is_refused(
    tls_server: TlsServer, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        await TrioConnection.connect(tls_server.conninfo(sslrootcert=str(tmp_path / "other.pem")))
