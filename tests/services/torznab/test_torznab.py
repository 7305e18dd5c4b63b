from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import trio

from reeld.domain.errors import (
    CredentialsRejected,
    InvalidField,
    NotFound,
    ProtocolViolation,
    RateLimited,
    ReeldError,
    Refused,
    ServiceDown,
    ServiceError,
)
from reeld.domain.release import IndexerFlag
from reeld.domain.secret import Secret
from reeld.domain.torznab import NewIndexer, same_place
from reeld.services.limiter import Limiter, LimiterWait, Pace
from reeld.services.torrents import LinkFailed
from reeld.services.torznab import (
    Capabilities,
    MovieQuestion,
    Question,
    TorznabClient,
    questions_for,
)
from reeld.simulators import Torrent, TorznabItem, TorznabSimulator, serve
from reeld.simulators.torrents import Text, single_file

FAST = Pace(per_second=1000, burst=100)
KEY = "0123456789abcdef0123456789abcdef"
NIGHT = MovieQuestion("tt0063350", 10331, ("Night of the Living Dead",), 1968)


def torrent(number: int) -> Torrent:
    name = f"Night.of.the.Living.Dead.1968.{number}.mkv"
    return single_file(name, Text(b"x" * 2_000_000 + bytes([number])), announce="http://a/x")


def item(number: int, **more: Any) -> TorznabItem:
    given = {"imdb_id": "tt0063350", "tmdb_id": 10331, "published": 1_000_000.0 + number} | more
    title = f"Night.of.the.Living.Dead.1968.{number}.1080p.BluRay.x264"
    return TorznabItem(number, title, torrent(number), **given)


@pytest.fixture
async def simulator() -> AsyncIterator[TorznabSimulator]:
    made = TorznabSimulator([item(number) for number in range(1, 4)], api_key=KEY)
    async with serve(made):
        yield made


def indexer(url: str, **more: Any) -> NewIndexer:
    return NewIndexer(**{"name": "Open", "base_url": url, "api_key": Secret(KEY)} | more)


Make = Callable[..., TorznabClient]


@pytest.fixture
def make(closing: Any, simulator: TorznabSimulator) -> Make:
    def client(**more: Any) -> TorznabClient:
        return closing(TorznabClient(indexer(simulator.url, **more), Limiter("torznab:1", FAST)))

    return client


async def test_an_indexer_says_what_it_can_do(make: Make, simulator: TorznabSimulator) -> None:
    simulator.turn(page_limit=50)
    caps = await make().caps()
    assert caps.limit == 50
    assert caps.by_movie == {"q", "imdbid", "tmdbid", "year"}
    assert [(each.id, each.parent) for each in caps.categories] == [
        (2000, None),
        (2040, 2000),
        (2045, 2000),
        (5000, None),
    ]
    simulator.turn(caps_as="bare")
    assert await make().caps() == Capabilities()
    simulator.turn(caps_as="page")
    with pytest.raises(ProtocolViolation):
        await make().caps()


async def test_what_an_indexer_announces_it_delivers(make: Make) -> None:
    client = make()
    page = await client.search(Question("movie", {"imdbid": "0063350"}))
    assert len(page.offers) == 3
    for offer in page.offers:
        assert offer.torrent is not None
        delivered = await client.download(offer.torrent, announced=offer.infohash)
        assert delivered.metainfo.total_size == offer.size


async def test_all_that_is_said_of_an_offer_is_read(
    make: Make, simulator: TorznabSimulator
) -> None:
    simulator.items = [
        item(7, download_factor=0.0, upload_factor=2.0, tags=("internal", "scene"), seeders=4)
    ]
    (offer,) = (await make().recent()).offers
    assert offer.infohash == torrent(7).infohash
    assert (offer.imdb_id, offer.tmdb_id) == ("tt0063350", 10331)
    assert (offer.seeders, offer.leechers) == (4, 2)
    assert offer.flags == (
        IndexerFlag.FREELEECH | IndexerFlag.DOUBLE_UPLOAD | IndexerFlag.INTERNAL | IndexerFlag.SCENE
    )
    assert (offer.minimum_ratio, offer.minimum_seed_seconds) == (1.0, 172800)
    assert offer.categories == (2000, 2040)
    assert offer.published_at is not None
    assert offer.published_at.timestamp() == 1_000_007.0


