"""The grammar of a place: one line that names a directory, a bucket and prefix, or a registered store."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import quote, unquote

from moorage.model.account import need_container
from moorage.model.endpoint import aws_host, canonical, parts_of
from moorage.model.errors import Invalid
from moorage.model.keys import Prefix, prefix_of
from moorage.model.store import Provider
from moorage.registering.google import BUCKET as GOOGLE_BUCKET
from moorage.registering.register import BUCKET, NAME
from moorage.showing.clouds import GOOGLE, azure_endpoint, google_bucket, google_server, web_page

LONGEST: Final = 4096
FORMS: Final = (
    "Write a directory of the server's machine (/data/photos), a bucket (s3://bucket/prefix, google://bucket/prefix), "
    "an S3 server (https://host:9000/bucket/prefix), a container "
    "(https://ACCOUNT.blob.core.windows.net/container/prefix) or the name of a store."
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WINDOWS: Final = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_PORT: Final = re.compile(r".*:\d+|\[.*\]")
_HADOOP: Final = ("abfs", "abfss", "wasb", "wasbs")
"""Schemes whose authority is ``container@account.dfs.core.windows.net``."""
_CLOUDS: Final = {
    **dict.fromkeys(("azure", "az"), Provider.AZURE),
    **dict.fromkeys(("google", "gs", "gcs"), Provider.GOOGLE),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where media lies: exactly one of ``root``, ``bucket`` and ``store`` is set.

    ``root`` is an absolute directory without final ``/``. An ``endpoint`` has its scheme; empty: AWS, Google, or the
    account of Azure that the credentials name.
    ``provider`` is None for a store that is named alone: what it is, its registration tells.
    """

    provider: Provider | None = None
    root: str = ""
    endpoint: str = ""
    region: str = ""
    bucket: str = ""
    store: str = ""
    prefix: Prefix = Prefix("")

    @property
    def text(self) -> str:
        """The line that names it; ``parse_place`` is its inverse, but for the region.

        Servers of one's own that speak as Azure or Google do are not in it: their endpoint is given beside it.
        """
        if self.store:
            return f"{self.store}:{self.prefix}" if self.prefix else self.store
        if self.root:
            return self.root
        if self.provider is Provider.GOOGLE:
            return f"google://{self.bucket}/{self.prefix}"
        if self.provider is Provider.AZURE and not _is_account(self.endpoint):
            return f"azure://{self.bucket}/{self.prefix}"
        # A dot in the first part of s3:// may be read as a host.
        endpoint = self.endpoint or ("https://s3.amazonaws.com" if "." in self.bucket else "")
        if endpoint:
            return f"{endpoint}/{quote(self.bucket, safe=':$')}/{quote(self.prefix)}"
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def title(self) -> str:
        """Its last part, as people would call it."""
        parts = [part for part in (self.prefix or self.root).split("/") if part]
        return parts[-1] if parts else self.bucket or self.store or "disk"


def parse_place(line: str, *, endpoint: str = "", region: str = "", buckets: Container[str] = ()) -> Place:
    """The place that ``line`` names; blanks at its ends are dropped.

    ``endpoint`` (with scheme) and ``region`` are what was given beside it. In ``s3://`` a first part with a dot
    is a host, unless it is one of ``buckets``; one with a port always is. What stands after ``s3://bucket/`` is a
    prefix as it is; the path of ``https://`` and ``file://`` is percent-decoded. Raises Invalid.
    """
    text = _sound(line)
    scheme, separator, rest = text.partition("://")
    if separator and "/" not in scheme:
        place = _with_scheme(scheme.lower(), rest, endpoint=endpoint, region=region, buckets=buckets)
    elif text.lower().startswith("file:/"):
        place = _directory(_decoded(text[5:]))
    else:
        place = _plain(text)
    if place.bucket:
        _sound_bucket(place)
    elif endpoint or region:
        raise Invalid(
            "Only a bucket has an endpoint and a region. Nothing was made.",
            "Leave them out, or write the bucket as s3://bucket/prefix.",
            field="endpoint" if endpoint else "region",
        )
    return place


