"""Settings: where values come from, which one wins, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from moorage.model.errors import Invalid
from moorage.settings import Settings, reference, shown

SOURCE = Path(__file__).parents[1] / "src" / "moorage"
REFERENCE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"


def load(cwd: Path, environ: Mapping[str, str] | None = None, **flags: object) -> Settings:
    return Settings.load(flags, {"MOORAGE_DATA": str(cwd / "data")} | dict(environ or {}), cwd)


def test_a_flag_beats_the_environment_beats_dotenv_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    assert load(tmp_path).port == 8080
    (tmp_path / "moorage.toml").write_text("port = 1\n")
    assert load(tmp_path).port == 1
    (tmp_path / ".env").write_text("MOORAGE_PORT=2\nANOTHER_PRODUCT=x\n")
    assert load(tmp_path).port == 2
    assert load(tmp_path, {"MOORAGE_PORT": "3"}).port == 3
    assert load(tmp_path, {"MOORAGE_PORT": "3"}, port=4).port == 4


def test_each_value_knows_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / "moorage.toml").write_text('[log]\nlevel = "debug"\n')
    (tmp_path / ".env").write_text("MOORAGE_HOST=0.0.0.0\n")
    settings = load(tmp_path, {"CACHE_PREVIEWS_SIZE": "2g"}, port=4, config=None)
    origins = settings.origins
    assert origins["port"] == "flag"
    assert origins["cache_previews_size"] == "environment (CACHE_PREVIEWS_SIZE)"
    assert origins["host"] == ".env (MOORAGE_HOST)"
    assert origins["log_level"] == f"{tmp_path / 'moorage.toml'} (log_level)"
    assert origins["log_format"] == origins["config"] == "default"
    assert settings.file == tmp_path / "moorage.toml"


def test_an_alias_sets_the_field_that_it_stands_for(tmp_path: Path) -> None:
    settings = Settings.load({}, {"DATA_PATH": "elsewhere", "CACHE_PREVIEWS_EXPIRES": "1h 30m"}, tmp_path)
    assert settings.data == tmp_path / "elsewhere"
    assert settings.cache_previews_expires == timedelta(minutes=90)


def test_an_alias_and_its_own_name_that_differ_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="MOORAGE_CACHE_PREVIEWS_SIZE and CACHE_PREVIEWS_SIZE mean the same"):
        load(tmp_path, {"MOORAGE_CACHE_PREVIEWS_SIZE": "1g", "CACHE_PREVIEWS_SIZE": "2g"})
    (tmp_path / ".env").write_text("CACHE_PREVIEWS_SIZE=2g\n")
    with pytest.raises(Invalid, match="mean the same"):
        load(tmp_path, {"MOORAGE_CACHE_PREVIEWS_SIZE": "1g"})
    assert load(tmp_path, {"MOORAGE_CACHE_PREVIEWS_SIZE": "2g"}).cache_previews_size == 2 * 2**30


def test_an_unknown_key_is_refused_and_the_nearest_one_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"MOORAGE_PUBLIC_ULR is no setting .* Did you mean MOORAGE_PUBLIC_URL\?"):
        load(tmp_path, {"MOORAGE_PUBLIC_ULR": "https://a.example"})
    (tmp_path / "moorage.toml").write_text("prot = 1\n")
    with pytest.raises(Invalid, match=r"prot in .*moorage.toml is no setting .* Did you mean port\?"):
        load(tmp_path)


def test_a_secret_is_read_from_the_file_that_its_variable_names(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("mrg_from_a_file\n")
    settings = load(tmp_path, {"MOORAGE_TOKEN_FILE": str(secret)})
    assert settings.token is not None
    assert settings.token.get_secret_value() == "mrg_from_a_file"
    assert settings.origins["token"] == "environment (MOORAGE_TOKEN_FILE)"
    with pytest.raises(Invalid, match="mean the same setting, but differ") as caught:
        load(tmp_path, {"MOORAGE_TOKEN_FILE": str(secret), "MOORAGE_TOKEN": "mrg_another"})
    assert "mrg_" not in str(caught.value)


def test_a_secret_file_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"MOORAGE_SECRET_KEY_FILE names .*absent, which cannot be read"):
        load(tmp_path, {"MOORAGE_SECRET_KEY_FILE": str(tmp_path / "absent")})
    (tmp_path / "empty").touch()
    with pytest.raises(Invalid, match="which is empty"):
        load(tmp_path, {"MOORAGE_SECRET_KEY_FILE": str(tmp_path / "empty")})


def test_only_secrets_have_a_file_form(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="MOORAGE_PORT_FILE is no setting"):
        load(tmp_path, {"MOORAGE_PORT_FILE": "x"})


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, {"MOORAGE_PORT": ""}).origins["port"] == "default"


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("MOORAGE_PORT", "many", "integer"),
        ("MOORAGE_PORT", "70000", "65535"),
        ("MOORAGE_PUBLIC_URL", "media.example.org", "absolute URL"),
        ("MOORAGE_PUBLIC_URL", "https://u@media.example.org", "absolute URL"),
        ("CACHE_PREVIEWS_SIZE", "10 gallons", "size such as"),
        ("CACHE_PREVIEWS_EXPIRES", "12 hours ago", "time such as"),
        ("MOORAGE_TRUSTED_PROXIES", "10.0.0.1/8", "host bits"),
        ("MOORAGE_LOG_LEVEL", "loud", "'debug', 'info'"),
        ("STORAGE_PROVIDER", "https", "cannot take uploads"),
        ("STORAGE_JUPYTER_SYNC", "perhaps", "boolean"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place(
    tmp_path: Path, variable: str, value: str, reason: str
) -> None:
    with pytest.raises(Invalid) as caught:
        load(tmp_path, {variable: value})
    assert f"environment ({variable})" in str(caught.value)
    assert reason in str(caught.value)


def test_the_guides_words_for_providers_mean_ours(tmp_path: Path) -> None:
    assert load(tmp_path, {"STORAGE_PROVIDER": "minio"}).storage_provider == "s3"
    assert load(tmp_path, {"STORAGE_PROVIDER": "http"}).storage_provider == "disk"


def test_no_secret_stands_in_the_repr_or_in_what_is_shown(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "MOORAGE_TOKEN": "hush",
            "STORAGE_SECRET_KEY": "hush",
            "REMOTE_STORAGE_ACCESS_KEY": "hush",
            "MOORAGE_DATABASE_URL": "postgresql://moorage:hush@db.example/moorage?sslpassword=hush",
        },
    )
    assert "hush" not in repr(settings) + str(settings) + repr(shown(settings))
    values = {line.name: line.value for line in shown(settings)}
    assert values["token"] == "(hidden)"
    assert values["database_url"] == "postgresql://moorage:(hidden)@db.example/moorage?(hidden)"
    assert settings.catalogue_url.startswith("postgresql://moorage:hush@")


def test_what_nothing_reads_yet_is_shown_as_such(tmp_path: Path) -> None:
    unused = {line.name for line in shown(load(tmp_path)) if not line.used}
    assert {"jupyter_hydrate", "jupyter_sync"} <= unused
    assert not unused & {"storage_provider", "remote_storage_region", "remote_links"}
    assert not unused & {"data", "port", "cache_previews_size", "token"}


def test_a_settings_file_in_the_data_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "moorage.toml").write_text('port = 7\nlog_file = "log/server.log"\n')
    settings = load(tmp_path)
    assert settings.port == 7
    assert settings.log_file == tmp_path / "data" / "log" / "server.log"
    assert settings.file == tmp_path / "data" / "moorage.toml"
    (tmp_path / "data" / "moorage.toml").write_text('data = "/elsewhere"\n')
    with pytest.raises(Invalid, match="found in the data directory, but names another one"):
        load(tmp_path)


def test_a_settings_file_in_the_working_directory_may_name_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "moorage.toml").write_text('data = "media"\n')
    assert Settings.load({}, {}, tmp_path).data == tmp_path / "media"


def test_a_settings_file_that_is_named_must_exist_and_parse(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="There is no settings file"):
        load(tmp_path, config=Path("absent.toml"))
    (tmp_path / "broken.toml").write_text("port = = 1\n")
    with pytest.raises(Invalid, match="cannot be read"):
        load(tmp_path, {"MOORAGE_CONFIG": "broken.toml"})


def test_addresses_follow_from_host_port_and_public_url(tmp_path: Path) -> None:
    settings = load(tmp_path, {"MOORAGE_HOST": "0.0.0.0", "MOORAGE_PORT": "81"})
    assert settings.public_address == settings.server_address == "http://127.0.0.1:81"
    assert load(tmp_path, {"MOORAGE_HOST": "fd00::1"}).public_address == "http://[fd00::1]:8080"
    behind = load(tmp_path, {"MOORAGE_PUBLIC_URL": "https://media.example.org/moorage/"})
    assert behind.public_address == "https://media.example.org/moorage"
    assert behind.server_address == "http://127.0.0.1:8080"
    assert load(tmp_path, {"MOORAGE_URL": "https://x.example"}).server_address == "https://x.example"


def test_the_catalogue_is_sqlite_in_the_data_directory_by_default(tmp_path: Path) -> None:
    assert load(tmp_path).catalogue_url == f"sqlite:///{tmp_path}/data/catalogue.db"


def test_networks_are_parsed(tmp_path: Path) -> None:
    settings = load(tmp_path, {"MOORAGE_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


def test_every_setting_has_a_unit_and_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith("."), name
        assert isinstance(field.json_schema_extra, dict), name
        assert field.json_schema_extra["unit"], name


def test_every_setting_that_is_not_marked_as_unused_is_read_somewhere(tmp_path: Path) -> None:
    code = "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    unread = [
        line.name
        for line in shown(load(tmp_path))
        if line.used and not re.search(rf'(settings|self)\.{line.name}\b|"{line.name}"', code)
    ]
    assert unread == []


def test_the_reference_page_is_what_the_code_says() -> None:
    assert REFERENCE.read_text("utf-8") == reference(), "run: moorage config docs > docs/reference/settings.md"