@pytest.mark.parametrize(
    ("factor", "flag"),
    [
        (1.0, IndexerFlag(0)),
        (0.75, IndexerFlag.FREELEECH_25),
        (0.5, IndexerFlag.HALFLEECH),
        (0.25, IndexerFlag.FREELEECH_75),
        (0.0, IndexerFlag.FREELEECH),
    ],
)
async def test_what_a_download_costs_is_radarrs_flag(
    make: Make, simulator: TorznabSimulator, factor: float, flag: IndexerFlag
) -> None:
    simulator.items = [item(1, download_factor=factor)]
    assert [each.flags for each in (await make().recent()).offers] == [flag]


async def test_the_same_offer_keeps_its_key_without_hash_and_with_a_renewed_api_key(
    make: Make, simulator: TorznabSimulator
) -> None:
    simulator.turn(infohashes=False)
    first = [each.key for each in (await make().recent()).offers]
    simulator.api_key = "f" * 32
    second = [each.key for each in (await make(api_key=Secret("f" * 32)).recent()).offers]
    assert first == second
    assert len(set(first)) == 3
    assert not any(KEY in key for key in first)


async def test_pages_are_read_within_the_limit_of_the_indexer(
    make: Make, simulator: TorznabSimulator
) -> None:
    simulator.turn(page_limit=2)
    client = make()
    first = await client.recent(offset=0, limit=2)
    second = await client.recent(offset=2, limit=2)
    assert (len(first.offers), first.full) == (2, True)
    assert (len(second.offers), second.full) == (1, False)
    assert not {each.key for each in first.offers} & {each.key for each in second.offers}


async def test_only_offers_of_the_wanted_categories_are_asked_for(
    make: Make, simulator: TorznabSimulator
) -> None:
    simulator.items = [item(1, category=2045), item(2, category=5040)]
    page = await make(categories=(2000,), additional_parameters="&freeleech=1&apikey=x").recent()
    assert len(page.offers) == 1
    (asked,) = simulator.asked("search")
    assert (asked["cat"], asked["freeleech"], asked["apikey"]) == ("2000", "1", KEY)


def test_a_movie_is_asked_for_by_number_before_its_title() -> None:
    caps = Capabilities(by_movie=frozenset({"q", "imdbid", "tmdbid"}))
    assert questions_for(NIGHT, caps) == (
        Question("movie", {"imdbid": "0063350"}),
        Question("movie", {"tmdbid": "10331"}),
        Question("movie", {"q": "Night of the Living Dead 1968"}),
    )
    by_words = questions_for(NIGHT, Capabilities(), remove_year=True)
    assert by_words == (Question("search", {"q": "Night of the Living Dead"}),)
    nothing = Capabilities(by_text=False, by_movie=frozenset({"imdbid"}))
    assert questions_for(replace(NIGHT, imdb_id=None), nothing) == ()


def test_what_searches_take_for_operators_is_not_asked() -> None:
    movie = MovieQuestion(None, None, ("Léon: The Professional - Director's (Cut) & More",), 1994)
    (question,) = questions_for(movie, Capabilities())
    assert question.parameters == {"q": "Léon The Professional Directors Cut and More 1994"}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (100, CredentialsRejected),
        (101, CredentialsRejected),
        (102, CredentialsRejected),
        (200, Refused),
        (203, Refused),
        (300, NotFound),
        (429, RateLimited),
        (500, RateLimited),
        (501, RateLimited),
        (900, ServiceDown),
        (910, RateLimited),
        (12345678901234567890, ServiceDown),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
async def test_each_error_code_is_a_typed_error_that_repeats_no_key(
    make: Make, simulator: TorznabSimulator, code: int, kind: type[ReeldError], status: int
) -> None:
    text = f"wrong {KEY}\n at https://x.example/api?apikey={KEY}"
    simulator.turn(error_next=1, error_code=code, error_text=text, error_status=status)
    with pytest.raises(kind) as caught:
        await make().recent()
    assert type(caught.value) is kind
    assert KEY not in caught.value.sentence
    assert "apikey" not in caught.value.sentence
    assert caught.value.sentence.endswith(".")