def _sound_bucket(place: Place) -> None:
    wrong = place.provider is Provider.GOOGLE and not GOOGLE_BUCKET.fullmatch(place.bucket)
    if place.provider is Provider.AZURE:
        try:
            need_container(place.bucket)
        except Invalid as error:
            raise _invalid(error.message, error.advice) from None
    elif wrong or not BUCKET.fullmatch(place.bucket):
        raise _invalid(f"{place.bucket[:80]!r} is not a bucket's name.", FORMS)
    if place.region and place.provider is not Provider.S3:
        raise Invalid("Only S3 has regions. Nothing was made.", "Leave the region out.", field="region")


def _sound(line: str) -> str:
    text = line.strip()
    if not text:
        raise _invalid("No address was given.", FORMS)
    if len(text) > LONGEST:
        raise _invalid(f"The address is longer than {LONGEST:,} letters.", "Shorten it.")
    if _CONTROL.search(text):
        raise _invalid("The address holds a control character, such as a line break.", "Write it on one line.")
    return text


def _plain(text: str) -> Place:
    """A directory, or a registered store."""
    if text.startswith("/"):
        return _directory(text)
    shown = repr(text[:80])
    if _WINDOWS.match(text):
        raise _invalid(
            f"{shown} is a path of Windows.",
            "Moorage reads directories of the machine it runs on: write the path there, such as /data/photos.",
        )
    name, _, prefix = text.partition(":")
    if text.startswith(("~", ".")) or ("/" in text and not NAME.fullmatch(name)):
        raise _invalid(
            f"{shown} is not a whole path: the server cannot know where it begins.",
            "Write the whole path on the server's machine, such as /data/photos.",
        )
    if not NAME.fullmatch(name):
        raise _invalid(f"{shown} is no address.", FORMS)
    return Place(store=name, prefix=prefix_of(prefix))


def _directory(path: str) -> Place:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise _invalid(f"{path[:80]!r} goes up by '..'.", "Write the whole path without '..', such as /data/photos.")
    return Place(Provider.DISK, root="/" + "/".join(parts))


def _with_scheme(scheme: str, rest: str, *, endpoint: str, region: str, buckets: Container[str]) -> Place:
    authority, _, key = rest.partition("/")
    if scheme in _HADOOP:
        container, _, authority = authority.partition("@")
        return _at_host("https", authority, f"{container}/{key}", endpoint=endpoint, region=region)
    if "@" in authority:
        raise _invalid(
            "The address holds a user name or password.", "Leave out what stands before '@', and give keys apart."
        )
    if cloud := _CLOUDS.get(scheme):
        return _in_cloud(cloud, authority, key, endpoint, region)
    match scheme:
        case "file":
            return _file(authority, key)
        case "fs":
            if not NAME.fullmatch(authority):
                raise _invalid(f"{authority[:80]!r} is no name of a store.", "Write fs://store/prefix.")
            return Place(Provider.DISK, store=authority, prefix=prefix_of(key))
        case "s3" | "minio":
            is_host = not endpoint and _is_host(authority, key, buckets)
            if not is_host:
                return _bucket(authority, key, endpoint, region)
            return _at_host("https", authority, key, endpoint="", region=region)
        case "http" | "https":
            _refuse_page(authority)
            return _at_host(scheme, authority, _decoded(key), endpoint=endpoint, region=region)
    raise _invalid(f"{scheme[:40]}:// is no kind of place that Moorage knows.", FORMS)


def _file(machine: str, path: str) -> Place:
    if machine not in ("", "localhost"):
        raise _invalid("A file:// address names another machine.", "Write the path alone: /data/photos.")
    return _directory(_decoded(f"/{path}"))


def _is_host(first: str, key: str, buckets: Container[str]) -> bool:
    if _PORT.fullmatch(first):
        return True
    return "." in first and (bool(key) or aws_host(first) is not None) and first not in buckets


