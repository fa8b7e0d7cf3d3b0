"""CORS rules for our own pages, and how each provider writes them."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final
from xml.sax.saxutils import escape

from moorage.model.cors import CorsRule, CorsRules
from moorage.model.errors import Invalid
from moorage.model.store import Provider, Store
from moorage.prescribing.document import Draft, Json, Kind
from moorage.prescribing.modes import Mode, writes
from moorage.prescribing.wish import Wish

ID: Final = "moorage"
_SENT: Final = ("content-type", "range", "if-range", "if-match", "if-none-match")
_READ: Final = ("ETag", "Content-Range", "Content-Length", "Accept-Ranges", "Last-Modified")
_MAX_AGE_S: Final = 3000
_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"


def cors_rules(store: Store | Wish, origins: Iterable[str], modes: AbstractSet[Mode]) -> CorsRules:
    """The rules that pages of ``origins`` need for these modes: exact origins, and no writing where nothing is written.

    Raises Invalid without an origin, and for one that is not exact.
    """
    provider = store.connection.provider if isinstance(store, Store) else store.provider
    exact = tuple(dict.fromkeys(origins))
    if not exact or any("*" in one for one in exact):
        raise Invalid(
            "CORS rules need exact origins. Nothing was written.",
            "Name the address that browsers come from, such as https://media.example.org.",
            field="origins",
        )
    return CorsRules((_RULES[provider](exact, write=writes(modes)),))


def _s3(origins: tuple[str, ...], *, write: bool) -> CorsRule:
    # S3 takes no wildcard among exposed headers, so each is named.
    read = (*_READ, "x-amz-version-id", "x-amz-checksum-crc32", "x-amz-checksum-sha256")
    sent = (*_SENT, "content-md5", "authorization", "x-amz-*")
    return CorsRule(origins, ("GET", "HEAD", *(("PUT", "POST") if write else ())), sent, read, _MAX_AGE_S, ID)


def _azure(origins: tuple[str, ...], *, write: bool) -> CorsRule:
    read = (*(one.lower() for one in _READ), "x-ms-*")
    methods = ("GET", "HEAD", *(("PUT",) if write else ()), "OPTIONS")
    return CorsRule(origins, methods, (*_SENT, "x-ms-*"), read, _MAX_AGE_S)


def _google(origins: tuple[str, ...], *, write: bool) -> CorsRule:
    # One list is both what may be sent and what may be read.
    names = ("Content-Type", *_READ, "Range", "x-goog-generation", "x-goog-hash", "x-goog-resumable", "Location")
    return CorsRule(origins, ("GET", "HEAD", *(("PUT", "POST") if write else ())), names, names, 3600)


_RULES: Final = {Provider.S3: _s3, Provider.AZURE: _azure, Provider.GOOGLE: _google}


def as_s3(rules: CorsRules) -> Json:
    """As ``PutBucketCors`` takes it."""
    return {"CORSRules": [_one_s3(rule) for rule in rules.rules]}


def _one_s3(rule: CorsRule) -> Json:
    named: dict[str, Json] = {"ID": rule.id} if rule.id else {}
    return named | {
        "AllowedOrigins": list(rule.origins),
        "AllowedMethods": list(rule.methods),
        "AllowedHeaders": list(rule.request_headers),
        "ExposeHeaders": list(rule.exposed_headers),
        "MaxAgeSeconds": rule.max_age_s,
    }


def as_s3_xml(rules: CorsRules) -> str:
    """The same as XML, in the order of elements that S3 wants."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<CORSConfiguration xmlns="{_NAMESPACE}">']
    for rule in rules.rules:
        pairs = [
            *([("ID", rule.id)] if rule.id else []),
            *(("AllowedHeader", one) for one in rule.request_headers),
            *(("AllowedMethod", one) for one in rule.methods),
            *(("AllowedOrigin", one) for one in rule.origins),
            *(("ExposeHeader", one) for one in rule.exposed_headers),
            ("MaxAgeSeconds", str(rule.max_age_s)),
        ]
        lines += ["  <CORSRule>", *(f"    <{name}>{escape(text)}</{name}>" for name, text in pairs), "  </CORSRule>"]
    return "\n".join([*lines, "</CORSConfiguration>", ""])


def as_google(rules: CorsRules) -> Json:
    """As ``gcloud storage buckets update --cors-file`` and ``gsutil cors set`` take it."""
    return [
        {
            "origin": list(rule.origins),
            "method": list(rule.methods),
            "responseHeader": list(dict.fromkeys((*rule.request_headers, *rule.exposed_headers))),
            "maxAgeSeconds": rule.max_age_s,
        }
        for rule in rules.rules
    ]


def as_azure(rules: CorsRules) -> Json:
    """As a resource template of Azure has them."""
    return {
        "corsRules": [
            {
                "allowedOrigins": list(rule.origins),
                "allowedMethods": list(rule.methods),
                "allowedHeaders": list(rule.request_headers),
                "exposedHeaders": list(rule.exposed_headers),
                "maxAgeInSeconds": rule.max_age_s,
            }
            for rule in rules.rules
        ]
    }


def cors(wish: Wish, modes: AbstractSet[Mode]) -> Draft:
    """The rules of one bucket, as its provider writes them."""
    rules = cors_rules(wish, wish.origins, modes)
    match wish.provider:
        case Provider.AZURE:
            body, where = as_azure(rules), "Storage account, settings: resource sharing (CORS), Blob service."
            notes = ("These hold for the whole storage account, which takes five rules at most.",)
        case Provider.GOOGLE:
            body, where = as_google(rules), f"Only by command: the console does not show CORS of {wish.bucket}."
            notes = ("This replaces the CORS rules that the bucket has: add what is there already.",)
        case _:
            body, where = as_s3(rules), f"S3, bucket {wish.bucket}, permissions: cross-origin resource sharing."
            notes = ("This replaces the CORS rules that the bucket has: add what is there already.",)
    return Draft(Kind.CORS, "Let browsers in (CORS)", body, where, notes)
