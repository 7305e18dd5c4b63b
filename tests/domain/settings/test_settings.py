from __future__ import annotations

from pathlib import Path

import pytest

from reeld.domain.indexer import IndexerRules
from reeld.domain.release import IndexerFlag
from reeld.domain.secret import Secret
from reeld.domain.settings import (
    DecisionSettings,
    FeedSettings,
    HdbitsSettings,
    InvalidSetting,
    LibrarySettings,
    PathMapping,
    QbittorrentSettings,
    ServerSettings,
    Settings,
    TmdbSettings,
)

LIBRARY = LibrarySettings(Path("/library"))


def complaint(make) -> str:
    with pytest.raises(InvalidSetting) as caught:
        make()
    assert caught.value.reason == "invalid_setting"
    assert caught.value.sentence.startswith(f"{caught.value.setting}: ")
    return caught.value.setting


def test_the_defaults_are_valid() -> None:
    settings = Settings(Path("/data"), LIBRARY)
    assert settings.qbittorrent is None
    assert settings.library.recycle == Path("/library/.recycle")


@pytest.mark.parametrize(
    ("make", "setting"),
    [
        (lambda: Settings(Path("data"), LIBRARY), "data_dir"),
        (lambda: LibrarySettings(Path("library")), "library.root_folder"),
        (lambda: LibrarySettings(Path("/l"), recycle_folder=Path("r")), "library.recycle_folder"),
        (lambda: LibrarySettings(Path("/l"), file_mode=0o100000), "library.file_mode"),
        (lambda: LibrarySettings(Path("/l"), file_template="Movie"), "library.file_template"),
        (lambda: LibrarySettings(Path("/l"), folder_template="{Titel}"), "library.folder_template"),
        (lambda: DecisionSettings(profile=" "), "decision.profile"),
        (lambda: ServerSettings(port=70000), "server.port"),
        (lambda: ServerSettings(host=" "), "server.host"),
        (lambda: ServerSettings(api_key=Secret("short")), "server.api_key"),
        (lambda: TmdbSettings(Secret("")), "tmdb.token"),
        (lambda: TmdbSettings(Secret("t"), url="ftp://x"), "tmdb.url"),
        (lambda: TmdbSettings(Secret("t"), requests_per_second=100), "tmdb.requests_per_second"),
        (lambda: HdbitsSettings("", Secret("p")), "hdbits.username"),
        (lambda: HdbitsSettings("me", Secret("")), "hdbits.passkey"),
        (lambda: HdbitsSettings("me", Secret("p"), poll_seconds=5), "hdbits.poll_seconds"),
        (lambda: HdbitsSettings("me", Secret("p"), spacing_seconds=1), "hdbits.spacing_seconds"),
        (lambda: QbittorrentSettings(url="qbittorrent:8080"), "qbittorrent.url"),
        (lambda: QbittorrentSettings(category="a/b"), "qbittorrent.category"),
        (lambda: QbittorrentSettings(stalled_seconds=0), "qbittorrent.stalled_seconds"),
        (lambda: PathMapping("", Path("/x")), "qbittorrent.path_mappings"),
        (lambda: FeedSettings("", Secret("https://a.example")), "feeds.name"),
        (lambda: FeedSettings("f", Secret("a.example")), "feeds.f.url"),
        (lambda: FeedSettings("f", Secret("https://[a")), "feeds.f.url"),
        (lambda: FeedSettings("f", Secret("https://a.example"), 30), "feeds.f.interval_seconds"),
        (lambda: FeedSettings("f", Secret("https://a.example"), 60, 1), "feeds.f.spacing_seconds"),
        (lambda: DecisionSettings(minimum_seeders=-1), "decision.minimum_seeders"),
        (lambda: DecisionSettings(maximum_bytes=-1), "decision.maximum_bytes"),
        (lambda: DecisionSettings(minimum_free_bytes=-1), "decision.minimum_free_bytes"),
        (lambda: DecisionSettings(explanation_days=0), "decision.explanation_days"),
        (
            lambda: DecisionSettings(availability_delay_days=9999),
            "decision.availability_delay_days",
        ),
        (
            lambda: DecisionSettings(hardcoded_subs_whitelist=("",)),
            "decision.hardcoded_subs_whitelist",
        ),
        (lambda: HdbitsSettings("me", Secret("p"), priority=0), "hdbits.priority"),
        (lambda: HdbitsSettings("me", Secret("p"), minimum_seeders=-1), "hdbits.minimum_seeders"),
        (
            lambda: HdbitsSettings("me", Secret("p"), required_flags=("gratis",)),
            "hdbits.required_flags",
        ),
        (lambda: FeedSettings("f", Secret("https://a.example"), priority=51), "feeds.f.priority"),
        (lambda: FeedSettings("f", Secret("https://a.example"), tags=("4K",)), "feeds.f.tags"),
        (
            lambda: Settings(Path("/d"), LIBRARY, database_url=Secret("mysql://x")),
            "database_url",
        ),
    ],
)
def test_a_wrong_value_names_its_setting(make, setting: str) -> None:
    assert complaint(make) == setting


