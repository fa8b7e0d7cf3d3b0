"""What is told about credentials: names and ends, and never a secret."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from moorage.certificates import Subject, issue, make_authority
from moorage.model.credentials import (
    AccountKey,
    Anonymous,
    ConnectionString,
    Credentials,
    Forgotten,
    Hmac,
    Keys,
    Process,
    Role,
    RolesAnywhere,
    Sas,
    ServiceAccount,
    ServicePrincipal,
)
from moorage.model.store import Connection, Provider
from moorage.registering.identity import endings_of, identity_of

HUSH = "aHVzaA=="
AT_AZURE = "https://acc.blob.core.windows.net"
KEY_FILE = json.dumps({"type": "service_account", "client_email": "r@x.example", "private_key": HUSH})


@pytest.mark.parametrize(
    ("credentials", "told"),
    [
        (Anonymous(), {}),
        (Forgotten(), {}),
        (Keys("AKIA", HUSH, HUSH), {"access_key": "AKIA"}),
        (Hmac("GOOG1", HUSH), {"access_key": "GOOG1"}),
        (Role("arn:aws:iam::1:role/r", HUSH), {"role_arn": "arn:aws:iam::1:role/r"}),
        (Process("token"), {"process": "token"}),
        (AccountKey("acc", HUSH), {"account": "acc"}),
        (Sas("", f"sp=rl&sr=c&sig={HUSH}"), {"account": "acc", "permissions": "rl"}),
        (ConnectionString(f"AccountName=acc;AccountKey={HUSH}"), {"account": "acc"}),
        (ServicePrincipal("t", "c", HUSH), {"account": "acc", "tenant": "t", "client": "c"}),
        (ServiceAccount(KEY_FILE), {"email": "r@x.example"}),
        (ServiceAccount("no JSON"), {}),
        (RolesAnywhere("a", "p", "r", "no certificate", HUSH), {"role_arn": "r"}),
    ],
)
def test_names_are_told_and_secrets_are_not(credentials: Credentials, told: dict[str, str]) -> None:
    azure = isinstance(credentials, AccountKey | Sas | ConnectionString | ServicePrincipal)
    connection = Connection(
        Provider.AZURE if azure else Provider.S3, AT_AZURE if azure else "", credentials=credentials
    )
    shown = {name: value for name, value in asdict(identity_of(connection)).items() if value}
    assert shown == {"kind": credentials.kind, **told}
    assert HUSH not in json.dumps(shown)


def test_a_certificate_tells_whom_it_names_and_when_it_ends() -> None:
    authority = make_authority(Subject("Reef CA"), days=700)
    leaf = issue(authority.certificate, authority.private_key, Subject("reef"), days=30)
    given = RolesAnywhere("a", "p", "r", leaf.certificate, leaf.private_key)
    connection = Connection(Provider.S3, ca=authority.certificate, credentials=given)
    assert identity_of(connection).subject == "CN=reef"
    first, second = endings_of(connection)
    assert (first.what, second.what) == ("certificate", "certificate authority")
    assert second.at_ms > first.at_ms
