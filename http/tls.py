"""TLS by certificate files, which are read again when they change: a renewed certificate needs no restart."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
import trio
from cryptography import x509

from reeld.domain.errors import Refused
from reeld.telemetry import Metrics

log = structlog.get_logger("reeld.http")

WATCH_SECONDS: Final = 5.0

Mark = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A certificate with its key, ready to be served.

    Attributes:
        ends_at: When it expires (UTC).
        mark: Changes when one of the files does.
    """

    context: ssl.SSLContext
    ends_at: datetime
    mark: Mark


class Certificate:
    """The certificate that is served now.

    Args:
        certificate: The PEM file with it and those that lead to its root.
        key: The PEM file of its private key, without a passphrase.
        metrics: Say when it ends, and whether the files are good.

    Raises:
        Refused: The files cannot be used; the sentence says why (reason `tls_unusable`).
    """

    def __init__(self, certificate: Path, key: Path, metrics: Metrics) -> None:
        self.path = certificate
        self._key = key
        self._metrics = metrics
        self._loaded = load(certificate, key)
        self._seen = self._loaded.mark
        self._show(is_good=True)

    @property
    def context(self) -> ssl.SSLContext:
        """What new connections are served with."""
        return self._loaded.context

    @property
    def ends_at(self) -> datetime:
        """When it expires (UTC)."""
        return self._loaded.ends_at

    async def watch(self) -> None:
        """Read the files again whenever they change, until cancelled. Broken ones leave the former in force."""
        while True:
            await trio.sleep(WATCH_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Read the files again if they were changed."""
        mark = await trio.to_thread.run_sync(_mark, self.path, self._key)
        if mark == self._seen:
            return
        self._seen = mark
        try:
            self._loaded = await trio.to_thread.run_sync(load, self.path, self._key)
        except Refused as error:
            log.error("certificate_not_reloaded", reason=error.reason, sentence=error.sentence)
            self._show(is_good=False)
            return
        # A file that was replaced while it was read is read once more.
        self._seen = self._loaded.mark
        log.info("certificate_reloaded", ends_at=self._loaded.ends_at.isoformat())
        self._show(is_good=True)

    def _show(self, *, is_good: bool) -> None:
        ends = self._loaded.ends_at.timestamp()
        self._metrics.set("reeld_tls_certificate_expiry_timestamp_seconds", ends)
        self._metrics.set("reeld_tls_last_reload_successful", float(is_good))


def load(certificate: Path, key: Path) -> Loaded:
    """Read a certificate with its key. Blocks on the disk.

    Raises:
        Refused: They cannot be used; the sentence says why.
    """
    mark = _mark(certificate, key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        ends_at = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
        # A key with a passphrase must not make OpenSSL ask for it on the terminal.
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except OSError as error:
        raise _unusable(certificate, key, _complaint(error)) from error
    except ValueError as error:
        raise _unusable(certificate, key, "the certificate is no PEM file") from error
    return Loaded(context, ends_at.astimezone(UTC), mark)


def _complaint(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return f"{error.filename or 'a file'} cannot be read ({error.strerror})"
    # One that is raised here has no reason.
    match getattr(error, "reason", None) or "":
        case "KEY_VALUES_MISMATCH":
            return "the key is not that of the certificate"
        case "EE_KEY_TOO_SMALL":
            return "the key is too short"
        case "" | "BAD_PASSWORD_READ":
            return "the key cannot be read; it may have a passphrase, which must be taken off"
        case reason:
            return f"OpenSSL says {str(reason).lower().replace('_', ' ')}"


def _no_passphrase() -> str:
    raise ssl.SSLError("passphrase")


def _unusable(certificate: Path, key: Path, why: str) -> Refused:
    return Refused(
        f"TLS cannot be served with {certificate} and {key}: {why}. Correct REELD_TLS_CERTIFICATE and REELD_TLS_KEY.",
        reason="tls_unusable",
    )


def _mark(*paths: Path) -> Mark:
    return tuple(_mark_of(path) for path in paths)


def _mark_of(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