async def test_a_limit_that_only_words_tell_is_a_limit(
    make: Make, simulator: TorznabSimulator
) -> None:
    text = "User configurable Indexer Query Limit of 5 reached: request limit reached"
    simulator.turn(error_next=1, error_code=900, error_text=text)
    client = make()
    with pytest.raises(RateLimited) as caught:
        await client.recent()
    assert caught.value.retry_after == 3600
    with pytest.raises(LimiterWait):
        await client.recent()
    assert len(simulator.calls) == 1


async def test_a_wrong_key_is_rejected_by_the_api_and_by_the_download(make: Make) -> None:
    right, wrong = make(), make(api_key=Secret("wrong"))
    with pytest.raises(CredentialsRejected):
        await wrong.recent()
    (offer, *_) = (await right.recent()).offers
    assert offer.torrent is not None
    link = Secret(offer.torrent.reveal().replace(KEY, "wrong"))
    with pytest.raises(CredentialsRejected):
        await right.download(link)


@pytest.mark.parametrize(
    ("answer_as", "reason"),
    [
        ("doctype", "doctype_refused"),
        ("huge", "body_too_large"),
        ("not_xml", "not_a_feed"),
        ("html", "html_instead_of_feed"),
        ("empty", "not_a_feed"),
    ],
)
async def test_an_answer_that_is_none_has_a_name(
    make: Make, simulator: TorznabSimulator, answer_as: str, reason: str
) -> None:
    simulator.turn(answer_as=answer_as)
    with pytest.raises(ProtocolViolation) as caught:
        await make().recent()
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ({"fail_next": 1, "fail_status": 503}, (ServiceDown,)),
        ({"fail_next": 1, "fail_status": 429, "retry_after": "1"}, (RateLimited,)),
        ({"html_next": 1}, (ProtocolViolation,)),
        ({"empty_next": 1}, (ProtocolViolation,)),
        ({"garble_next": 1}, (ProtocolViolation,)),
        ({"truncate_next": 1}, (ServiceDown,)),
        ({"drop_before": 3}, (ServiceDown,)),
        ({"drop_after": 3}, (ServiceDown,)),
    ],
)
async def test_each_fault_is_a_typed_error_and_passes(
    make: Make, simulator: TorznabSimulator, fault: dict[str, Any], kinds: Any
) -> None:
    client = make()
    await client.recent()
    simulator.turn(**fault)
    with pytest.raises(kinds) as caught:
        await client.recent()
    assert caught.value.sentence.endswith(".")
    assert KEY not in caught.value.sentence
    simulator.turn(fail_next=0, drop_before=0, drop_after=0)
    with trio.fail_after(30):
        while True:
            try:
                await client.recent()
                break
            except (RateLimited, LimiterWait):
                await trio.sleep(0.1)


async def test_a_magnet_link_and_an_nzb_are_no_torrents(
    make: Make, simulator: TorznabSimulator
) -> None:
    client = make()
    (offer, *_) = (await client.recent()).offers
    assert offer.torrent is not None
    simulator.turn(magnet_redirect_next=1)
    with pytest.raises(NotFound) as caught:
        await client.download(offer.torrent)
    assert caught.value.reason == "magnet_only"
    simulator.turn(magnets=True, infohashes=False)
    magnets = (await client.recent()).offers
    assert [each.torrent for each in magnets] == [None] * 3
    assert {each.infohash for each in magnets} == {torrent(n).infohash for n in (1, 2, 3)}
    simulator.turn(magnets=False, usenet=True)
    assert [(each.torrent, each.is_usenet) for each in (await client.recent()).offers] == [
        (None, True)
    ] * 3


async def test_a_torrent_that_is_gone_is_told_from_an_indexer_that_is(
    make: Make, simulator: TorznabSimulator
) -> None:
    client = make()
    gone = Secret(f"{simulator.url}/download?apikey={KEY}&link=99")
    with pytest.raises(NotFound):
        await client.download(gone)
    simulator.turn(fail_next=9, fail_status=404)
    with pytest.raises(ProtocolViolation) as caught:
        await client.download(gone)
    assert caught.value.reason == "api_missing"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502])
