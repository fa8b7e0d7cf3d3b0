"""Addresses: URLs that name an object, in text that a person can paste. The one grammar of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from moorage.model.errors import Invalid
from moorage.model.keys import Key, escape, has_bytes, key_bytes
from moorage.model.store import Provider, Store

SCHEMES: Final = {
    "s3": Provider.S3,
    "minio": Provider.S3,
    "azure": Provider.AZURE,
    "google": Provider.GOOGLE,
    "gcs": Provider.GOOGLE,
    "gs": Provider.GOOGLE,
    "fs": Provider.DISK,
    "https": Provider.HTTPS,
    "http": Provider.HTTPS,
}
"""Of several words for one provider the first is the one that is written."""
_WRITTEN: Final = {provider: scheme for scheme, provider in reversed(SCHEMES.items()) if scheme != "http"}
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Address:
    """Names an object: ``place`` is its bucket, the name of a disk store, or the whole URL for https.

    The key is verbatim: no percent-decoding, ``#`` and ``?`` are letters, blanks count.
    """

    provider: Provider
    place: str
    key: Key = Key("")


def parse_address(line: str) -> Address:
    """The address that ``line`` spells, up to its end; one final CR LF or LF is dropped.

    Raises Invalid for an unknown scheme or a missing bucket; ``format_address`` is its inverse.
    """
    return address_of(line.removesuffix("\n").removesuffix("\r"))


def address_of(text: str) -> Address:
    """The same of a text that has no line end of its own: every letter counts."""
    scheme, separator, rest = text.partition("://")
    provider = SCHEMES.get(scheme.lower())
    if not separator or provider is None or not has_bytes(text):
        raise Invalid(
            f"'{shown(text)}' is no address of an object.",
            "Write s3://bucket/key, azure://container/key, google://bucket/key, fs://store/key or https://host/path.",
            field="address",
        )
    if provider is Provider.HTTPS:
        return Address(provider, f"{scheme.lower()}://{rest}")
    place, _, key = rest.partition("/")
    if not place:
        what = "store" if provider is Provider.DISK else "bucket"
        raise Invalid(f"'{shown(text)}' names no {what}.", f"Write {scheme.lower()}://{what}/key.", field="address")
    return Address(provider, place, Key(key))


def address_in(store: Store, key: str) -> str:
    """The address of a key of a store as it is shown; unlike ``format_address`` it takes any key, verbatim."""
    provider = store.connection.provider
    if provider is Provider.HTTPS:
        base = store.connection.endpoint.rstrip("/")
        return f"{base}/{quote(key_bytes(key), safe='/')}" if base else key
    named = provider in (Provider.DISK, Provider.MEMORY)
    return f"{_WRITTEN.get(provider, provider.value)}://{store.name if named else store.bucket}/{key}"


def format_address(address: Address) -> str:
    """The text of an address. Raises Invalid for a key with a line break: those go by CSV or JSON."""
    if "\n" in address.key or "\r" in address.key:
        raise Invalid("A key with a line break has no address on one line.", "Use CSV or JSON.", field="address")
    if address.provider is Provider.HTTPS:
        return address.place
    return f"{_WRITTEN[address.provider]}://{address.place}/{address.key}"


def shown(address: str) -> str:
    """An address as messages quote it: printable, short, and without what may be a secret in it."""
    return escape(without_secrets(address)[:_SHOWN])


def without_secrets(address: str) -> str:
    """A URL without its query, fragment and user, which may admit somebody; any other address as it is."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.lower() not in ("https", "http"):
        return address
    cut = min((place for place in map(rest.find, "?#") if place >= 0), default=len(rest))
    host, slash, path = rest[:cut].partition("/")
    _, colon, port = host.rpartition("@")[2].rpartition(":")
    if colon and port.strip("0123456789") and not host.endswith("]"):
        return f"{scheme}://…"  # a password with a slash in it
    tail = f"{rest[cut]}…" if cut < len(rest) else ""
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}{tail}"
