"""Prices: what requests and bytes cost, by the cloud and region of a store and of this server."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from moorage.model.costs import Counts
from moorage.model.endpoint import aws_host
from moorage.model.errors import Invalid
from moorage.model.store import Provider, Store

BUILT_IN: Final = Path(__file__).with_name("prices.toml")
GB: Final = 10**9
_HOMES: Final = {Provider.S3: "amazonaws.com", Provider.AZURE: "core.windows.net", Provider.GOOGLE: "googleapis.com"}
"""Where a store without an endpoint of its own is."""
_SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rates(_Table):
    """Prices in one region. ``get`` and ``put`` are per 1,000 requests, the others per GB that leaves it."""

    get: NonNegativeFloat
    put: NonNegativeFloat
    same_region: NonNegativeFloat
    other_region: NonNegativeFloat
    internet: NonNegativeFloat


class Cloud(Rates):
    """A cloud: the ends of its host names, and its prices; ``regions`` hold those that differ."""

    name: str
    hosts: tuple[str, ...] = ()
    region: str = ""
    """That of a store which names none."""
    regions: Mapping[str, Mapping[str, NonNegativeFloat]] = Field(default_factory=dict)

    def rates(self, region: str) -> Rates:
        """The prices there."""
        usual = {name: getattr(self, name) for name in Rates.model_fields}
        return Rates.model_validate(usual | dict(self.regions.get(region, {})))


class _File(_Table):
    date: date
    currency: str
    clouds: Mapping[str, Cloud]


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a store's bytes to this server, and what it costs."""

    region: str
    """Of the store; empty where it is not known."""
    cloud: str
    """What the cloud is called."""
    rates: Rates
    gb: float
    """The price of one GB on this way."""
    near: bool
    """This server is in the store's region."""

    def price(self, counts: Counts) -> float:
        """What was asked of the store, in money. What is written to it costs its requests only."""
        requests = counts.gets * self.rates.get + counts.puts * self.rates.put
        return requests / 1000 + counts.received / GB * self.gb

    def saving(self, counts: Counts) -> float:
        """What the bytes that were saved would have cost."""
        return counts.saved / GB * self.gb


class Prices:
    """The table in force, as this server sees it."""

    def __init__(self, table: Mapping[str, Any], *, server: str = "") -> None:
        """``server``: where it is, such as ``aws:eu-west-1``; empty: outside of every cloud. Raises Invalid."""
        try:
            file = _File.model_validate(table)
            self._clouds = {name: (cloud, _regional(cloud)) for name, cloud in file.clouds.items()}
        except ValidationError as exc:
            error = exc.errors(include_url=False)[0]
            place = ".".join(str(part) for part in error["loc"])
            raise Invalid(
                f"The table of prices does not fit: {place}: {error['msg']}.", "Correct it.", field="MOORAGE_PRICES"
            ) from exc
        self.date = file.date
        """Of the prices."""
        self.currency = file.currency
        self._server = tuple(server.partition(":")[::2])
        if server and self._server[0] not in self._clouds:
            raise Invalid(
                f"The table of prices knows no cloud {self._server[0]!r}.",
                f"Write one of {', '.join(self._clouds)}, a colon and the region, such as aws:eu-west-1.",
                field="MOORAGE_SERVER_REGION",
            )

    @classmethod
    def load(cls, path: Path | None, *, server: str = "") -> Prices:
        """The built-in table, with what the file at ``path`` says laid over it. Raises Invalid."""
        table = tomllib.loads(BUILT_IN.read_text())
        if path is not None:
            table = _laid_over(table, _read(path))
        return cls(table, server=server)

    def route(self, store: Store) -> Route | None:
        """The way of its bytes; None where no price is known."""
        host = _host(store)
        found = next((one for one in self._clouds.items() if _ends(host, one[1][0].hosts)), None)
        if found is None:
            return None
        word, (cloud, regional) = found
        told = aws_host(host)
        region = store.connection.region or (told.region if told else "") or cloud.region
        rates = regional.get(region) or regional[""]
        same_cloud = self._server[0] == word
        near = same_cloud and bool(region) and self._server[1] == region
        gb = rates.same_region if near else rates.other_region if same_cloud else rates.internet
        return Route(region, cloud.name, rates, gb, near)

    def tip(self, store: Store) -> str:
        """What it costs that the store's bytes leave their region, as a sentence; empty where the question is idle."""
        if store.connection.provider not in _HOMES:
            return ""
        route = self.route(store)
        if route is None:
            return f"No price is known for {_host(store)}."
        place = route.region or f"their region of {route.cloud}"
        if route.near:
            pays = f"{self.money(route.gb)} a GB" if route.gb else "nothing"
            return f"This server is in {place} too: it pays {pays} for what it reads."
        if not route.gb:
            return f"{route.cloud} asks nothing for bytes that leave it."
        free = "none" if not route.rates.same_region else f"{self.money(route.rates.same_region)}"
        return f"Bytes leave {place}: about {self.money(route.gb)} a GB; a server or worker there pays {free}."

    def money(self, amount: float) -> str:
        """Such as ``$0.09``; what is less than a cent keeps two digits that tell."""
        sign = _SIGNS.get(self.currency, f"{self.currency} ")
        size = abs(amount)
        text = f"{size:,.2f}" if size >= 0.01 or size < 0.000_05 else f"{size:.2g}"  # noqa: PLR2004 - a cent
        return f"{'-' if amount < 0 and float(text.replace(',', '')) else ''}{sign}{text}"


def _regional(cloud: Cloud) -> dict[str, Rates]:
    return {region: cloud.rates(region) for region in ("", *cloud.regions)}


def _host(store: Store) -> str:
    """The host of a store, with its port where it names one."""
    endpoint = store.connection.endpoint
    return urlsplit(endpoint).netloc.lower() if endpoint else _HOMES.get(store.connection.provider, "")


def _ends(host: str, hosts: tuple[str, ...]) -> bool:
    bare = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return any(bare == end or bare.endswith(f".{end}") for end in hosts)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as exc:
        raise Invalid(
            f"The table of prices {path} cannot be read: {exc.strerror}.",
            "Name a file that can.",
            field="MOORAGE_PRICES",
        ) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise Invalid(f"The table of prices {path} is no TOML: {exc}.", "Correct it.", field="MOORAGE_PRICES") from exc


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        known = merged.get(name)
        merged[name] = _laid_over(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged
