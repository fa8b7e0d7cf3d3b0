"""What a Google store must be like before it is opened."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from moorage.model.credentials import Anonymous, Forgotten, Hmac, Role, ServiceAccount
from moorage.model.errors import Invalid
from moorage.model.store import Store

BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
"""Source: Cloud Storage documentation, about buckets, naming."""


def sound_google(store: Store) -> None:
    """Raises Invalid, naming the field, for what no bucket of Google's can be, or no credentials for it."""
    connection = store.connection
    if not BUCKET.fullmatch(store.bucket):
        raise Invalid(
            f"{store.bucket!r} is not a bucket of Google's.",
            "Write the bucket's name alone: small letters, digits, dashes, dots and underscores, 3 or more.",
            field="bucket",
        )
    if connection.root:
        raise Invalid("A Google store has no root.", "Leave it empty, or choose the provider disk.", field="root")
    _sound_endpoint(connection.endpoint)
    match connection.credentials:
        case Hmac(access_key=access_key, secret_key=secret_key):
            _sound_word("access_key", access_key)
            _sound_word("secret_key", secret_key)
        case Role(role_arn=role_arn, external_id=external_id) if role_arn or external_id:
            raise Invalid(
                "A Google store takes no role but the machine's own.",
                "Leave the role's ARN and the external id empty, or give the key of a service account.",
                field="credentials",
            )
        case ServiceAccount() | Role() | Anonymous() | Forgotten():
            pass
        case other:
            raise Invalid(
                f"A Google store takes no credentials of the kind {other.kind}.",
                "Give service_account, hmac, role (the machine's own), or anonymous for a public bucket.",
                field="credentials",
            )


def _sound_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if endpoint and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        raise Invalid(
            "That is no endpoint.",
            "Write it with its scheme, such as https://storage.example.org, or leave it empty for Google's own.",
            field="endpoint",
        )
    if parts.username or parts.password:
        raise Invalid("The endpoint holds credentials.", "Give keys in the fields for them.", field="endpoint")


def _sound_word(field: str, word: str) -> None:
    if not word or not (word.isascii() and word.isprintable()) or word != word.strip():
        raise Invalid(
            f"The {field.replace('_', ' ')} is empty, or holds blanks at its ends or letters that Google never uses.",
            "Copy it again, without a line break.",
            field=f"credentials.{field}",
        )
