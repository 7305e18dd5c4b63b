from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeAlias

import pytest

from reeld.cli.systemd import Place, quoted, units_for
from reeld.domain.errors import Refused

Lacking: TypeAlias = Callable[[str], NoReturn]


@pytest.fixture(autouse=True)
def _program_is_in_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the interpreter of these tests is."""
    monkeypatch.setattr(Place, "_program", lambda self: (Path(self.command[0]),))


def place(**wishes: object) -> Place:
    return Place(**{"command": ("/opt/reeld/bin/reeld",), **wishes})  # type: ignore[arg-type]


def lines_of(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def test_the_units_of_the_usual_place_are_those_that_are_shipped() -> None:
    folder = Path(__file__).resolve().parents[3] / "deploy" / "systemd"
    for name, text in units_for(place(media=Path("/srv/media"))).items():
        assert text == (folder / name).read_text()


def test_the_program_the_user_and_the_folders_are_those_of_the_place() -> None:
    command = ("/srv/python/bin/python3", "-m", "reeld")
    units = units_for(
        place(command=command, user="movies", data_dir=Path("/var/lib/films"), media=Path("/data"))
    )
    service, backup = units["reeld.service"], units["reeld-backup.service"]
    assert lines_of(service, "ExecStart") == ["/srv/python/bin/python3 -m reeld run"]
    assert lines_of(backup, "ExecStart") == ["/srv/python/bin/python3 -m reeld backup create"]
    for unit in (service, backup):
        assert lines_of(unit, "User") == ["movies"]
        assert lines_of(unit, "StateDirectory") == ["films films-keys films-backups"]
    assert lines_of(service, "ReadWritePaths") == []
    assert lines_of(backup, "ReadWritePaths") == ["-%t/reeld"]  # the daemon's, when it is there
    assert lines_of(units["reeld.service.d/media.conf"], "ReadWritePaths") == ["/data"]


@pytest.mark.parametrize("folder", ["/srv/reeld", "/var/lib", "/var/lib/a:b", "/var/lib/my data"])
def test_a_data_directory_that_systemd_does_not_make_is_named_and_writable(folder: str) -> None:
    service = units_for(place(data_dir=Path(folder)))["reeld.service"]
    assert lines_of(service, "StateDirectory") == lines_of(service, "StateDirectoryMode") == []
    (named,) = [each for each in lines_of(service, "Environment") if "REELD_DATA_DIR" in each]
    assert named in {f"REELD_DATA_DIR={folder}", f'"REELD_DATA_DIR={folder}"'}
    # The folder of the key file may not be there yet where the key is a credential.
    plain = f"{folder} -{folder}-keys -{folder}-backups"
    both = ([plain], [f'"{folder}" "-{folder}-keys" "-{folder}-backups"'])
    assert lines_of(service, "ReadWritePaths") in both


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/srv/media", "/srv/media"),
        ("/srv/my media", '"/srv/my media"'),
        ("/srv/100%", "/srv/100%%"),
        ('/srv/"odd"', '"/srv/\\"odd\\""'),
        ("/srv/back\\slash", '"/srv/back\\\\slash"'),
        ("/srv/$HOME;x", '"/srv/$HOME;x"'),
        ("/srv/Amélie", "/srv/Amélie"),
    ],
)
def test_words_are_quoted_as_systemd_reads_them(text: str, word: str) -> None:
    assert quoted(text) == word


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"user": "root"}, "user_is_root"),
        ({"user": "a b"}, "no_user_name"),
        ({"user": "x\nExecStartPre=/bin/sh"}, "no_user_name"),
        ({"media": Path("relative")}, "path_not_absolute"),
        ({"media": Path("/srv/a\nb")}, "path_not_printable"),
        ({"media": Path("/srv/\udcff")}, "path_not_printable"),
        ({"media": Path("/tmp/media")}, "path_is_temporary"),
        ({"data_dir": Path("/var/tmp/reeld")}, "path_is_temporary"),
    ],
)
def test_a_place_that_cannot_work_is_refused(wishes: dict[str, object], reason: str) -> None:
    with pytest.raises(Refused) as caught:
        place(**wishes)
    assert caught.value.reason == reason
    assert caught.value.sentence.isprintable()


def test_homes_are_hidden_unless_something_of_reeld_lies_in_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lines_of(units_for(place())["reeld.service"], "ProtectHome") == ["true"]
    there = lambda self: (Path("/home/me/reeld/bin/python"),)  # noqa: E731
    monkeypatch.setattr(Place, "_program", there)
    assert lines_of(units_for(place())["reeld.service"], "ProtectHome") == ["read-only"]


def test_homes_are_visible_and_not_writable_where_the_media_lie_in_one() -> None:
    service = units_for(place(media=Path("/home/me/media")))["reeld.service"]
    assert lines_of(service, "ProtectHome") == ["read-only"]


NASTY = [
    *("my media", "100% media", 'the "best" media', "back\\slash", "trailing\\", "$HOME", "%h"),
    *("it's", "a;b", "#1", "Amélie", " led by a space"),
]


def verified(unit: Path, lacking: Lacking) -> tuple[int, str]:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", str(unit)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        lacking("systemd-analyze is missing: apt-get install systemd")
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", NASTY)
def test_systemd_accepts_every_folder(name: str, tmp_path: Path, lacking: Lacking) -> None:
    media = Path("/srv") / name
    units = units_for(place(command=("/bin/true",), data_dir=media / "data", media=media))
    for unit, text in units.items():
        (tmp_path / unit).parent.mkdir(exist_ok=True)
        (tmp_path / unit).write_text(text)
    assert verified(tmp_path / "reeld.service", lacking) == (0, "")


@pytest.mark.parametrize("name", [name for name in NASTY if not set(name) & set("\"'\\")])
def test_systemd_reads_every_path_as_it_was_meant(
    name: str, tmp_path: Path, lacking: Lacking
) -> None:
    # Of a program that is not there it says how it understood the path.
    program = Path("/opt/no such folder") / name / "reeld"
    unit = tmp_path / "reeld.service"
    unit.write_text(units_for(place(command=(str(program), "-m", "reeld")))["reeld.service"])
    code, complaint = verified(unit, lacking)
    assert code != 0
    assert f"Command {program} is not executable" in complaint


@pytest.mark.parametrize("sign", ['"', "'", "\\"])
def test_a_program_whose_path_systemd_refuses_is_refused(sign: str) -> None:
    with pytest.raises(Refused) as caught:
        place(command=(f"/opt/my{sign}reeld/bin/reeld",))
    assert caught.value.reason == "path_of_program"
