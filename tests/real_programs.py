"""The real programs from Debian, started for tests: qbittorrent-nox, opentracker, mktorrent, ffmpeg, Prometheus.

A `conftest.py` that wants the fixtures loads this file with:

    _spec = importlib.util.spec_from_file_location("reeld_tests_real_programs", ".../real_programs.py")

because tests are imported in importlib mode, where test folders are no packages. Everything here is synchronous, so
that fixtures of any scope can use it; a test whose event loop has to go on meanwhile calls it through
`trio.to_thread.run_sync`.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

PACKAGES = {
    "qbittorrent-nox": "qbittorrent-nox",
    "opentracker": "opentracker",
    "mktorrent": "mktorrent",
    "ffmpeg": "ffmpeg",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "systemd-analyze": "systemd",
}
UNPACKED = Path(__file__).resolve().parents[1] / ".cache" / "programs" / "usr" / "bin"
"""Where `make services` puts programs whose packages would start servers if they were installed."""
USERNAME = "reeld"
PASSWORD = "correct horse battery"
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0


def require(program: str) -> str:
    """Return the program's path; skip, or fail with REELD_REQUIRE_SERVICES=1, when it is not installed."""
    path = shutil.which(program) or shutil.which(program, path=str(UNPACKED))
    if path is None:
        _give_up(f"{program} is missing: apt-get install {PACKAGES[program]}")
    return path


def command_of(program: str) -> list[str]:
    """Return the command that runs a program; its arguments follow.

    One that was only unpacked gets its package's /usr/share in place of the machine's, in a namespace of its own:
    Debian's Alertmanager does not start without the templates that lie there.
    """
    path = require(program)
    if not Path(path).is_relative_to(UNPACKED):
        return [path]
    namespace = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        _give_up(f"{program} cannot be run unpacked here: apt-get install {PACKAGES[program]}")
    script = 'mount --bind "$1" /usr/share && shift && exec "$@"'
    share = str(UNPACKED.parent / "share")
    return [*namespace, "sh", "-c", script, "sh", share, path]


def _give_up(message: str) -> NoReturn:
    if os.environ.get("REELD_REQUIRE_SERVICES") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again and again until it holds.

    Raises:
        TimeoutError: It did not hold in time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took longer than {seconds:g} s")
        time.sleep(0.02)


@dataclass
class RealQbittorrent:
    """A qbittorrent-nox of its own: own profile, own ports, loopback only.

    Attributes:
        folder: Everything is below it; `downloads` is the default save path.
        settings: Lines for `[Preferences]` of its configuration, beyond what it needs.
    """

    folder: Path
    settings: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    peer_port: int = field(default_factory=free_port)
    username: str = USERNAME
    password: str = PASSWORD
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its Web UI listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def downloads(self) -> Path:
        """Its default save path."""
        return self.folder / "downloads"

    def start(self) -> None:
        """Start it and wait until the Web UI answers.

        Raises:
            TimeoutError: It does not come up; its output is in `output.log`.
        """
        program = require("qbittorrent-nox")
        if not (self.folder / "profile").exists():
            self._configure()
        with (self.folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [program, f"--profile={self.folder / 'profile'}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "HOME": str(self.folder)},
            )
        wait_until(self._answers, _START_SECONDS, "starting qbittorrent-nox")

    def stop(self) -> None:
        """Stop it in order, by force when that takes too long."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it at once, as a power cut of the process would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it and start it again with the same profile: sessions and bans are forgotten, torrents are not."""
        self.stop()
        self.start()

    def _end(self, with_signal: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(with_signal)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"qbittorrent-nox ended: {(self.folder / 'output.log').read_text()}")
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/app/version", timeout=1):
                return True
        except urllib.error.HTTPError:
            return True  # it wants a login: it is there
        except OSError:
            return False

    def _configure(self) -> None:
        self.downloads.mkdir(parents=True, exist_ok=True)
        folder = self.folder / "profile" / "qBittorrent" / "config"
        folder.mkdir(parents=True)
        (folder / "qBittorrent.conf").write_text(
            "\n".join(
                [
                    "[LegalNotice]",
                    "Accepted=true",
                    "[BitTorrent]",
                    r"Session\DHTEnabled=false",
                    r"Session\PeXEnabled=false",
                    r"Session\LSDEnabled=false",
                    rf"Session\Port={self.peer_port}",
                    r"Session\Interface=lo",
                    r"Session\InterfaceName=lo",
                    rf"Session\DefaultSavePath={self.downloads}",
                    r"Session\MultiConnectionsPerIp=true",
                    # Over uTP a peer keeps talking to the one that was restarted, and is deaf to the new one.
                    r"Session\BTProtocol=TCP",
                    "[Preferences]",
                    r"WebUI\Address=127.0.0.1",
                    rf"WebUI\Port={self.port}",
                    rf"WebUI\Username={self.username}",
                    rf'WebUI\Password_PBKDF2="{_pbkdf2(self.password)}"',
                    *self.settings,
                    "",
                ]
            )
        )


def _pbkdf2(password: str) -> str:
    """Return a password as qBittorrent stores it since 4.2."""
    salt = os.urandom(16)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 100_000)
    return f"@ByteArray({base64.b64encode(salt).decode()}:{base64.b64encode(key).decode()})"