def test_two_feeds_of_one_name_are_refused() -> None:
    feed = FeedSettings("same", Secret("https://a.example/rss"))
    assert complaint(lambda: Settings(Path("/d"), LIBRARY, feeds=(feed, feed))) == "feeds"


def test_a_server_on_this_machine_may_be_asked_often() -> None:
    HdbitsSettings("me", Secret("p"), url="http://127.0.0.1:9", poll_seconds=1, spacing_seconds=0)
    FeedSettings("f", Secret("http://localhost:9/rss"), interval_seconds=0.5)


def test_a_host_that_only_looks_like_this_machine_may_not() -> None:
    def make() -> FeedSettings:
        return FeedSettings("f", Secret("http://127.0.0.1.example.org/"), interval_seconds=1)

    assert complaint(make) == "feeds.f.interval_seconds"


def test_no_secret_is_told_by_a_complaint_or_by_the_settings() -> None:
    with pytest.raises(InvalidSetting) as caught:
        FeedSettings("f", Secret("nonsense?passkey=hush"))
    assert "hush" not in caught.value.sentence
    settings = Settings(
        Path("/d"),
        LIBRARY,
        database_url=Secret("postgresql://u:hush@h/d"),
        hdbits=HdbitsSettings("me", Secret("hush")),
        feeds=(FeedSettings("f", Secret("https://a.example/?k=hush")),),
    )
    assert "hush" not in repr(settings)


def test_what_is_asked_of_each_indexer_is_known_by_its_name() -> None:
    hdbits = HdbitsSettings("me", Secret("p"), required_flags=("Freeleech", "internal"))
    feed = FeedSettings("f", Secret("https://a.example"), priority=3, tags=("4k",))
    settings = Settings(Path("/d"), LIBRARY, hdbits=hdbits, feeds=(feed,))
    assert settings.indexers == {
        "hdbits": IndexerRules(
            "hdbits", required_flags=IndexerFlag.FREELEECH | IndexerFlag.INTERNAL
        ),
        "f": IndexerRules("f", priority=3, tags=frozenset({"4k"})),
    }


@pytest.mark.parametrize(
    ("calls", "share", "searches"), [(100, 0.3, 30), (100, 0.0, 0), (3, 0.1, 1), (100, 1.0, 100)]
)
def test_the_schedule_gets_its_share_of_the_calls(calls: int, share: float, searches: int) -> None:
    settings = HdbitsSettings("me", Secret("p"), calls_per_hour=calls, scheduled_share=share)
    assert settings.scheduled_per_hour == searches


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_of_more_than_everything_is_refused(share: float) -> None:
    with pytest.raises(InvalidSetting, match=r"hdbits\.scheduled_share"):
        HdbitsSettings("me", Secret("p"), scheduled_share=share)
