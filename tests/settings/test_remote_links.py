"""remote_links.yml: the guide's form, and every fault with its place and without a secret."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moorage.model.credentials import AccountKey, Anonymous, ConnectionString, Hmac, Keys, Role, Sas, ServiceAccount
from moorage.model.errors import Invalid
from moorage.model.store import Connection, Provider
from moorage.settings.remote_links import entries_of, read_links, signature_of
from settings.guide import ACCOUNT_KEY, PRINTED, SAS, SECRET, filled

AZURE = "boats:\n  provider: azure\n  endpoint: https://boats.blob.core.windows.net\n  access_key: boats\n"


def links(folder: Path, text: str) -> tuple[Connection, ...]:
    return read_links(written(folder, text)).connections


def written(folder: Path, text: str) -> Path:
    path = folder / "remote_links.yml"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return path


def fault(folder: Path, text: str) -> Invalid:
    with pytest.raises(Invalid) as caught:
        links(folder, text)
    assert str(folder / "remote_links.yml") in caught.value.message
    return caught.value


def test_the_guides_example_with_a_sas_is_read_as_it_is_meant(tmp_path: Path) -> None:
    cars, boats = links(tmp_path, filled(SAS))
    assert (cars.name, cars.origin, cars.provider) == (
        "my-car-datasets",
        "remote_links.yml: my-car-datasets",
        Provider.S3,
    )
    assert (cars.endpoint, cars.region) == ("", "eu-central-1")
    assert cars.credentials == Keys("AKIAIOSFODNN7EXAMPLE", SECRET)
    assert cars.open_buckets == ("cars_2020_20_10", "cars_2020_10_10")
    assert (boats.endpoint, boats.credentials) == ("https://boats.blob.core.windows.net", Sas("boats", SAS))


def test_the_guides_example_with_an_account_key_is_read_as_it_is_meant(tmp_path: Path) -> None:
    assert links(tmp_path, filled(ACCOUNT_KEY))[1].credentials == AccountKey("boats", ACCOUNT_KEY)


def test_key_and_sas_in_one_entry_are_an_error_that_names_both_lines(tmp_path: Path) -> None:
    error = fault(tmp_path, filled(ACCOUNT_KEY, SAS))
    first = filled(ACCOUNT_KEY, SAS).splitlines().index(f"  secret_key: {ACCOUNT_KEY}") + 1
    assert f"lines {first} and {first + 1}, entry my-boats-datasets, secret_key" in error.message
    assert "account key or SAS token, not both" in error.message


def test_the_example_as_it_is_printed_is_refused_for_its_placeholders(tmp_path: Path) -> None:
    error = fault(tmp_path, PRINTED)
    assert "line 19, entry my-boats-datasets, secret_key: A placeholder was left in." in error.message


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("secret_key: <your key>", "line 5, entry boats, secret_key: A placeholder was left in."),
        ("secret_key: hush: hush", "line 5, entry boats, secret_key: The value holds a colon followed by a blank"),
        ("secret_key: sv=2021&sp=rl&sig=hush", "line 5, entry boats, secret_key: This is a SAS token without the ?"),
        ("secret_key: hush!", "line 5, entry boats, secret_key: The account key is not base64"),
        ("secret_key: *hush", "line 5, entry boats, secret_key: The value cannot stand without quotes."),
        ("secret_key:", "line 5, entry boats, secret_key: The value is empty."),
        ("secret_key: [hush]", "line 5, entry boats, secret_key: Text is expected"),
        ("secret_key: '?sv=2021&sig=hush&sr=b'", "line 5, entry boats, secret_key: The SAS token or connection string"),
        ("secrte_key: hush", "line 5, entry boats: secrte_key is no field of an entry."),
        ("hushhush1234: x", "line 5, entry boats: This is no field of an entry."),
        ("iam_role: hush", "line 5, entry boats, iam_role: The provider azure takes no iam_role."),
        ("buckets: hush", "line 5, entry boats, buckets: A list of buckets is expected."),
        ("buckets: []", "line 5, entry boats, buckets: A list of buckets is expected."),
        ("buckets: ['hush hush']", "line 5, entry boats, buckets: That is no bucket."),
        ("buckets: [hush, 'hush:a']", "line 5, entry boats, buckets: The same bucket stands twice"),
        ("region: a b", "line 5, entry boats, region: That is no region."),
        ("region: a\n  region: b", "lines 5 and 6, entry boats: region is given twice."),
    ],
)
def test_each_fault_names_line_entry_and_field_and_shows_no_value(tmp_path: Path, line: str, told: str) -> None:
    error = fault(tmp_path, f"{AZURE}  {line}\n")
    assert told in error.message.replace("lines 5 and 5", "line 5")
    assert "hush" not in str(error)
    assert error.advice


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n", "line 1: This is no list of named entries."),
        ("lab: x\n", "line 1, entry lab: The entry has no fields."),
        ("lab:\n  region: x\n", "line 1, entry lab, provider: The provider is missing."),
        ("lab:\n  provider: hush\n", "line 2, entry lab, provider: The provider is none that is known."),
        ("lab: {provider: s3}\nlab: {provider: s3}\n", "lines 1 and 2: Two entries have the same name."),
        ("lab:\n\tprovider: s3\n", "line 2, entry lab: The line is indented with a tab."),
        ("lab:\n  provider: minio\n  access_key: a\n", "line 1, entry lab: secret_key is missing beside access_key."),
        (
            "lab: {provider: minio, access_key: a, secret_key: hush, iam_role: r}\n",
            "access_key and secret_key and iam_role: Keys or a role, not both.",
        ),
        ("lab: {provider: minio, endpoint: 'http://a@b'}\n", "line 1, entry lab, endpoint: That is no endpoint."),
        ("lab: {provider: fs, root: photos}\n", "line 1, entry lab, root: An fs entry needs an absolute directory."),
        ("my lab: {provider: fs, root: /photos}\n", "line 1, entry my lab: The name of an fs entry"),
        ("lab: [[[[[[[[[[[hush", "line 1: It is nested too deep."),
        ("'': {provider: s3}\n", "line 1: The name of this entry cannot be shown"),
        ("lab: {provider: google, credentials_path: absent.json}\n", "credentials_path: The file that it names cannot"),
    ],
)
def test_a_file_of_another_form_is_told_by_its_place(tmp_path: Path, text: str, told: str) -> None:
    error = fault(tmp_path, text)
    assert told in error.message
    assert "hush" not in str(error)


def test_every_provider_takes_the_credentials_that_its_entry_holds(tmp_path: Path) -> None:
    key = json.dumps({"type": "service_account", "client_email": "x"})
    (tmp_path / "key.json").write_text(key)
    string = f"AccountName=boats;AccountKey={ACCOUNT_KEY}"
    found = links(
        tmp_path,
        f"""\
