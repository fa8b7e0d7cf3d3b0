"""Where a bucket is: endpoint, region and style, and the URLs made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, urlsplit

from moorage.model.errors import Invalid
from moorage.model.keys import Key, key_bytes
from moorage.model.store import Store
from moorage.stores.aws.spelling import domain_of

Query = Iterable[tuple[str, str]]
_DEFAULT_REGION: Final = "us-east-1"
_LONGEST_KEY: Final = 1024
_HOST: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""A bucket whose name can stand in a host name."""


@dataclass(frozen=True, slots=True)
class Place:
    """One bucket at one endpoint. Paths and queries are encoded here and nowhere else."""

    scheme: str
    host: str
    """Host with the port where it is not the scheme's own, in lower case."""
    path: str
    """Path of the endpoint itself, without a final ``/``; mostly empty."""
    bucket: str
    region: str
    virtual: bool
    """The bucket stands in the host name."""
    aws: bool

    @property
    def endpoint(self) -> str:
        """The endpoint as a person would write it."""
        return f"{self.scheme}://{self.host}{self.path}"

    def url(self, key: str | None = None, query: Query = ()) -> str:
        """The URL of an object, or of the bucket; unreserved characters and ``/`` stand as they are."""
        host = f"{self.bucket}.{self.host}" if self.virtual else self.host
        path = self.path if self.virtual else f"{self.path}/{quote(self.bucket, safe='')}"
        if key is not None:
            path = f"{path}/{quote_key(key)}"
        words = "&".join(f"{quote(name, safe='')}={quote(key_bytes(value), safe='')}" for name, value in sorted(query))
        return f"{self.scheme}://{host}{path or '/'}{'?' if words else ''}{words}"

    def moved(self, region: str) -> Place:
        """The same bucket in another region; at AWS the endpoint follows the region."""
        host = f"s3.{region}.{domain_of(region)}" if self.aws else self.host
        return replace(self, region=region, host=host)

    def unstorable(self, key: Key) -> str | None:
        """Why S3 cannot hold ``key``. Source: Amazon S3 user guide, naming objects."""
        if not key:
            return "An S3 key has at least one character."
        try:
            size = len(key.encode())
        except UnicodeEncodeError:
            return "S3 keys are UTF-8; this one holds other bytes."
        if size > _LONGEST_KEY:
            return f"S3 keys have at most {_LONGEST_KEY} bytes; this one has {size}."
        if "\0" in key:
            return "S3 keys hold no NUL character."
        return (
            "Amazon S3 takes no key whose '..' segments lead out of the bucket."
            if self.aws and _leads_out(key)
            else None
        )


def place_of(store: Store) -> Place:
    """The place of a store's bucket. Raises Invalid for an endpoint that is no http or https address."""
    connection = store.connection
    if not store.bucket:
        raise Invalid("An S3 store needs a bucket.", "Name the bucket.", field="bucket")
    region = connection.region or _DEFAULT_REGION
    parts = urlsplit(connection.endpoint or f"https://s3.{region}.{domain_of(region)}")
    try:
        port = parts.port
    except ValueError as error:
        raise _bad_endpoint() from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise _bad_endpoint()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port and port != {"http": 80, "https": 443}[parts.scheme]:
        host = f"{host}:{port}"
    aws = parts.hostname.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    # A dot in the bucket's name would not match the wildcard of the certificate, other letters no host at all.
    path_style = (
        connection.path_style if connection.path_style is not None else not aws or not _HOST.fullmatch(store.bucket)
    )
    return Place(parts.scheme, host, parts.path.rstrip("/"), store.bucket, region, not path_style, aws)


def quote_key(key: str) -> str:
    """A key as it stands in a path: everything but unreserved characters and ``/`` percent-encoded."""
    return quote(key_bytes(key), safe="/")


def _leads_out(key: str) -> bool:
    depth = 0
    for segment in key.split("/"):
        depth += {"..": -1, ".": 0}.get(segment, 1)
        if depth < 0:
            return True
    return False


def _bad_endpoint() -> Invalid:
    return Invalid(
        "The endpoint is not an http or https address.",
        "Write https://host, https://host:port or http://host:port, without user name or query.",
        field="endpoint",
    )
