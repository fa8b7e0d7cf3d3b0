"""Taking over the settings of another installation."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from moorage.model.errors import Conflict, Invalid
from moorage.settings import Settings
from moorage.settings.importing import Plan, Verdict, apply, plan_of
from moorage.settings.storages import primary_storage

ENV = """\
# of the guide
DATA_PATH=/supervisely/data
JUPYTER_DOWNLOAD_FILES_BEFORE_START=true
STORAGE_PROVIDER=minio
STORAGE_ENDPOINT=s3.amazonaws.com
STORAGE_PORT=443
STORAGE_ACCESS_KEY=AKIAHUSH
STORAGE_SECRET_KEY=hush-hush
POSTGRES_PASSWORD=hush
COMPOSE_PROJECT_NAME=supervisely
"""
COMPOSE = """\
services:
  http-storage:
    volumes:
    - ./links.yml:/remote_links.yml:ro
    - ./key.json:/secret.json:ro
    - type: bind
      source: ./photos
      target: /mnt/photos
    - ./absent:/mnt/absent
  proxy:
    image: nginx
    environment:
      CACHE_PREVIEWS_SIZE: 2g
      CACHE_PREVIEWS_EXPIRES: 12 hours
  postgres:
    environment: {POSTGRES_PASSWORD: hush}
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    (folder / "photos").mkdir(parents=True)
    (folder / ".env").write_text(ENV)
    (folder / "docker-compose.override.yml").write_text(COMPOSE)
    (folder / "links.yml").write_text("lab:\n  provider: google\n  credentials_path: /secret.json\n")
    (folder / "key.json").write_text(json.dumps({"type": "service_account", "private_key": "hush"}))
    return folder


def verdicts(plan: Plan) -> dict[str, Verdict]:
    return {line.name: line.verdict for line in plan.lines}


def test_each_line_is_used_renamed_ignored_or_unknown_with_its_reason(old: Path) -> None:
    plan = plan_of([old / ".env", old / "docker-compose.override.yml"])
    assert verdicts(plan) == {
        "DATA_PATH": Verdict.IGNORED,
        "JUPYTER_DOWNLOAD_FILES_BEFORE_START": Verdict.USED,
        "STORAGE_PROVIDER": Verdict.USED,
        "STORAGE_ENDPOINT": Verdict.USED,
        "STORAGE_PORT": Verdict.USED,
        "STORAGE_ACCESS_KEY": Verdict.USED,
        "STORAGE_SECRET_KEY": Verdict.USED,
        "POSTGRES_PASSWORD": Verdict.UNKNOWN,
        "COMPOSE_PROJECT_NAME": Verdict.IGNORED,
        "/remote_links.yml": Verdict.RENAMED,
        "lab": Verdict.USED,
        "/secret.json": Verdict.RENAMED,
        "/mnt/photos": Verdict.RENAMED,
        "/mnt/absent": Verdict.IGNORED,
        "proxy: image": Verdict.IGNORED,
        "CACHE_PREVIEWS_SIZE": Verdict.USED,
        "CACHE_PREVIEWS_EXPIRES": Verdict.IGNORED,
        "postgres": Verdict.IGNORED,
    }
    assert [(line.line, line.name) for line in plan.lines if line.faulty] == [
        (9, "/mnt/absent"),
        (14, "CACHE_PREVIEWS_EXPIRES"),
    ]
    assert all(line.reason or line.becomes for line in plan.lines)
    assert "hush" not in repr(plan).lower()