def _at_host(scheme: str, authority: str, path: str, *, endpoint: str, region: str) -> Place:
    if "?" in authority or "#" in authority:
        _refuse_query(authority)
    host = parts_of(scheme, authority)
    if account := azure_endpoint(host):
        _same_server(endpoint.rstrip("/"), account)
        return _in_cloud(Provider.AZURE, *_split(path), account, region)
    if (bucket := google_bucket(host.hostname)) is not None:
        _same_server(google_server(endpoint) or GOOGLE, GOOGLE)
        return _in_cloud(Provider.GOOGLE, *((bucket, path) if bucket else _split(path)), "", region)
    aws = aws_host(host.hostname)
    _same_server(canonical(endpoint)[0] if endpoint else "", "" if aws else host.url, given=bool(endpoint))
    if aws is None:
        return _bucket(*_split(path), host.url, region)
    if region and aws.region and region != aws.region:
        raise Invalid(
            f"The address names the region {aws.region}, the field {region}. Nothing was made.",
            "Leave one of them out.",
            field="region",
        )
    if aws.bucket:
        return _bucket(aws.bucket, path, "", region or aws.region)
    return _bucket(*_split(path), "", region or aws.region)


def _same_server(endpoint: str, server: str, *, given: bool = False) -> None:
    if (endpoint or given) and endpoint != server:
        raise Invalid(
            "Address and endpoint name two servers. Nothing was made.", "Leave one of them out.", field="endpoint"
        )


def _in_cloud(provider: Provider, bucket: str, prefix: str, endpoint: str, region: str) -> Place:
    if not bucket:
        what = "container" if provider is Provider.AZURE else "bucket"
        raise _invalid(f"The address names no {what}.", f"Write {provider.value}://{what}/prefix.")
    server = google_server(endpoint) if provider is Provider.GOOGLE else endpoint.rstrip("/")
    return Place(provider, endpoint=server, region=region, bucket=bucket, prefix=prefix_of(prefix))


def _is_account(endpoint: str) -> bool:
    scheme, _, authority = endpoint.partition("://")
    return scheme in ("http", "https") and bool(azure_endpoint(parts_of(scheme, authority)))


def _split(path: str) -> tuple[str, str]:
    bucket, _, prefix = path.partition("/")
    return bucket, prefix


def _bucket(bucket: str, prefix: str, endpoint: str, region: str) -> Place:
    if not bucket:
        raise _invalid("The address names no bucket.", "Write s3://bucket/prefix, or https://host/bucket/prefix.")
    server, found = canonical(endpoint)
    return Place(Provider.S3, endpoint=server, region=region or found, bucket=bucket, prefix=prefix_of(prefix))


def _decoded(path: str) -> str:
    """The path of a URL. Raises Invalid for a query, and for bytes that no address has."""
    if "?" in path or "#" in path:
        _refuse_query(path)
    try:
        text = unquote(path, errors="strict")
    except UnicodeDecodeError:
        text = "\0"
    if _CONTROL.search(text):
        raise _invalid("The address holds bytes that are no letters.", FORMS)
    return text


def _refuse_page(authority: str) -> None:
    if page := web_page(authority.lower()):
        raise _invalid(f"That is a page of {page[0]}, not a bucket.", f"Write {page[1]}.")


def _refuse_query(text: str) -> NoReturn:
    if "sig=" in text:
        raise _invalid(
            "The address has a SAS token behind its '?', and addresses are shown to others.",
            "Write the address without it, and give the token as credentials.",
        )
    raise _invalid(
        "The address has a query or fragment ('?' or '#'), as a signed URL or a console page has.",
        "Write host, bucket and prefix alone; a '?' that belongs to a name is written %3F.",
    )


def _invalid(message: str, advice: str) -> Invalid:
    return Invalid(f"{message} Nothing was made.", advice, field="address")