async def test_whoever_else_a_link_leads_to_is_not_the_indexer(
    script: Any, closing: Any, status: int
) -> None:
    script(*[httpx.Response(status)] * 3)
    client = closing(
        TorznabClient(
            indexer("https://x.example/1"), Limiter("x", FAST), transport=script.transport
        )
    )
    with pytest.raises(LinkFailed) as caught:
        await client.download(Secret("https://tracker.example/d/1?passkey=hunter2hunter2"))
    assert "tracker.example" in caught.value.sentence
    assert "hunter2" not in caught.value.sentence
    with pytest.raises(ServiceError):
        await client.download(Secret("https://x.example/1/download?id=1"))


@pytest.mark.parametrize(
    "link",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/x",
        "http://[fe80::1]/x",
        "http://192.168.1.1/x",
    ],
)
async def test_an_indexer_may_not_send_us_to_our_neighbours(make: Make, link: str) -> None:
    with pytest.raises(Refused) as caught:
        await make().download(Secret(link))
    assert caught.value.reason == "address_forbidden"


async def test_this_machine_is_reached_only_where_that_is_allowed(
    simulator: TorznabSimulator, closing: Any
) -> None:
    made = indexer(simulator.url)
    client = closing(TorznabClient(made, Limiter("torznab:1", FAST), loopback=False))
    with pytest.raises(Refused) as caught:
        await client.caps()
    assert caught.value.reason == "address_forbidden"
    assert not simulator.calls


@pytest.mark.parametrize("url", ["http://169.254.169.254:9696", "http://[fe80::1]:9696"])
async def test_a_link_local_indexer_is_never_asked(url: str, closing: Any) -> None:
    with pytest.raises(InvalidField) as caught:
        indexer(url)
    assert caught.value.field == "base_url"


async def test_calls_keep_their_pace(simulator: TorznabSimulator, closing: Any) -> None:
    limiter = Limiter("torznab:1", Pace(per_second=1 / 3600, burst=2), max_wait=0.1)
    client = closing(TorznabClient(indexer(simulator.url), limiter))
    await client.recent()
    await client.recent()
    with pytest.raises(LimiterWait):
        await client.recent()
    assert len(simulator.calls) == 2


async def test_the_key_travels_in_the_query_alone(script: Any, closing: Any) -> None:
    script(httpx.Response(200, content=b'<rss version="2.0"><channel/></rss>'))
    client = closing(
        TorznabClient(
            indexer("https://x.example/1"), Limiter("x", FAST), transport=script.transport
        )
    )
    assert (await client.recent()).offers == ()
    (request,) = script.requests
    assert request.url.path == "/1/api"
    assert request.url.params["apikey"] == KEY
    assert KEY not in str(request.headers)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " x"),
        ("name", "hdbits"),
        ("name", "a\nb"),
        ("base_url", "ftp://x"),
        ("base_url", "http://"),
        ("base_url", "http://u:p@x"),
        ("base_url", "http://x:99999999"),
        ("base_url", "http://x/\r\nHost: y"),
        ("api_path", "api"),
        ("api_key", "a b\n"),
        ("additional_parameters", "a#b"),
        ("priority", 51),
        ("minimum_seeders", -1),
        ("tags", ("Kids",)),
    ],
)
def test_an_indexer_that_cannot_work_names_its_field(field: str, value: Any) -> None:
    given = {"name": "Open", "base_url": "http://x:9696"} | {field: value}
    if field == "api_key":
        given[field] = Secret(value)
    with pytest.raises(InvalidField) as caught:
        NewIndexer(**given)
    assert caught.value.field == field


def test_a_key_belongs_to_scheme_host_and_port() -> None:
    assert same_place("http://Host:80/a", "http://host/b")
    assert not same_place("http://host/a", "https://host/a")
    assert not same_place("http://host:9696", "http://host:9697")
    assert not same_place("http://host", "http://host.evil")
    assert not same_place("http://host:x", "http://host:x")
