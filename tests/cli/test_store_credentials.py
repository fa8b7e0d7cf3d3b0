"""Credentials of every kind on the command line: from files, stdin, the environment and prompts; never an argument."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Run
from client.toy import Toy

AZURE = ("store", "add", "reef", "--provider", "azure", "--bucket", "reef", "--force")
GOOGLE = ("store", "add", "reef", "--provider", "google", "--bucket", "reef", "--force")
S3 = ("store", "add", "reef", "--bucket", "reef", "--force")
SAS = "sv=2022-11-02&sp=rl&sig=hush"
STRING = "AccountName=acc;AccountKey=aHVzaA=="
KEY_FILE = json.dumps({"type": "service_account", "client_email": "r@x.example", "private_key": "hush"})


def sent(toy: Toy) -> Any:
    return toy.bodies[-1].get("credentials")


@pytest.mark.parametrize(
    ("words", "written", "body"),
    [
        (AZURE, f"?{SAS}\n", {"kind": "sas", "token": f"?{SAS}"}),
        (AZURE, f"https://acc.blob.core.windows.net/reef?{SAS}", None),
        (AZURE, f"{STRING}\n", {"kind": "connection_string", "value": STRING}),
        ((*AZURE, "--account", "acc"), "aHVzaA==\n", {"kind": "account_key", "account": "acc", "key": "aHVzaA=="}),
        (GOOGLE, KEY_FILE, {"kind": "service_account", "json": KEY_FILE}),
        (GOOGLE, '{"access_key": "GOOG1", "secret_key": "hush"}', None),
        (GOOGLE, '{"kind": "service_account", "path": "/etc/key.json"}', None),
        (S3, "[p]\naws_access_key_id=AK\naws_secret_access_key=hush", None),
        (AZURE, '{"kind": "account_key", "account": "acc", "key": "aHVzaA=="}', None),
        (AZURE, '{"kind": "service_principal", "tenant": "t", "client": "c", "secret": "hush"}', None),
        (S3, '{"kind": "role", "role_arn": "arn:aws:iam::1:role/r"}', None),
        (S3, '{"kind": "process", "name": "token"}', None),
    ],
)
def test_a_file_is_read_by_what_it_holds(
    run: Run, toy: Toy, tmp_path: Path, words: tuple[str, ...], written: str, body: dict[str, str] | None
) -> None:
    (tmp_path / "keys").write_text(written)
    ran = run(*words, "--credentials", "keys")
    assert ran.code == 0, ran.err
    if body is None:
        expected = {
            "https": {"kind": "sas", "token": written},
            '{"acc': {"kind": "hmac", "access_key": "GOOG1", "secret_key": "hush"},
            "[p]\na": {"kind": "keys", "access_key": "AK", "secret_key": "hush"},
        }
        body = expected.get(written[:5]) or json.loads(written)
    assert sent(toy) == body
    assert "hush" not in ran.out + ran.err


def test_certificates_may_lie_in_files_of_their_own(run: Run, toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "leaf.pem").write_text("PEM")
    (tmp_path / "both.p12").write_bytes(b"\x30\x82\xff\x00")
    arns = {"trust_anchor_arn": "a", "profile_arn": "p", "role_arn": "r"}
    document = {"kind": "roles_anywhere", **arns, "certificate_file": "both.p12", "private_key_file": "leaf.pem"}
    (tmp_path / "keys").write_text(json.dumps(document))
    assert run(*S3, "--credentials", "keys").code == 0
    assert sent(toy) == {"kind": "roles_anywhere", **arns, "certificate": "MIL/AA==", "private_key": "PEM"}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("hush", "holds no credentials"),
        ("{hush", "holds no credentials"),
        ("{}", "holds no credentials"),
        ('{"kind": "hush-kind"}', "no kind 'hush-kind'"),
        ('{"kind": "account_key", "account": "acc", "password": "x"}', "fields that account_key does not: password"),
        ('{"kind": "account_key", "account": "acc"}', "not hold all that account_key needs"),
        ('{"kind": "keys", "access_key_file": "absent"}', "absent cannot be read"),
    ],
)
def test_a_file_of_another_kind_is_refused_without_being_shown(
    run: Run, toy: Toy, tmp_path: Path, written: str, says: str
) -> None:
    (tmp_path / "keys").write_text(written)
    ran = run(*AZURE, "--credentials", "keys")
    assert (ran.code, toy.bodies) == (2, [])
    assert says in ran.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("aHVzaA==", {"kind": "account_key", "account": "acc", "key": "aHVzaA=="}),
        (SAS, {"kind": "sas", "account": "acc", "token": SAS}),
        (STRING, {"kind": "connection_string", "value": STRING}),
    ],
)
def test_a_secret_of_azure_comes_by_stdin_and_shows_itself_what_it_is(
    run: Run, toy: Toy, monkeypatch: pytest.MonkeyPatch, line: str, body: dict[str, str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{line}\n"))
    assert run(*AZURE, "--account", "acc", "--secret-stdin").code == 0
    assert sent(toy) == body
    monkeypatch.setenv("MOORAGE_STORE_ACCOUNT", "acc")
    monkeypatch.setenv("MOORAGE_STORE_SECRET_KEY", line)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run(*AZURE).code == 0
    assert sent(toy) == body


def test_the_environment_names_a_file_and_keys_of_google(
    run: Run, toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.json").write_text(KEY_FILE)
    monkeypatch.setenv("MOORAGE_STORE_CREDENTIALS", str(tmp_path / "key.json"))
    assert run(*GOOGLE).code == 0
    assert sent(toy)["kind"] == "service_account"
    monkeypatch.delenv("MOORAGE_STORE_CREDENTIALS")
    monkeypatch.setenv("MOORAGE_STORE_ACCESS_KEY", "GOOG1")
    monkeypatch.setenv("MOORAGE_STORE_SECRET_KEY", "hush")
    assert run(*GOOGLE).code == 0
    assert sent(toy) == {"kind": "hmac", "access_key": "GOOG1", "secret_key": "hush"}


def test_a_role_is_taken_in_place_of_keys(run: Run, toy: Toy) -> None:
    assert run(*S3, "--role", "machine").code == 0
    assert sent(toy) == {"kind": "role"}
    arn = "arn:aws:iam::1:role/r"
    assert run(*S3, "--role", arn, "--external-id", "reef", "--loan-role", f"{arn}-loans").code == 0
    assert sent(toy) == {"kind": "role", "role_arn": arn, "external_id": "reef"}
    assert toy.bodies[-1]["loan_role_arn"] == f"{arn}-loans"


def test_a_connection_is_shared_without_credentials(run: Run, toy: Toy) -> None:
    assert run("store", "add", "more", "--bucket", "reef", "--connection", "lab").code in {0, 4}
    assert {name: toy.bodies[-1].get(name) for name in ("connection", "provider", "credentials")} == {
        "connection": "lab",
        "provider": None,
        "credentials": None,
    }


@pytest.mark.parametrize(
    ("words", "says"), [(AZURE, "MOORAGE_STORE_ACCOUNT"), (GOOGLE, "KEY.json"), (S3, "MOORAGE_STORE_ACCESS_KEY")]
)
def test_without_any_the_ways_to_give_them_are_named(
    run: Run, toy: Toy, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ran = run(*words)
    assert (ran.code, toy.bodies) == (2, [])
    assert says in ran.err


def test_replaced_credentials_can_be_undone_or_forgotten(run: Run, toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("[p]\naws_access_key_id=AK\naws_secret_access_key=hush")
    changed = run("store", "change", "reef", "--credentials", "keys")
    assert (changed.code, "To bring them back: moorage store undo reef" in changed.err) == (0, True)
    assert "moorage store undo" not in run("store", "change", "reef", "--writable").err
    assert "credentials\tkeys" in run("store", "undo", "reef", "--force").out
    assert toy.bodies[-1] == {"force": True}
    assert "stay in use" in run("store", "undo", "reef", "--forget").err
    assert toy.seen[-1] == ("DELETE", "/stores/reef/credentials/former")
    assert json.loads(run("store", "undo", "reef", "--forget", "--json").out) == {"name": "reef", "forgotten": True}