def test_what_is_applied_is_in_force_and_for_its_owner_alone(old: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    written = apply(plan_of([old / ".env", old / "docker-compose.override.yml"]), data)
    assert {path.relative_to(data).as_posix() for path in written} == {
        "moorage.toml",
        "remote_links.yml",
        "secrets/storage_access_key",
        "secrets/storage_secret_key",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    settings = Settings.load({}, {"MOORAGE_DATA": str(data)}, tmp_path)
    assert settings.storage_secret_key is not None
    assert settings.storage_secret_key.get_secret_value() == "hush-hush"
    assert settings.cache_previews_size == 2 * 2**30
    assert primary_storage(settings) is not None
    assert (data / "remote_links.yml").read_text() == (
        f"lab:\n  provider: google\n  credentials_path: '{old / 'key.json'}'\n\n"
        f"photos:\n  provider: fs\n  root: '{old / 'photos'}'\n"
    )
    assert "hush" not in (data / "moorage.toml").read_text()


def test_a_repeat_writes_nothing_and_what_differs_is_refused(old: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "moorage.toml").write_text('[log]\nlevel = "debug"\n')
    plan = plan_of([old / ".env"])
    assert apply(plan, data)
    assert apply(plan, data) == []
    settings = Settings.load({}, {"MOORAGE_DATA": str(data)}, tmp_path)
    assert (settings.log_level, settings.storage_provider) == ("debug", "s3")
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    (old / ".env").write_text(ENV.replace("443", "9000").replace("hush-hush", "another"))
    with pytest.raises(Conflict) as caught:
        apply(plan_of([old / ".env"]), data)
    assert "storage_port in" in caught.value.message
    assert "storage_secret_key" in caught.value.message
    assert "another" not in str(caught.value)
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


def test_the_places_of_a_disk_are_ignored(old: Path) -> None:
    (old / ".env").write_text(ENV.replace("minio", "http"))
    plan = plan_of([old / ".env"])
    assert verdicts(plan)["STORAGE_SECRET_KEY"] is Verdict.IGNORED
    assert plan.secrets == {}
    assert set(plan.fields) == {"jupyter_hydrate", "storage_provider"}


def test_a_variable_that_is_given_twice_counts_as_it_is_given_last(old: Path) -> None:
    (old / "other.env").write_text("STORAGE_PORT=9000\n")
    plan = plan_of([old / ".env", old / "other.env"])
    assert plan.fields["storage_port"] == "9000"
    first = next(line for line in plan.lines if line.name == "STORAGE_PORT")
    assert (first.verdict, first.reason) == (
        Verdict.IGNORED,
        f"It is given again in {old / 'other.env'}, line 1, which counts.",
    )


def test_a_file_that_cannot_be_read_or_is_broken_is_told(old: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        plan_of([old / "absent.env"])
    (old / "links.yml").write_text("lab:\n  provider: minio\n  secret_key: <hush>\n")
    with pytest.raises(Invalid, match="line 3, entry lab, secret_key: A placeholder"):
        plan_of([old / "links.yml"])


def test_paths_are_those_of_this_machine_wherever_they_are_named(old: Path, tmp_path: Path) -> None:
    google = "STORAGE_PROVIDER=google\nSTORAGE_CREDENTIALS_PATH=/secret.json\n"
    (old / ".env").write_text(google)
    plan = plan_of([old / ".env", old / "docker-compose.override.yml"])
    assert plan.fields["storage_credentials_path"] == str(old / "key.json")
    assert verdicts(plan)["STORAGE_CREDENTIALS_PATH"] is Verdict.RENAMED
    (old / ".env").write_text(google.replace("/secret", "key"))
    (old / "links.yml").write_text("lab:\n  provider: google\n  credentials_path: key.json\n")
    data = tmp_path / "data"
    apply(plan_of([old / ".env", old / "links.yml"]), data)
    settings = Settings.load({}, {"MOORAGE_DATA": str(data)}, tmp_path)
    assert settings.storage_credentials_path == old / "key.json"
    assert f"credentials_path: '{old / 'key.json'}'\n" in (data / "remote_links.yml").read_text()


def test_settings_that_no_server_would_start_with_are_left_out_together(old: Path) -> None:
    (old / ".env").write_text(ENV.replace("s3.amazonaws.com", "http://minio.lab"))
    plan = plan_of([old / ".env"])
    line = next(line for line in plan.lines if line.faulty)
    assert (line.name, line.verdict) == ("STORAGE_ENDPOINT", Verdict.IGNORED)
    assert "STORAGE_ENDPOINT and STORAGE_PORT: The endpoint" in line.reason
    assert set(plan.fields) == {"jupyter_hydrate"}
    assert plan.secrets == {}
    assert next(line.reason for line in plan.lines if line.name == "STORAGE_PORT") == "Left out with STORAGE_ENDPOINT."


def test_the_pair_of_buckets_of_the_other_installation_is_taken_over(old: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs" / "storage" / "reef-public").mkdir(parents=True)
    (old / ".env").write_text(ENV.replace("/supervisely/data", str(tmp_path / "theirs")))
    assert "storage_prefix" not in plan_of([old / ".env"]).fields
    (tmp_path / "theirs" / "storage" / "reef-private").mkdir()
    plan = plan_of([old / ".env"])
    assert plan.fields["storage_prefix"] == "reef"
    assert verdicts(plan)["DATA_PATH"] is Verdict.RENAMED
