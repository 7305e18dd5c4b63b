from __future__ import annotations

from pathlib import Path

import pytest

from reeld.cli.settings import parse_bind, read_settings, secrets_of
from reeld.domain.indexer import IndexerRules
from reeld.domain.release import IndexerFlag
from reeld.domain.secret import Secret
from reeld.domain.settings import InvalidSetting, PropersPolicy


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "REELD_DATA_DIR": str(tmp_path / "data")}


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_without_any_setting_there_are_defaults_and_no_service_is_configured(
    environ: dict[str, str],
) -> None:
    settings = read_settings(environ)
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 7878)
    assert settings.library.root_folder == settings.data_dir / "library"
    assert (settings.tmdb, settings.hdbits, settings.qbittorrent) == (None, None, None)


def test_a_variable_of_a_section_is_written_with_one_underscore(environ: dict[str, str]) -> None:
    environ |= {"REELD_TMDB_TOKEN": "t0ken", "REELD_TMDB_REQUESTS_PER_SECOND": "5"}
    settings = read_settings(environ)
    assert settings.tmdb is not None
    assert settings.tmdb.token == Secret("t0ken")
    assert settings.tmdb.requests_per_second == 5


def test_a_variable_beats_a_credential_which_beats_the_file(
    environ: dict[str, str], tmp_path: Path
) -> None:
    environ["REELD_CONFIG"] = write(
        tmp_path / "reeld.toml",
        '[hdbits]\nusername = "from-file"\npasskey = "from-file"\nurl = "https://file.example"\n',
    )
    write(tmp_path / "credentials" / "hdbits_passkey", "from-credential\n")
    write(tmp_path / "credentials" / "reeld.hdbits_username", "from-credential\n")
    write(tmp_path / "credentials" / "somebody_elses", "ignored")
    environ["CREDENTIALS_DIRECTORY"] = str(tmp_path / "credentials")
    environ["REELD_HDBITS_USERNAME"] = "from-variable"
    hdbits = read_settings(environ).hdbits
    assert hdbits is not None
    assert hdbits.username == "from-variable"
    assert hdbits.passkey == Secret("from-credential")
    assert hdbits.url == "https://file.example"


def test_what_is_asked_of_releases_is_read_from_the_file_and_from_variables(
    environ: dict[str, str], tmp_path: Path
) -> None:
    environ["REELD_CONFIG"] = write(
        tmp_path / "reeld.toml",
        """
[decision]
propers = "do_not_prefer"
hardcoded_subs_whitelist = ["korsub"]

[[feeds]]
name = "mine"
url = "https://feed.example/rss"
priority = 10
minimum_seeders = 4
required_flags = ["freeleech", "scene"]
tags = ["4k"]
""",
    )
    environ |= {"REELD_DECISION_AVAILABILITY_DELAY_DAYS": "-3"}
    environ |= {"REELD_HDBITS_USERNAME": "me", "REELD_HDBITS_PASSKEY": "secret"}
    environ |= {"REELD_HDBITS_TAGS": '["uhd"]'}
    settings = read_settings(environ)
    assert settings.decision.propers is PropersPolicy.DO_NOT_PREFER
    assert settings.decision.hardcoded_subs_whitelist == ("korsub",)
    assert settings.decision.availability_delay_days == -3
    wanted = IndexerFlag.FREELEECH | IndexerFlag.SCENE
    assert settings.indexers["mine"] == IndexerRules("mine", 10, 4, wanted, frozenset({"4k"}))
    assert settings.indexers["hdbits"].tags == {"uhd"}


def test_the_users_own_file_is_read_when_it_exists(environ: dict[str, str], tmp_path: Path) -> None:
    write(
        tmp_path / "config" / "reeld" / "reeld.toml",
        'bind = "[::1]:9000"\n[library]\nroot_folder = "/media/movies"\nfile_mode = 0o640\n'
        '[[feeds]]\nname = "one"\nurl = "https://feeds.example/rss?passkey=abc"\n'
        '[qbittorrent]\nurl = "http://nas:8080"\n'
        '[[qbittorrent.path_mappings]]\nremote = "/downloads"\nlocal = "/mnt/downloads"\n',
    )
    settings = read_settings(environ)
    assert (settings.server.host, settings.server.port) == ("::1", 9000)
    assert settings.library.root_folder == Path("/media/movies")
    assert settings.library.file_mode == 0o640
    assert [feed.name for feed in settings.feeds] == ["one"]
    assert settings.qbittorrent is not None
    assert settings.qbittorrent.path_mappings[0].local == Path("/mnt/downloads")


