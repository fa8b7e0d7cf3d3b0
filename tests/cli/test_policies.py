"""`moorage store policy` against a real server: stdout is the document and nothing else."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from cli.conftest import Run, Served
from moorage.model.credentials import Keys

VALOHAI = """{"Version": "2012-10-17", "Statement": [
  {"Sid": "AllowAccess", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::reef-2021/*"},
  {"Sid": "Tidy", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
]}"""


@pytest.fixture
def store(served: Served, tmp_path: Path) -> str:
    """A store that nobody can reach: documents ask no provider."""
    name = f"s-{tmp_path.name}".replace("_", "-")[:40]
    served.client.add_store(
        name,
        "s3",
        endpoint="https://s3.127.0.0.1.invalid",
        bucket="reef-2021",
        prefix="cruise/",
        credentials=Keys("AK", "hush"),
        force=True,
    )
    return name


def test_stdout_is_the_document_alone(run: Run, store: str) -> None:
    ran = run("store", "policy", store, "--mode", "mirror", "--server", "aws", "--account", "123456789012")
    assert ran.code == 0
    statements = json.loads(ran.out)["Statement"]
    assert statements[-1]["Resource"] == "arn:aws:s3:::reef-2021/cruise/*"
    assert "inline policy" in ran.err
    assert "There are more: --kind bucket-policy" in ran.err


def test_a_kind_and_a_form_are_chosen(run: Run, store: str) -> None:
    xml = run("store", "policy", store, "--mode", "direct-upload", "--kind", "cors", "--for", "xml")
    assert xml.out.startswith("<?xml")
    script = run("store", "policy", store, "--mode", "upload", "--for", "aws")
    assert all(line.startswith("aws ") for line in script.out.splitlines())
    assert len(script.out.splitlines()) > 2
    assert run("store", "policy", store, "--for", "az").code == 3
    assert run("store", "policy", store, "--kind", "sas").code == 2
    two = run("store", "policy", store, "--kind", "cors", "--kind", "lifecycle")
    assert (two.code, two.out) == (2, "")
    lines = run("store", "policy", store, "--kind", "cors", "--kind", "lifecycle", "--json").out.splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["cors", "lifecycle"]


def test_a_policy_of_a_file_or_stdin_is_checked(
    run: Run, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(VALOHAI)
    ran = run("store", "policy", store, "--check", str(file))
    assert ran.code == 4
    assert ran.out.startswith("line 2, statement 1 (AllowAccess): danger: s3:* allows every action.")
    assert "line 3, statement 2 (Tidy): advice: s3:ListAllMyBuckets" in ran.out
    monkeypatch.setattr("sys.stdin", io.StringIO(run("store", "policy", store, "--mode", "mirror").out))
    own = run("store", "policy", store, "--mode", "mirror", "--check", "-")
    assert (own.code, own.out) == (0, "")
    assert "Nothing is wrong" in own.err
    assert run("store", "policy", store, "--check", "absent.json").code == 2


def test_the_client_plans_documents_for_a_store_that_is_not_there(served: Served) -> None:
    found = served.client.plan_policies("azure", "media", modes=["upload"], form="az")
    assert "--permissions=racwdl" in found[0].text
    assert served.client.check_policy(VALOHAI)[0].code == "all-actions"
