"""The examples of configure.md are read as the page says."""

from __future__ import annotations

from pathlib import Path

from docs.executed import blocks
from docs.guides import HOW_TO
from docs.operating import shell
from moorage.model.store import Provider
from moorage.settings import Settings
from moorage.settings.remote_links import entries_of, read_links
from moorage.settings.sources import variables_in
from moorage.settings.storages import primary_storage, remote_storage

EXAMPLES = {block.language: block.text for block in blocks(HOW_TO / "configure.md")}


def test_the_example_of_uploads_is_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "reef").write_text("hush\n")
    (tmp_path / ".env").write_text(EXAMPLES["ini"].replace("/run/secrets/reef", str(tmp_path / "reef")))
    settings = Settings.load({}, {"MOORAGE_DATA": str(tmp_path)}, tmp_path)
    found = primary_storage(settings)
    assert found is not None
    assert (found.provider, found.endpoint, found.region) == (
        Provider.S3,
        "https://s3.example.org:9000",
        "eu-central-1",
    )
    assert found.open_buckets == ("moorage-public",)
    remote = {f"REMOTE_{name}": value for name, value in variables_in(tmp_path / ".env").items()}
    other = remote_storage(Settings.load({}, remote | {"MOORAGE_DATA": str(tmp_path)}, tmp_path / "elsewhere"))
    assert other is not None
    assert (other.name, other.endpoint, other.open_buckets) == ("remote-storage", found.endpoint, ())


def test_the_example_of_several_storages_is_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "remote_links.yml"
    file.write_text(EXAMPLES["yaml"])
    media, boats, photos = read_links(file).connections
    assert media.open_buckets == ("reef-2021", "reef-2022:dives/:surveys/")
    assert (boats.credentials.kind, boats.open_buckets) == ("sas", ())
    assert (photos.provider, photos.root) == (Provider.DISK, "/data/photos")
    assert len(entries_of(EXAMPLES["yaml"], str(file))) == 3


def test_the_commands_print_what_is_in_force(tmp_path: Path) -> None:
    ran = [shell(line.split()[1:], tmp_path, {"MOORAGE_DATA": str(tmp_path)}) for line in EXAMPLES["sh"].splitlines()]
    assert [one.code for one in ran] == [0, 0]
    assert f"data\t{tmp_path}\tenvironment (MOORAGE_DATA)" in ran[0].out
