"""Endpoints as people write them: hosts of AWS in all their forms, and one spelling for each server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from moorage.model.errors import Invalid

_AWS: Final = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?(?P<region>[a-z]{2}(?:-[a-z]+)+-\d+))?\.amazonaws\.com(?:\.cn)?"
)
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AwsHost:
    """What a host name of Amazon S3 tells; empty where it tells nothing."""

    bucket: str
    region: str


@dataclass(frozen=True, slots=True)
class Host:
    """A server: its URL in one spelling, and its host name."""

    url: str
    hostname: str


def aws_host(hostname: str) -> AwsHost | None:
    """Bucket and region in a host name of Amazon S3; None for any other. Source: S3 user guide, virtual hosting."""
    found = _AWS.fullmatch(hostname.lower())
    return None if found is None else AwsHost(found["bucket"] or "", found["region"] or "")


def parts_of(scheme: str, authority: str) -> Host:
    """The server of a URL. Raises Invalid where it names none."""
    try:
        parts = urlsplit(f"{scheme}://{authority}")
        hostname, port = parts.hostname or "", parts.port
    except ValueError:
        hostname, port = "", None
    if not hostname or port == 0 or any(letter.isspace() or letter in "\\<>\"'`{}|^" for letter in hostname):
        raise Invalid(
            f"{authority[:80]!r} is not a host. Nothing was made.",
            "Write https://host/bucket/prefix, or https://host:9000/bucket/prefix.",
            field="address",
        )
    host = f"[{hostname}]" if ":" in hostname else hostname
    named = "" if port in (None, _PORTS[scheme]) else f":{port}"
    return Host(f"{scheme}://{host}{named}", hostname)


def endpoint_of(text: str, port: int | None = None) -> str:
    """The endpoint with its scheme and port. Without a scheme it is https: a guess of http would send keys in clear.

    Raises Invalid, which does not show it, when the text and ``port`` name two different ports.
    """
    given = text.strip().rstrip("/")
    if not given:
        return ""
    whole = given if "://" in given else f"https://{given}"
    try:
        named = urlsplit(whole).port
    except ValueError as exc:
        raise Invalid("That is no endpoint.", "Write https://host or https://host:port.", field="endpoint") from exc
    if port is None or named == port:
        return whole
    scheme = whole.partition("://")[0].lower()
    if named is not None:
        raise Invalid(f"The endpoint names port {named}, the port is {port}.", "Give one of them.", field="port")
    if "://" in given and port in _PORTS.values() and _PORTS.get(scheme) != port:
        raise Invalid(
            f"The endpoint begins with {scheme}://, and {port} is the port of another scheme.",
            "Write one of them: http://host goes to port 80, https://host to 443.",
            field="port",
        )
    return f"{whole}:{port}"


def canonical(endpoint: str) -> tuple[str, str]:
    """The endpoint in one spelling, and the region that it names; an endpoint of AWS is the empty one."""
    if not endpoint:
        return "", ""
    parts = urlsplit(endpoint)
    if parts.scheme not in _PORTS or "@" in parts.netloc or parts.query or parts.fragment:
        return endpoint, ""  # registering refuses it in its own words
    host = parts_of(parts.scheme, parts.netloc)
    aws = aws_host(host.hostname)
    if aws is not None and not aws.bucket:
        return "", aws.region
    return host.url + parts.path.rstrip("/"), ""
