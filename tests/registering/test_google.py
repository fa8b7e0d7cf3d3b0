"""What a Google store must be like before it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moorage.model.credentials import Anonymous, Credentials, Hmac, Keys, Role, ServiceAccount
from moorage.model.errors import Invalid
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.registering.register import sound
from moorage.settings import Settings
from moorage.stores.google import GoogleStore, HmacStore
from moorage.wiring.adapters import Openings
from stores.google_tokens import key_file, token_server

REEF = Store("reef", Connection(Provider.GOOGLE), bucket=Bucket("reef-2021"))


@pytest.mark.parametrize("bucket", ["reef", "reef_2021", "media.reef.example", "a" * 63, "0.b-c_d"])
def test_buckets_of_google(bucket: str) -> None:
    assert sound(replace(REEF, bucket=Bucket(bucket), prefix="a")).prefix == "a/"  # type: ignore[arg-type]


@pytest.mark.parametrize("bucket", ["", "ab", "Reef", "reef/a", "-reef", "reef-", "réef", "reef 1", "a" * 223])
def test_buckets_that_google_cannot_have_are_refused(bucket: str) -> None:
    with pytest.raises(Invalid) as caught:
        sound(replace(REEF, bucket=Bucket(bucket)))
    assert caught.value.field == "bucket"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"root": "/data"}, "root"),
        ({"endpoint": "storage.example"}, "endpoint"),
        ({"endpoint": "https://user:s3cr3t@storage.example"}, "endpoint"),
        ({"credentials": Keys("a", "s3cr3t")}, "credentials"),
        ({"credentials": Role("arn:aws:iam::1:role/x")}, "credentials"),
        ({"credentials": Hmac("GOOG1", "s3cr3t\n")}, "credentials.secret_key"),
        ({"credentials": Hmac("", "s3cr3t")}, "credentials.access_key"),
    ],
)
def test_what_no_google_store_has_is_refused_by_its_field(change: Mapping[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        sound(replace(REEF, connection=replace(REEF.connection, **change)))
    assert caught.value.field == field
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("credentials", [Anonymous(), Role(), Hmac("GOOG1", "secret"), ServiceAccount("{}")])
def test_credentials_that_google_knows(credentials: Credentials) -> None:
    sound(replace(REEF, connection=replace(REEF.connection, credentials=credentials)))


async def test_stores_are_opened_by_their_credentials_and_the_settings(tmp_path: Path) -> None:
    async with token_server() as tokens:
        host = f"127.0.0.1:{tokens.port}"
        settings = Settings.load({"data": tmp_path}, {"GCE_METADATA_HOST": host}, tmp_path)
        openings = Openings(settings)
        account = ServiceAccount(key_file("https://oauth2.googleapis.com/token"))
        kinds: list[tuple[type, Credentials]] = [(HmacStore, Hmac("a", "b")), (GoogleStore, account)]
        for kind, credentials in kinds:
            connection = replace(REEF.connection, credentials=credentials)
            assert isinstance(openings.for_readers(replace(REEF, connection=connection)), kind)
        connection = Connection(Provider.GOOGLE, endpoint=f"http://{host}", credentials=Role())
        opened = openings.for_jobs(replace(REEF, connection=connection))
        with pytest.raises(Exception, match="does not answer as Google"):
            await opened.list_page()
        await opened.aclose()
        assert len(tokens.issued) >= 1
        with pytest.raises(Invalid, match="not JSON"):
            openings.for_checks(replace(REEF, connection=replace(connection, credentials=ServiceAccount("{"))))
