"""Prices: what a way costs, what a file changes, and what the tip of a store says."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from moorage.costing import Prices
from moorage.costing.prices import BUILT_IN
from moorage.model.costs import Counts
from moorage.model.errors import Invalid
from moorage.model.store import Connection, Provider, Store


def store(provider: Provider = Provider.S3, *, endpoint: str = "", region: str = "") -> Store:
    return Store("reef", Connection(provider, endpoint=endpoint, region=region))


def built_in(server: str = "") -> Prices:
    return Prices.load(None, server=server)


@pytest.mark.parametrize(
    ("of", "server", "gb", "near"),
    [
        (store(region="eu-west-1"), "", 0.09, False),
        (store(region="eu-west-1"), "aws:eu-west-1", 0.0, True),
        (store(region="eu-west-1"), "aws:eu-west-2", 0.02, False),
        (store(region="eu-west-1"), "google:europe-west1", 0.09, False),
        (store(region="ap-southeast-2"), "", 0.114, False),
        (store(region="ap-southeast-2"), "aws:eu-west-1", 0.098, False),
        (store(endpoint="https://s3.eu-west-1.amazonaws.com"), "aws:eu-west-1", 0.0, True),
        (store(endpoint="https://s3.amazonaws.com"), "aws:us-east-1", 0.0, True),
        (store(Provider.AZURE), "", 0.087, False),
        (store(Provider.AZURE, endpoint="https://reef.blob.core.windows.net"), "azure:westeurope", 0.02, False),
        (store(Provider.AZURE, region="westeurope"), "azure:westeurope", 0.0, True),
        (store(Provider.GOOGLE), "", 0.12, False),
        (store(endpoint="https://abc.r2.cloudflarestorage.com"), "", 0.0, False),
    ],
)
def test_a_gb_costs_by_the_way_that_it_takes(of: Store, server: str, gb: float, near: bool) -> None:
    route = built_in(server).route(of)
    assert route is not None
    assert (route.gb, route.near) == (gb, near)


@pytest.mark.parametrize(
    "of",
    [
        store(endpoint="http://minio.lan:9000"),
        store(endpoint="https://amazonaws.com.example.org"),
        store(endpoint="https://notamazonaws.com"),
        store(Provider.HTTPS, endpoint="https://media.example.org"),
        store(Provider.DISK),
    ],
)
def test_no_price_is_made_up_for_what_is_in_no_cloud(of: Store) -> None:
    assert built_in().route(of) is None


def test_requests_and_bytes_are_added_up_and_writing_costs_its_requests_only() -> None:
    route = built_in().route(store(region="us-east-1"))
    assert route is not None
    counts = Counts(gets=10_000, puts=2_000, received=3 * 10**9, sent=10**12, served=10**12, saved=5 * 10**9)
    assert route.price(counts) == pytest.approx(10 * 0.0004 + 2 * 0.005 + 3 * 0.09)
    assert route.saving(counts) == pytest.approx(5 * 0.09)


@pytest.mark.parametrize(
    ("of", "server", "sentence"),
    [
        (store(region="eu-west-1"), "", "Bytes leave eu-west-1: about $0.09 a GB; a server or worker there pays none."),
        (
            store(region="eu-west-1"),
            "aws:eu-west-1",
            "This server is in eu-west-1 too: it pays nothing for what it reads.",
        ),
        (
            store(Provider.AZURE),
            "",
            "Bytes leave their region of Azure: about $0.09 a GB; a server or worker there pays none.",
        ),
        (
            store(endpoint="https://abc.r2.cloudflarestorage.com"),
            "",
            "Cloudflare R2 asks nothing for bytes that leave it.",
        ),
        (store(endpoint="http://minio.lan:9000"), "", "No price is known for minio.lan:9000."),
        (store(Provider.DISK), "", ""),
        (store(Provider.HTTPS, endpoint="https://media.example.org"), "", ""),
    ],
)
def test_a_store_tells_what_it_costs_that_its_bytes_leave(of: Store, server: str, sentence: str) -> None:
    assert built_in(server).tip(of) == sentence


def test_a_file_is_laid_over_the_built_in_table(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(
        'currency = "EUR"\ndate = 2026-01-31\n[clouds.aws]\ninternet = 0.05\n[clouds.lab]\nname = "Lab"\n'
        'hosts = ["minio.lan"]\nregion = "cellar"\nget = 0\nput = 0\n'
        "same_region = 0\nother_region = 0\ninternet = 0.01\n"
    )
    prices = Prices.load(path)
    assert (prices.currency, prices.date) == ("EUR", date(2026, 1, 31))
    aws, lab = prices.route(store(region="eu-west-1")), prices.route(store(endpoint="http://minio.lan:9000"))
    assert aws is not None
    assert (aws.gb, aws.rates.get) == (0.05, 0.0004)
    assert lab is not None
    assert (lab.gb, lab.region) == (0.01, "cellar")
    assert prices.tip(store(endpoint="http://minio.lan:9000")).startswith("Bytes leave cellar: about €0.01 a GB;")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("clouds = 1", "clouds"),
        ("[clouds.aws]\ninternet = -1", "clouds.aws.internet"),
        ("[clouds.aws]\nintrnet = 1", "clouds.aws.intrnet"),
        ("[clouds.aws.regions.eu-west-1]\nintrnet = 1", "intrnet"),
        ("[clouds.lab]\nname = 'Lab'", "clouds.lab.get"),
        ("= 1", "no TOML"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(Invalid, match=told):
        Prices.load(path)


def test_a_file_that_is_not_there_and_a_cloud_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        Prices.load(tmp_path / "none.toml")
    with pytest.raises(Invalid, match="no cloud 'amazon'"):
        built_in("amazon:eu-west-1")


def test_every_price_of_the_built_in_table_is_of_a_region_that_is_named() -> None:
    table = tomllib.loads(BUILT_IN.read_text())
    prices = Prices(table)
    for region, rates in table["clouds"]["aws"]["regions"].items():
        route = prices.route(store(region=region))
        assert route is not None
        assert {name: getattr(route.rates, name) for name in rates} == rates


@pytest.mark.parametrize(
    ("amount", "text"), [(0.0, "$0.00"), (0.09, "$0.09"), (1234.5, "$1,234.50"), (0.0012, "$0.0012"), (-2.0, "-$2.00")]
)
def test_money_keeps_the_digits_that_tell(amount: float, text: str) -> None:
    assert built_in().money(amount) == text