@dataclass
class RealTracker:
    """An opentracker on loopback for the torrents that it is told of.

    Debian builds it with a whitelist. It gives up its rights, so the list lies where everybody may read it.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def announce_url(self) -> str:
        """What goes into a .torrent."""
        return f"http://127.0.0.1:{self.port}/announce"

    def start(self) -> None:
        """Start it and wait until it listens."""
        program = require("opentracker")
        self._whitelist.touch()
        self._whitelist.chmod(0o644)
        address = ["-i", "127.0.0.1", "-p", str(self.port), "-P", str(self.port)]
        self._process = subprocess.Popen(
            [program, *address, "-w", str(self._whitelist)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._listens, _START_SECONDS, "starting opentracker")

    def allow(self, *infohashes: str) -> None:
        """Track these torrents, too."""
        with self._whitelist.open("a") as listed:
            listed.writelines(f"{infohash}\n" for infohash in infohashes)
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Stop it."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    @property
    def _whitelist(self) -> Path:
        return self.folder / "whitelist"

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def make_movie(
    path: Path, *, seconds: int = 20, size: str = "640x360", megabits: float = 2.0
) -> Path:
    """Make a Matroska file with a picture and a sound, by ffmpeg."""
    picture = f"testsrc2=size={size}:rate=24:duration={seconds}"
    sound = f"sine=frequency=440:duration={seconds}"
    command = [require("ffmpeg"), "-loglevel", "error", "-y", "-f", "lavfi", "-i", picture]
    command += ["-f", "lavfi", "-i", sound, "-c:v", "mpeg4", "-b:v", f"{megabits}M", "-c:a", "aac"]
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([*command, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def make_torrent(content: Path, torrent: Path, announce_url: str, *, private: bool = True) -> bytes:
    """Make a .torrent of a file or a folder, by mktorrent, and return its bytes."""
    torrent.unlink(missing_ok=True)
    command = [require("mktorrent"), "-a", announce_url, "-o", str(torrent), "-l", "18"]
    command += ["-p"] if private else []
    subprocess.run(
        [*command, str(content)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return torrent.read_bytes()


@pytest.fixture(name="make_torrent", scope="session")
def torrent_maker() -> Callable[..., bytes]:
    """Makes a .torrent of a file or a folder: `make_torrent(content, torrent, announce_url)` returns its bytes."""
    return make_torrent


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter, which pytest's own are not: opentracker gives up its rights."""
    folder = Path(tempfile.mkdtemp(prefix="reeld-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_qbittorrent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealQbittorrent]:
    """One qbittorrent-nox for all tests that leave it as they found it."""
    client = RealQbittorrent(tmp_path_factory.mktemp("qbittorrent"))
    client.start()
    try:
        yield client
    finally:
        client.stop()


@pytest.fixture
def start_qbittorrent(tmp_path: Path) -> Iterator[Callable[..., RealQbittorrent]]:
    """Starts a qbittorrent-nox for this test alone; may be called several times with different names."""
    running: list[RealQbittorrent] = []

    def start(name: str = "qbittorrent", settings: tuple[str, ...] = ()) -> RealQbittorrent:
        folder = tmp_path / name
        folder.mkdir()
        client = RealQbittorrent(folder, settings)
        running.append(client)
        client.start()
        return client

    yield start
    for client in running:
        client.kill()


@pytest.fixture
def real_tracker() -> Iterator[RealTracker]:
    """An opentracker for this test alone."""
    with open_folder() as folder:
        tracker = RealTracker(folder)
        tracker.start()
        try:
            yield tracker
        finally:
            tracker.stop()


@pytest.fixture(scope="session")
def real_movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real video file of 20 seconds; never change it."""
    return make_movie(tmp_path_factory.mktemp("movie") / "Sintel.2010.720p.WEB-DL.mkv")
