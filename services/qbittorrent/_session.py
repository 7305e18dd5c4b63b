"""Being logged in, without ever risking a ban.

qBittorrent bans an address for an hour after five wrong logins, and with it everybody else behind that address. So
one rejected login is the last one until a person changes or confirms the credentials.
"""

from __future__ import annotations

from typing import Final

import trio

from reeld.domain.errors import CredentialsRejected, ProtocolViolation, RateLimited, ServiceDown
from reeld.domain.settings import QbittorrentSettings
from reeld.services.qbittorrent._versions import LABEL, SERVICE
from reeld.services.transport import Answer, Call, Wire, refuse_common

_BAN_SECONDS: Final = 3600.0
"""qBittorrent's default; what it is set to cannot be asked while banned."""


class Session:
    """Sends calls, logging in when qBittorrent asks for it.

    Neither `Origin` nor `Referer` is sent: with neither, qBittorrent's check for forged requests lets them pass.

    Args:
        wire: Keeps the cookies.
        settings: Address and credentials.
    """

    def __init__(self, wire: Wire, settings: QbittorrentSettings) -> None:
        self._wire = wire
        self._settings = settings
        self._api_key = settings.api_key
        self._base = settings.url.rstrip("/")
        self._lock = trio.Lock()
        self._rejected = False
        self.generation = 0
        """Grows with every login: what was learnt about an older qBittorrent may not hold any more."""

    def forgive(self) -> None:
        """Allow one more login after a rejected one: a person says that the credentials are right now."""
        self._rejected = False

    async def send(self, call: Call) -> Answer:
        """Send a call to an API path such as `torrents/info`; log in once if that is asked for.

        Raises:
            CredentialsRejected: qBittorrent knows the credentials as wrong. Nothing is sent again until `forgive`.
            RateLimited: It banned this machine's address (reason `banned`).
            ProtocolViolation: It refuses the address's host name, or something else answers in its place.
            ServiceDown: It does not answer, or something in front of it refuses.
        """
        if self._api_key is not None:
            return await self._send_with_key(call)
        seen = self.generation
        answer = await self._deliver(call)
        if answer.status != 403:
            _refuse_host_header(answer)
            return answer
        await self._log_in(seen)
        answer = await self._deliver(call)
        if answer.status == 403:
            raise self._refused_after_login(answer)
        return answer

    async def _deliver(self, call: Call) -> Answer:
        headers = dict(call.headers)
        if self._api_key is not None:
            headers["Authorization"] = f"Bearer {self._api_key.reveal()}"
        path = f"/api/v2/{call.url}"
        return await self._wire.send(
            Call(
                call.method,
                self._base + path,
                params=call.params,
                headers=headers,
                form=call.form,
                files=call.files,
                idempotent=call.idempotent,
                body_cap=call.body_cap,
                template=path,
            )
        )

    async def _send_with_key(self, call: Call) -> Answer:
        if self._rejected:
            raise _rejection("the API key", "qbittorrent.api_key")
        answer = await self._deliver(call)
        if answer.status in {401, 403} and not answer.is_html:
            self._rejected = True
            raise _rejection("the API key", "qbittorrent.api_key")
        if answer.status == 403:
            raise self._refused_after_login(answer)
        return answer

    async def _log_in(self, seen: int) -> None:
        async with self._lock:
            if self.generation != seen:
                return  # somebody else did, while we waited
            if self._rejected:
                raise _rejection(
                    "the user name or the password", "qbittorrent.username and qbittorrent.password"
                )
            self._require_credentials()
            # With a live session every password is accepted: only without one does the answer mean anything.
            self._wire.forget_cookies()
            self._judge_login(await self._deliver(self._login_call()))
            self.generation += 1

    def _login_call(self) -> Call:
        password = self._settings.password
        form = {
            "username": self._settings.username,
            "password": password.reveal() if password else "",
        }
        # Not repeatable: a second wrong attempt is a second step towards the ban.
        return Call("POST", "auth/login", form=form, idempotent=False)

    def _require_credentials(self) -> None:
        if not self._settings.username:
            raise CredentialsRejected(
                f"{LABEL} wants a login. Set qbittorrent.username and qbittorrent.password, or let it"
                " accept this machine without one.",
                service=SERVICE,
                reason="credentials_missing",
            )

    def _judge_login(self, answer: Answer) -> None:
        """Return when the login succeeded: `Ok.`, nothing at all, or 204 since 5.2."""
        text = answer.text[:64].strip()
        if answer.is_success and (answer.status == 204 or text in {"", "Ok."}):
            return
        if answer.status == 401 or (answer.is_success and text == "Fails."):
            self._rejected = True
            raise _rejection(
                "the user name or the password", "qbittorrent.username and qbittorrent.password"
            )
        if answer.status == 403 and not answer.is_html:
            raise RateLimited(
                f"{LABEL} banned this machine's address after too many wrong logins. reeld waits an"
                " hour; restarting qBittorrent lifts the ban at once. Check qbittorrent.password.",
                service=SERVICE,
                reason="banned",
                retry_after=_BAN_SECONDS,
            )
        if answer.status == 403:
            raise self._refused_after_login(answer)
        refuse_common(answer, service=SERVICE, label=LABEL)
        raise not_qbittorrent(answer)

    def _refused_after_login(self, answer: Answer) -> ServiceDown:
        by = "Something in front of it (a reverse proxy?)" if answer.is_html else "It"
        return ServiceDown(
            f"{LABEL}: {by} refuses although the login succeeded or was not asked for (HTTP 403)."
            " Check what stands between reeld and qBittorrent.",
            service=SERVICE,
            reason="forbidden",
        )


def _refuse_host_header(answer: Answer) -> None:
    if answer.status == 401:
        raise ProtocolViolation(
            f"{LABEL} refuses the host name or the port in qbittorrent.url (HTTP 401 before any"
            " login). Use the port that it listens on itself, or add the name to its 'Server"
            " domains' under Options, Web UI.",
            service=SERVICE,
            reason="host_header_refused",
        )


def _rejection(what: str, remedy: str) -> CredentialsRejected:
    return CredentialsRejected(
        f"{LABEL} rejects {what}. reeld tried once and does not try again, so that it is not banned:"
        f" correct {remedy}.",
        service=SERVICE,
    )


def not_qbittorrent(answer: Answer) -> ProtocolViolation:
    """Build the error for an answer that no qBittorrent gives."""
    page = " with an HTML page" if answer.is_html else f" with HTTP {answer.status}"
    return ProtocolViolation(
        f"{LABEL}: {answer.origin} answers{page}, not as {LABEL} 4.1 or newer does. Check"
        " qbittorrent.url, its path included; a login page may stand in between.",
        service=SERVICE,
        reason="html_instead_of_answer" if answer.is_html else "not_qbittorrent",
    )