def test_permission_bits_in_a_variable_are_octal_as_in_chmod(environ: dict[str, str]) -> None:
    environ["REELD_LIBRARY_FOLDER_MODE"] = "0750"
    assert read_settings(environ).library.folder_mode == 0o750


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"REELD_BIND": "nonsense"}, "bind"),
        ({"REELD_TMDB_TOKEN": "x", "REELD_TMDB_URL": "ftp://x"}, "tmdb.url"),
        ({"REELD_HDBITS_PASSKEY": "hunter22"}, "hdbits.username"),
        ({"REELD_TMDB_REQUESTS_PER_SECOND": "hunter22"}, "tmdb.requests_per_second"),
        ({"REELD_FEEDS": "hunter22"}, "settings"),
        ({"REELD_LIBRARY_FILE_MODE": "hunter22"}, "library.file_mode"),
        ({"REELD_CONFIG": "/no/such/hunter22.toml"}, "REELD_CONFIG"),
        ({"REELD_TRACING_ENDPOINT": "hunter22"}, "tracing.endpoint"),
        ({"REELD_TRACING_ENDPOINT": "http://a:hunter22@b"}, "tracing.endpoint"),
        ({"REELD_TRACING_HEADERS": "hunter22"}, "tracing.headers"),
        ({"REELD_TRACING_HEADERS": "a=hunter22%0d%0ab: c"}, "tracing.headers"),
        ({"REELD_TRACING_SAMPLE_RATIO": "2"}, "tracing.sample_ratio"),
        ({"REELD_DATABASE_URL": "mysql://root:hunter22@db"}, "database_url"),
    ],
)
def test_a_bad_value_is_named_by_its_setting_and_not_repeated(
    environ: dict[str, str], variables: dict[str, str], named: str
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        read_settings(environ | variables)
    assert caught.value.setting == named
    if named != "REELD_CONFIG":
        assert "hunter22" not in str(caught.value)


def test_an_unknown_key_in_the_file_is_an_error(environ: dict[str, str], tmp_path: Path) -> None:
    environ["REELD_CONFIG"] = write(tmp_path / "x.toml", '[tmdb]\ntokn = "hunter22"\n')
    with pytest.raises(InvalidSetting, match="tokn") as caught:
        read_settings(environ)
    assert "hunter22" not in str(caught.value)


def test_a_file_that_is_no_toml_says_which_file(environ: dict[str, str], tmp_path: Path) -> None:
    environ["REELD_CONFIG"] = write(tmp_path / "x.toml", "passkey = hunter22 = 3")
    with pytest.raises(InvalidSetting, match=r"x\.toml") as caught:
        read_settings(environ)
    assert "hunter22" not in str(caught.value)


def test_systemds_state_directory_is_the_default_data_dir(tmp_path: Path) -> None:
    environ = {"STATE_DIRECTORY": "/var/lib/reeld:/x", "XDG_CONFIG_HOME": str(tmp_path)}
    assert read_settings(environ).data_dir == Path("/var/lib/reeld")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("127.0.0.1:7878", ("127.0.0.1", 7878)),
        ("[::1]:80", ("::1", 80)),
        (":8080", ("0.0.0.0", 8080)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_to_listen_on_has_a_host_and_a_port(text: str, parsed: tuple[str, int]) -> None:
    assert parse_bind(text) == parsed


@pytest.mark.parametrize("text", ["", "host", "host:port", "host:99999", "u@host:1", "host:1/x"])
def test_an_address_without_a_port_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting):
        parse_bind(text)


def test_every_secret_is_known_to_the_redaction_also_inside_an_address(
    environ: dict[str, str],
) -> None:
    environ |= {
        "REELD_DATABASE_URL": "postgresql://reeld:dbpass99@db/reeld",
        "REELD_API_KEY": "an-administrators-key",
        "REELD_TMDB_TOKEN": "t0ken",
        "REELD_HDBITS_USERNAME": "me",
        "REELD_HDBITS_PASSKEY": "passk3y",
        "REELD_QBITTORRENT_PASSWORD": "qbpass",
        "REELD_QBITTORRENT_API_KEY": "qbt_k3y",
        "REELD_METRICS_TOKEN": "m3trics",
        "REELD_TRACING_HEADERS": "authorization=Bearer%20tr4ces,x-tenant=ten4nt",
        "REELD_FEEDS": '[{"name": "f", "url": "https://f.example/?key=feedkey"}]',
    }
    secrets = secrets_of(read_settings(environ))
    for text in (
        "dbpass99",
        "an-administrators-key",
        "t0ken",
        "passk3y",
        "qbpass",
        "qbt_k3y",
        "m3trics",
        "Bearer tr4ces",
        "ten4nt",
    ):
        assert text in secrets
    assert "https://f.example/?key=feedkey" in secrets
    assert "feedkey" in secrets


@pytest.mark.parametrize("written", ["p%40ss%2fw0rd", "p@ss%2Fw0rd"])
def test_a_secret_of_a_url_is_known_in_every_way_in_which_it_may_be_written(
    environ: dict[str, str], written: str
) -> None:
    environ |= {
        "REELD_DATABASE_URL": f"postgresql://me:{written}@db/reeld?sslmode=require&sslpassword=k%65y+word",
        "REELD_FEEDS": '[{"name": "f", "url": "https://f.example/?t=movies&cat=2000%2C2010&rsskey=a%2bb+c%2F9"}]',
    }
    secrets = secrets_of(read_settings(environ))
    for text in (written, "p@ss/w0rd", "p%40ss%2Fw0rd", "key+word", "key word", "a+b c/9"):
        assert text in secrets
    assert not {"require", "movies", "2000,2010"} & set(secrets)


def test_traces_go_where_the_variables_of_every_opentelemetry_program_say_unless_ours_do(
    environ: dict[str, str],
) -> None:
    assert read_settings(environ).tracing.endpoint is None
    environ |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://theirs:4318",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20theirs",
    }
    theirs = read_settings(environ).tracing
    assert theirs.endpoint == "http://theirs:4318"
    assert theirs.header_fields() == {"authorization": "Bearer theirs"}
    environ |= {
        "REELD_TRACING_ENDPOINT": "http://ours:4318",
        "REELD_TRACING_HEADERS": "x-key=ours, y=1",
        "REELD_TRACING_SAMPLE_RATIO": "0.25",
    }
    ours = read_settings(environ).tracing
    assert (ours.endpoint, ours.sample_ratio) == ("http://ours:4318", 0.25)
    assert ours.header_fields() == {"x-key": "ours", "y": "1"}
