"""TLS by files that are read again, and what is said of files that cannot be used."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
import trustme
from cryptography.hazmat.primitives import serialization

from reeld.cli.vitals import EXPIRES_SOON, check_certificate
from reeld.domain.errors import Refused
from reeld.domain.settings import InvalidSetting, ServerSettings, Settings
from reeld.http.server import WebServer, bind, url_of
from reeld.http.tls import Certificate
from reeld.telemetry import Metrics, Status

AUTHORITY = trustme.CA()


def write(folder: Path, *, days: float = 90, ca: trustme.CA = AUTHORITY) -> tuple[Path, Path]:
    ends = datetime.now(UTC) + timedelta(days=days)
    issued = ca.issue_cert("127.0.0.1", not_after=ends)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    return certificate, key


def trusting(ca: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


@asynccontextmanager
async def serving(certificate: Certificate) -> AsyncIterator[str]:
    with bind("127.0.0.1", 0) as listener:
        server = WebServer(listener, hello, certificate=certificate)
        async with trio.open_nursery() as nursery:
            await nursery.start(_run, server)
            yield url_of(listener, over_tls=True)
            server.stop()


async def _run(server: WebServer, *, task_status: trio.TaskStatus[object]) -> None:
    await server.run(task_status=task_status)


async def text_of(url: str, context: ssl.SSLContext) -> str:
    async with httpx.AsyncClient(verify=context) as client:
        return (await client.get(url)).text


async def test_a_certificate_is_served_and_a_new_one_without_a_restart(tmp_path: Path) -> None:
    metrics = Metrics()
    certificate = Certificate(*write(tmp_path, days=10), metrics)
    expiry = "reeld_tls_certificate_expiry_timestamp_seconds"
    first = metrics.value(expiry)
    async with serving(certificate) as url:
        assert await text_of(url, trusting()) == "hello"
        other = trustme.CA()
        write(tmp_path, days=90, ca=other)
        await certificate.look()
        assert await text_of(url, trusting(other)) == "hello"
        with pytest.raises(httpx.ConnectError):
            await text_of(url, trusting())
    assert metrics.value(expiry) > first
    assert metrics.value("reeld_tls_last_reload_successful") == 1


async def test_broken_files_leave_the_former_certificate_in_force_and_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = Metrics()
    certificate = Certificate(*write(tmp_path), metrics)
    async with serving(certificate) as url:
        (tmp_path / "cert.pem").write_text("half a certifi")
        await certificate.look()
        assert await text_of(url, trusting()) == "hello"
        assert metrics.value("reeld_tls_last_reload_successful") == 0
        assert "certificate_not_reloaded" in capsys.readouterr().out
        write(tmp_path)
        await certificate.look()
        assert metrics.value("reeld_tls_last_reload_successful") == 1


async def test_files_that_change_are_seen_by_themselves(
    tmp_path: Path, autojump_clock: Any
) -> None:
    metrics = Metrics()
    certificate = Certificate(*write(tmp_path, days=10), metrics)
    before = certificate.ends_at
    async with trio.open_nursery() as nursery:
        nursery.start_soon(certificate.watch)
        write(tmp_path, days=90)
        while certificate.ends_at == before:
            await trio.sleep(1)
        nursery.cancel_scope.cancel()


async def test_nothing_older_than_tls_1_2_and_no_plain_text_is_spoken(tmp_path: Path) -> None:
    certificate = Certificate(*write(tmp_path), Metrics())
    assert certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2
    async with serving(certificate) as url:
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.HTTPError):
                await client.get(url.replace("https", "http"))
        assert await text_of(url, trusting()) == "hello"


@pytest.mark.parametrize("broken", ["missing", "mismatch", "no pem", "no key", "passphrase"])
def test_files_that_cannot_be_used_are_said_with_what_is_wrong(tmp_path: Path, broken: str) -> None:
    certificate, key = write(tmp_path)
    words = {
        "missing": "cannot be read",
        "mismatch": "not that of the certificate",
        "no pem": "no PEM",
        "no key": "OpenSSL says|cannot be read",
        "passphrase": "passphrase",
    }
    match broken:
        case "missing":
            certificate.unlink()
        case "mismatch":
            key.write_bytes(AUTHORITY.issue_cert("127.0.0.1").private_key_pem.bytes())
        case "no pem":
            certificate.write_bytes(b"\x00garbage")
        case "no key":
            key.write_text("-----BEGIN NONSENSE-----")
        case "passphrase":
            plain = serialization.load_pem_private_key(key.read_bytes(), None)
            key.write_bytes(
                plain.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.BestAvailableEncryption(b"sesame"),
                )
            )
    with pytest.raises(Refused, match=words[broken]) as caught:
        Certificate(certificate, key, Metrics())
    assert caught.value.reason == "tls_unusable"
    assert "REELD_TLS_CERTIFICATE" in caught.value.sentence


def test_one_file_without_the_other_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="together"):
        ServerSettings(tls_certificate=tmp_path / "cert.pem")


async def test_a_daemon_serves_over_tls_and_commands_on_the_machine_find_it(
    run_daemon: Any, daemon_settings: Settings, tmp_path: Path
) -> None:
    from reeld.cli.client import Daemon as Client

    certificate, key = write(tmp_path)
    server = replace(daemon_settings.server, tls_certificate=certificate, tls_key=key)
    async with run_daemon(replace(daemon_settings, server=server)) as daemon:
        url = daemon.daemon.url
        assert url.startswith("https://")
        async with httpx.AsyncClient(verify=trusting()) as client:
            answer = await client.get(f"{url}/health")
            assert "max-age" in answer.headers["strict-transport-security"]
        environ = {"REELD_DATA_DIR": str(daemon_settings.data_dir)}
        users = await trio.to_thread.run_sync(lambda: Client(environ).get("/api/users"))
        assert [each["name"] for each in users] == ["admin"]


def test_a_certificate_is_judged_by_how_long_it_lasts() -> None:
    now = datetime.now(UTC)
    for left, good, status in (
        (timedelta(days=90), True, Status.PASS),
        (EXPIRES_SOON, True, Status.WARN),
        (timedelta(seconds=-1), True, Status.FAIL),
        (timedelta(days=90), False, Status.WARN),
    ):
        check = check_certificate(now + left, now, is_good=good)
        assert check.status is status
        assert bool(check.sentence) is (status is not Status.PASS)
