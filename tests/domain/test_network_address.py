from __future__ import annotations

import pytest

from reeld.domain.errors import InvalidField
from reeld.domain.network_address import AddressPolicy, refuse_host
from reeld.domain.torznab import NewIndexer, looks_secret

METADATA = (
    "169.254.169.254",
    "2852039166",
    "0xA9FEA9FE",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "fe80::1%eth0",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
)


@pytest.mark.parametrize("host", METADATA)
def test_an_address_of_the_networks_machinery_is_known_however_it_is_written(host: str) -> None:
    assert refuse_host(host, AddressPolicy.CONFIGURED) == "a link-local or cloud metadata address"


@pytest.mark.parametrize("host", ["0.0.0.0", "0", "::", "224.0.0.1"])
def test_what_is_no_single_machine_is_refused(host: str) -> None:
    assert refuse_host(host, AddressPolicy.CONFIGURED) == "no address of a single machine"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "::1", "prowlarr", "tracker.example", "1.2.3.4.5", "0x", ""]
)
def test_names_and_machines_at_home_may_be_written_down(host: str) -> None:
    assert refuse_host(host, AddressPolicy.CONFIGURED) is None


@pytest.mark.parametrize("host", METADATA)
def test_no_indexer_is_stored_with_such_an_address(host: str) -> None:
    written = f"[{host.partition('%')[0]}]" if ":" in host else host
    with pytest.raises(InvalidField, match="link-local or cloud metadata") as refused:
        NewIndexer(name="A tracker", base_url=f"http://{written}:9696/1")
    assert refused.value.field == "base_url"


def test_letters_that_only_look_like_an_address_are_none() -> None:
    with pytest.raises(InvalidField, match="must be like"):
        NewIndexer(name="A tracker", base_url="http://①②⑦.⓪.⓪.①")


@pytest.mark.parametrize("path", ["/api?apikey=canary", "/api;apikey=canary", "/api#canary"])
def test_no_key_hides_in_the_path_of_an_indexer(path: str) -> None:
    with pytest.raises(InvalidField, match="a key belongs into the field for the key") as refused:
        NewIndexer(name="A tracker", base_url="http://prowlarr:9696/1", api_path=path)
    assert "canary" not in refused.value.sentence


@pytest.mark.parametrize(
    ("name", "is_secret"), [("auth", True), ("author", False), ("apikey", True)]
)
def test_names_of_credentials_are_known(name: str, is_secret: bool) -> None:
    assert looks_secret(name) is is_secret