role: {{provider: minio, iam_role: media-server}}
taken: {{provider: s3, iam_role: 'arn:aws:iam::111122223333:role/media'}}
public: {{provider: minio, endpoint: 'https://s3.eu-west-1.amazonaws.com:443'}}
json: {{provider: google, endpoint: storage.googleapis.com, credentials_path: key.json, buckets: ['b:one:two/']}}
hmac: {{provider: google, access_key: GOOG1E, secret_key: {SECRET}}}
string: {{provider: azure, secret_key: '{string}'}}
disk: {{provider: fs, root: /data/photos}}
""",
    )
    assert [one.credentials for one in found] == [
        Role(),
        Role("arn:aws:iam::111122223333:role/media"),
        Anonymous(),
        ServiceAccount(key),
        Hmac("GOOG1E", SECRET),
        ConnectionString(string),
        Anonymous(),
    ]
    assert (found[2].endpoint, found[2].region) == ("", "eu-west-1")
    assert found[3].open_buckets == ("b:one/:two/",)
    assert (found[6].root, found[6].open_buckets) == ("/data/photos", ())


def test_a_file_that_is_too_large_unreadable_or_no_file_is_told_as_that(tmp_path: Path) -> None:
    path = tmp_path / "remote_links.yml"
    with pytest.raises(Invalid, match="There is no such file"):
        read_links(path)
    os.mkfifo(path)
    with pytest.raises(Invalid, match="no regular file"):
        read_links(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(Invalid, match="no regular file"):
        read_links(path)
    path.rmdir()
    path.write_bytes(b"#" * 300_000)
    with pytest.raises(Invalid, match="larger than 256 KiB"):
        read_links(path)
    path.write_bytes(b"lab:\n  provider: \xff\n")
    with pytest.raises(Invalid, match="line 2: It is no UTF-8 text"):
        read_links(path)


def test_a_file_that_everybody_may_read_is_warned_about(tmp_path: Path) -> None:
    path = written(tmp_path, "lab: {provider: s3}\n")
    assert read_links(path).warnings == ()
    path.chmod(0o644)
    assert "Everybody on this machine may read" in read_links(path).warnings[0]


def test_a_change_of_the_file_or_of_a_key_file_changes_the_signature(tmp_path: Path) -> None:
    path = written(tmp_path, "lab: {provider: s3}\n")
    before = signature_of([path, tmp_path / "absent"])
    assert signature_of([path, tmp_path / "absent"]) == before
    (tmp_path / "absent").touch()
    assert signature_of([path, tmp_path / "absent"]) != before


def told(work: Callable[[], object]) -> str:
    """What the fault says, if there is one; any other exception is let through."""
    try:
        work()
    except Invalid as error:
        return str(error)
    return ""


PIECES = st.sampled_from(
    ["lab:", "  provider: minio", "  secret_key:", " - ", "<", ">", ": ", "\t", "[", "{", "&a ", "*a", "!!x ", "%TAG ",
     "'", '"', "\\UFFFFFFFF", "|", "?", "#", "---", "\n", "\x00", "é", "- " * 60, "[" * 3000]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
def test_any_text_is_entries_or_a_fault_with_file_and_line(text: str) -> None:
    fault = told(lambda: entries_of(text, "/etc/remote_links.yml"))
    assert not fault or fault.startswith("/etc/remote_links.yml, line")


SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs"]), min_size=12, max_size=60)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRETS, field=st.sampled_from(["access_key", "secret_key"]), quoted=st.booleans(), tail=st.text())
def test_no_message_holds_a_secret(tmp_path: Path, secret: str, field: str, quoted: bool, tail: str) -> None:
    value = yaml.safe_dump(secret, default_style="'", allow_unicode=True).strip() if quoted else secret
    path = tmp_path / "remote_links.yml"
    other = "secret_key" if field == "access_key" else "access_key"
    for provider in ("azure", "google", "minio"):
        head = f"lab:\n  provider: {provider}\n  endpoint: https://lab.example\n  {other}: x\n  {field}: {value}\n"
        path.write_bytes((head + tail).encode("utf-8", "replace"))
        fault = told(lambda: read_links(path)).replace(str(path), "")
        assert secret not in fault
        assert not fault or "line" in fault
