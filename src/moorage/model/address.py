"""Addresses: URLs that name an object, in text that a person can paste."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from moorage.model.errors import Invalid
from moorage.model.keys import Key
from moorage.model.store import Provider, Store

SCHEMES: Final = {
    "s3": Provider.S3,
    "azure": Provider.AZURE,
    "google": Provider.GOOGLE,
    "fs": Provider.DISK,
    "https": Provider.HTTPS,
    "http": Provider.HTTPS,
}
_WRITTEN: Final = {provider: scheme for scheme, provider in SCHEMES.items() if scheme != "http"}


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
    text = line.removesuffix("\n").removesuffix("\r")
    scheme, separator, rest = text.partition("://")
    provider = SCHEMES.get(scheme)
    if not separator or provider is None:
        raise Invalid(
            f"{text[:80]!r} is not an address.",
            "Write s3://bucket/key, azure://container/key, google://bucket/key, fs://store/key or https://host/path.",
            field="address",
        )
    if provider is Provider.HTTPS:
        return Address(provider, text)
    place, _, key = rest.partition("/")
    if not place:
        raise Invalid(f"{text[:80]!r} names no bucket.", f"Write {scheme}://bucket/key.", field="address")
    return Address(provider, place, Key(key))


def address_in(store: Store, key: str) -> str:
    """The address of a key of a store as it is shown; unlike ``format_address`` it takes any key, verbatim."""
    named = store.connection.provider in (Provider.DISK, Provider.MEMORY)
    provider = store.connection.provider
    return f"{_WRITTEN.get(provider, provider.value)}://{store.name if named else store.bucket}/{key}"


def format_address(address: Address) -> str:
    """The text of an address. Raises Invalid for a key with a line break: those go by CSV or JSON."""
    if "\n" in address.key or "\r" in address.key:
        raise Invalid("A key with a line break has no address on one line.", "Use CSV or JSON.", field="address")
    if address.provider is Provider.HTTPS:
        return address.place
    return f"{_WRITTEN[address.provider]}://{address.place}/{address.key}"
