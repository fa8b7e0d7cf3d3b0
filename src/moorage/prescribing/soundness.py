"""Whether documents can be written of a wish: each name in it is one that its provider could have given."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from moorage.model.errors import Invalid
from moorage.model.keys import needs_escape
from moorage.model.policies import PolicyNames
from moorage.model.store import Provider
from moorage.prescribing.arn import parts
from moorage.prescribing.wish import Server, Wish

ARNS: Final = ("role_arn", "kms_key_arn", "queue_arn", "topic_arn", "trust_anchor_arn")
_DIGITS: Final = re.compile(r"\d{12}", re.ASCII)
_TOPIC: Final = re.compile(r"[A-Za-z][\w.~+%-]{2,254}", re.ASCII)
_LONGEST_ID: Final = 1224
"""Letters of an external id, as STS takes them."""
_BUCKET: Final = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._:-]{0,254}")
_WORD: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}", re.ASCII)
_PLACE: Final = re.compile(r"[\w.()-]{1,90}", re.ASCII)
_ENDPOINT: Final = re.compile(r"(https?://[\w.:\[\]-]+(/[\w./%~-]*)?)?", re.ASCII)
_REGION: Final = re.compile(r"[\w-]{0,40}", re.ASCII)
_LONGEST_PREFIX: Final = 1024


def sound(wish: Wish) -> Wish:
    """The wish if documents can be written of it. Raises Invalid, which names the field."""
    if wish.provider not in {Provider.S3, Provider.AZURE, Provider.GOOGLE}:
        raise _invalid(
            f"A store of the kind {wish.provider} has no policies.",
            "A disk has the rights of its files; a web server its own settings.",
            "provider",
        )
    if not _BUCKET.fullmatch(wish.bucket):
        raise _invalid(f"{wish.bucket[:80]!r} is not a bucket's name.", "Write the bucket's name alone.", "bucket")
    if needs_escape(wish.prefix) or len(wish.prefix.encode()) > _LONGEST_PREFIX:
        raise _invalid(
            "The prefix is no text, or longer than 1,024 bytes.", "Choose a prefix that policies can name.", "prefix"
        )
    if wish.prefix and not wish.prefix.endswith("/"):
        raise _invalid("The prefix does not end with '/'.", f"Write {wish.prefix[:80]}/ for the folder.", "prefix")
    if not _ENDPOINT.fullmatch(wish.endpoint):
        raise _invalid(
            f"{wish.endpoint[:80]!r} is no endpoint.", "Write https://host or https://host:port.", "endpoint"
        )
    if not _REGION.fullmatch(wish.region):
        raise _invalid(f"{wish.region[:80]!r} is no region.", "Write it such as eu-west-1.", "region")
    if wish.options.server and wish.options.server not in set(Server):
        raise _invalid(f"{wish.options.server[:40]!r} is no server.", "Write aws, ceph or minio.", "server")
    _need_names(wish)
    _need_texts(wish.options)
    for origin in wish.origins:
        parts_ = urlsplit(origin)
        if parts_.scheme not in {"http", "https"} or origin != f"{parts_.scheme}://{parts_.netloc}" or "*" in origin:
            raise _invalid(f"{origin[:80]!r} is no origin.", "Write https://media.example.org.", "origins")
    return wish


def _need_names(wish: Wish) -> None:
    told, aws = wish.options, wish.provider is Provider.S3
    if told.account and not (_DIGITS if aws else _WORD).fullmatch(told.account):
        needed = "the 12 digits of the account" if aws else "the account's name alone"
        raise _invalid(f"{told.account[:40]!r} is no account.", f"Write {needed}.", "account")
    if told.identity and not any(one.fullmatch(told.identity) for one in (_WORD, _EMAIL)) and not parts(told.identity):
        raise _invalid(f"{told.identity[:80]!r} names no user or role.", "Write its name or its ARN.", "identity")
    if not _WORD.fullmatch(wish.label):
        raise _invalid(f"{wish.name[:80]!r} is no name for a store.", "Letters, digits, '.', '_' and '-'.", "name")
    for name in ARNS if aws else ():
        value = getattr(told, name)
        if value and parts(value) is None:
            raise _invalid(f"{value[:80]!r} is no ARN.", "Copy it whole: it begins with arn:.", name)
    if told.topic_arn and not aws and not _TOPIC.fullmatch(told.topic_arn):
        raise _invalid(f"{told.topic_arn[:80]!r} is no topic.", "Write the topic's name alone.", "topic_arn")


def _need_texts(told: PolicyNames) -> None:
    for name in ("subscription", "resource_group", "expires"):
        value = getattr(told, name)
        if value and not _PLACE.fullmatch(value):
            raise _invalid(f"{value[:80]!r} is no {name}.", "Write it as the portal shows it.", name)
    for name in ("external_id", "certificate_cn"):
        value = getattr(told, name)
        if len(value) > _LONGEST_ID or not value.isprintable():
            raise _invalid(f"The {name} is too long, or holds control characters.", "Shorten it.", name)
    if needs_escape(told.public_prefix) or len(told.public_prefix) > _LONGEST_PREFIX:
        raise _invalid("The public prefix is no text, or too long.", "Name another.", "public_prefix")


def _invalid(message: str, advice: str, field: str) -> Invalid:
    return Invalid(f"{message} Nothing was written.", advice, field=field)
