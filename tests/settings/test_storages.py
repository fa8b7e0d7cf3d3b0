"""STORAGE_* and REMOTE_STORAGE_*: the connections that they declare, and where the file of links is."""

from __future__ import annotations

from pathlib import Path

import pytest

from moorage.model.credentials import AccountKey, Keys, Role, Sas
from moorage.model.errors import Invalid
from moorage.model.store import Provider
from moorage.settings import Settings
from moorage.settings.storages import links_file, primary_bucket, primary_storage, remote_storage
from settings.guide import ACCOUNT_KEY, SAS


def load(folder: Path, **environ: str) -> Settings:
    return Settings.load({}, {"MOORAGE_DATA": str(folder / "data")} | environ, folder)


def test_the_guides_settings_for_s3_declare_the_primary_storage(tmp_path: Path) -> None:
    keys = {"STORAGE_ACCESS_KEY": "AKIA", "STORAGE_SECRET_KEY": "hush"}
    found = primary_storage(
        load(tmp_path, STORAGE_PROVIDER="minio", STORAGE_ENDPOINT="s3.amazonaws.com", STORAGE_PORT="443", **keys)
    )
    assert found is not None
    assert (found.name, found.origin, found.provider) == ("primary", "settings: STORAGE_*", Provider.S3)
    assert (found.endpoint, found.credentials) == ("", Keys("AKIA", "hush"))
    assert found.open_buckets == ("moorage-public",)


def test_the_guides_settings_for_azure_take_a_key_or_a_sas(tmp_path: Path) -> None:
    given = {"STORAGE_PROVIDER": "azure", "STORAGE_ACCESS_KEY": "boats"}
    place = {"STORAGE_ENDPOINT": "https://boats.blob.core.windows.net"}
    with_key = primary_storage(load(tmp_path, **given, **place, STORAGE_SECRET_KEY=ACCOUNT_KEY))
    with_sas = primary_storage(load(tmp_path, **given, **place, STORAGE_SECRET_KEY=SAS))
    assert with_key is not None
    assert with_sas is not None
    assert (with_key.credentials, with_sas.credentials) == (AccountKey("boats", ACCOUNT_KEY), Sas("boats", SAS))


def test_a_disk_is_the_one_in_the_data_directory_and_has_no_keys(tmp_path: Path) -> None:
    assert primary_storage(load(tmp_path)) is None
    assert primary_storage(load(tmp_path, STORAGE_PROVIDER="http", STORAGE_ENDPOINT="http-storage")) is None


def test_the_remote_storage_opens_every_bucket(tmp_path: Path) -> None:
    found = remote_storage(load(tmp_path, REMOTE_STORAGE_PROVIDER="minio", REMOTE_STORAGE_IAM_ROLE="media"))
    assert found is not None
    assert (found.name, found.open_buckets, found.credentials) == ("remote-storage", (), Role())
    with pytest.raises(Invalid, match="REMOTE_STORAGE_REGION is set, but REMOTE_STORAGE_PROVIDER is not"):
        remote_storage(load(tmp_path, REMOTE_STORAGE_REGION="x"))


@pytest.mark.parametrize(
    ("endpoint", "port", "made"),
    [
        ("minio.lab", "9000", "https://minio.lab:9000"),
        ("http://minio.lab", "9000", "http://minio.lab:9000"),
        ("http://minio.lab:9000", "9000", "http://minio.lab:9000"),
        ("minio.lab", "", "https://minio.lab"),
    ],
)
def test_an_endpoint_without_a_scheme_is_https(tmp_path: Path, endpoint: str, port: str, made: str) -> None:
    found = primary_storage(
        load(tmp_path, STORAGE_PROVIDER="s3", STORAGE_ENDPOINT=endpoint, STORAGE_PORT=port, STORAGE_IAM_ROLE="x")
    )
    assert found is not None
    assert found.endpoint == made


@pytest.mark.parametrize(("endpoint", "port"), [("http://minio.lab", "443"), ("https://a", "80"), ("a:9000", "9001")])
def test_an_endpoint_that_contradicts_the_port_is_refused(tmp_path: Path, endpoint: str, port: str) -> None:
    with pytest.raises(Invalid, match="STORAGE_ENDPOINT and STORAGE_PORT: The endpoint"):
        primary_storage(load(tmp_path, STORAGE_PROVIDER="s3", STORAGE_ENDPOINT=endpoint, STORAGE_PORT=port))


def test_faults_name_the_variable_and_show_no_secret(tmp_path: Path) -> None:
    for secret, told in (("hush!", "not base64"), ("sv=1&sig=hush", "SAS token without"), ("<hush>", "placeholder")):
        with pytest.raises(Invalid, match=f"^STORAGE_SECRET_KEY: .*{told}") as caught:
            primary_storage(
                load(tmp_path, STORAGE_PROVIDER="azure", STORAGE_ACCESS_KEY="boats", STORAGE_SECRET_KEY=secret)
            )
        assert "hush" not in str(caught.value)


def test_every_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "key").write_text("hush\n")
    path = {"STORAGE_SECRET_KEY_FILE": str(tmp_path / "data" / "key")}
    found = primary_storage(load(tmp_path, STORAGE_PROVIDER="s3", STORAGE_ACCESS_KEY="AKIA", **path))
    assert found is not None
    assert found.credentials == Keys("AKIA", "hush")
    lines = 'storage_provider = "s3"\nstorage_access_key = "AKIA"\nstorage_secret_key_file = "key"\n'
    (tmp_path / "data" / "moorage.toml").write_text(lines)
    again = primary_storage(load(tmp_path))
    assert again is not None
    assert again.credentials == Keys("AKIA", "hush")


def test_the_buckets_are_the_one_pair_there_is_else_moorage(tmp_path: Path) -> None:
    storage = tmp_path / "data" / "storage"
    storage.mkdir(parents=True)
    assert primary_bucket(load(tmp_path)) == "moorage-public"
    (storage / "reef-public").mkdir()
    assert primary_bucket(load(tmp_path)) == "moorage-public"
    (storage / "reef-private").mkdir()
    assert primary_bucket(load(tmp_path)) == "reef-public"
    assert primary_bucket(load(tmp_path, MOORAGE_STORAGE_PREFIX="own")) == "own-public"


def test_the_file_of_links_is_the_named_one_else_the_one_in_the_data_directory(tmp_path: Path) -> None:
    assert links_file(load(tmp_path)) is None
    (tmp_path / "data").mkdir()
    there = tmp_path / "data" / "remote_links.yml"
    there.touch()
    assert links_file(load(tmp_path)) == there
    assert links_file(load(tmp_path, MOORAGE_REMOTE_LINKS=str(tmp_path / "x.yml"))) == tmp_path / "x.yml"
