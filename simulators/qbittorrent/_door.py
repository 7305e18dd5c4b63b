"""Who may talk to the WebUI: host header, CSRF, login, sessions and bans."""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import trio

from reeld.simulators.qbittorrent._profile import Profile
from reeld.simulators.simulator import Answer, Request

BANNED = b"Your IP address has been banned after too many failed authentication attempts."
_TEXT = "text/plain; charset=UTF-8"


@dataclass(slots=True)
class Session:
    """One login. Deltas of `sync/maindata` are counted per session."""

    id: str
    used_at: float
    rid: int = 0
    snapshots: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The last two answers by rid: the one the client has confirmed and the one on its way."""


class Doorkeeper:
    """Logins, sessions and bans; all of it is forgotten when qBittorrent restarts.

    Args:
        profile: The version.
        username: The one user's name.
        password: The one user's password.
        preferences: Read at each request.
    """

    def __init__(
        self, profile: Profile, username: str, password: str, preferences: dict[str, Any]
    ) -> None:
        self.username = username
        self.password = password
        self.api_key = f"qbt_{secrets.token_hex(14)}"
        """5.2 takes it as a bearer token."""
        self.sessions: dict[str, Session] = {}
        self.failures: Counter[str] = Counter()
        self.logins = 0
        """Attempts to log in, for tests that count them."""
        self._banned_until: dict[str, float] = {}
        self._profile = profile
        self._preferences = preferences

    def forget_all(self) -> None:
        """Drop sessions, failures and bans."""
        self.sessions.clear()
        self.failures.clear()
        self._banned_until.clear()

    def ban(self, client: str, seconds: float) -> None:
        """Ban a client: no login from its address, right or wrong."""
        self._banned_until[client] = trio.current_time() + seconds

    def banned(self, client: str) -> bool:
        """Whether a client is banned now."""
        return trio.current_time() < self._banned_until.get(client, 0.0)

    def turned_away(self, request: Request) -> bool:
        """Whether the host header or the origin is wrong: 401, before any login."""
        host = request.headers.get("host", "")
        if self._preferences["web_ui_host_header_validation_enabled"]:
            port = urlsplit(f"//{host}").port
            if port is not None and port != request.server_port:
                return True
        origin = request.headers.get("origin") or request.headers.get("referer")
        guarded = self._preferences["web_ui_csrf_protection_enabled"] and not self._bearer(request)
        return bool(guarded and origin and urlsplit(origin).netloc != host)

    def session_of(self, request: Request) -> Session | None:
        """The session that the request belongs to, kept alive by being used; None without one."""
        now = trio.current_time()
        found = self.sessions.get(self._sent_cookie(request))
        timeout = self._preferences["web_ui_session_timeout"]
        if found is not None and timeout and now - found.used_at > timeout:
            del self.sessions[found.id]
            found = None
        if found is None and (self._unguarded(request) or self._by_header(request)):
            # One session for everybody who needs none: its deltas are theirs together.
            found = self.sessions.setdefault("", Session("", now))
        if found is not None:
            found.used_at = now
        return found

    def login(self, request: Request, username: str, password: str) -> Answer:
        """Answer `auth/login`."""
        self.logins += 1
        # A session that is still valid answers for the password, whatever it is.
        if self.session_of(request) is not None:
            return self._welcome()
        if self.banned(request.client):
            return Answer(403, BANNED, _TEXT)
        if (username, password) != (self.username, self.password):
            return self._refuse(request.client)
        self.failures.pop(request.client, None)
        session = Session(secrets.token_urlsafe(24), trio.current_time())
        self.sessions[session.id] = session
        return self._welcome(("set-cookie", self._cookie(session, request.server_port)))

    def logout(self, request: Request) -> Answer:
        """Answer `auth/logout`: end the request's session and its cookie."""
        self.sessions.pop(self._sent_cookie(request), None)
        name = self._cookie_name(request.server_port)
        expired = ("set-cookie", f"{name}=; expires=Thu, 01-Jan-1970 00:00:00 GMT; path=/")
        return Answer(200, b"", _TEXT, (expired,))

    def _refuse(self, client: str) -> Answer:
        self.failures[client] += 1
        if self.failures[client] >= self._preferences["web_ui_max_auth_fail_count"]:
            self.failures.pop(client)
            self.ban(client, self._preferences["web_ui_ban_duration"])
        if self._profile.answers_json_to_add:
            return Answer(401, b"Unauthorized", _TEXT)
        return Answer(200, b"Fails.", _TEXT)

    def _welcome(self, *headers: tuple[str, str]) -> Answer:
        if self._profile.answers_json_to_add:
            return Answer(204, headers=headers)
        return Answer(200, b"Ok.", _TEXT, headers)

    def _cookie(self, session: Session, port: int) -> str:
        site = "Lax" if self._profile.answers_json_to_add else "Strict"
        return f"{self._cookie_name(port)}={session.id}; HttpOnly; path=/; SameSite={site}"

    def _cookie_name(self, port: int) -> str:
        return f"{self._profile.cookie}{port if self._profile.answers_json_to_add else ''}"

    def _sent_cookie(self, request: Request) -> str:
        cookies = SimpleCookie(request.headers.get("cookie", ""))
        sent = cookies.get(self._cookie_name(request.server_port))
        return sent.value if sent is not None else "no cookie"

    def _unguarded(self, request: Request) -> bool:
        local = request.client in {"127.0.0.1", "::1"}
        return bool(local and self._preferences["bypass_local_auth"])

    def _bearer(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return self._profile.answers_json_to_add and given == f"Bearer {self.api_key}"

    def _by_header(self, request: Request) -> bool:
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        given = request.headers.get("authorization", "")
        basic = self._profile.answers_json_to_add and given == f"Basic {pair}"
        return basic or self._bearer(request)
