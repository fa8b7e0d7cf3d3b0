"""The steps of from-valohai.md, followed on a server that began empty, with buckets at Ceph, Azurite and fake-gcs."""

from __future__ import annotations

import json
import shlex
from typing import Any

from docs.guides import Row, works
from docs.operating import Operator
from moorage.client import Client
from prescribing.ceph_users import person, with_admin
from servers import ceph
from servers.moorage import ask
from stores.s3_bucket import admin
from web.lent import borrower, refused

PAGE = "from-valohai"
STORE = "my-valohai-bucket"
ADD = "*Settings, Data Stores, Add S3 store*"


def at_ceph(operator: Operator) -> dict[str, str]:
    """The words of the S3 store, and what they are at Ceph."""
    lent = operator.facts["lent"]
    return {
        f"--bucket {STORE} --region eu-west-1": f"--bucket {lent.bucket} --endpoint {lent.server.endpoint}",
        "arn:aws:iam::111122223333:role/uploads": lent.role_arn,
    }


def lines(said: str) -> dict[str, str]:
    """What a check found, by permission."""
    found = (line.split("  ", 1) for line in said.splitlines() if "  " in line)
    return {name.strip(): rest.split()[0] for name, rest in found}


def uploaded(client: Client, operator: Operator, store: str) -> bytes:
    """What is put into the project Reef by now, read from the store that it went to."""
    project = client.project("Reef")
    client.upload(b"an output", project.root, name=f"{store}.txt")
    item = next(item for item in client.items("Reef") if item.name == f"{store}.txt")
    assert item.store == store
    return client.read(item.id)


@works(PAGE, ADD)
def _add(operator: Operator, row: Row) -> None:
    operator.do(row, at_ceph(operator))
    with operator.client() as client:
        store = client.store(STORE)
    assert (store.read_only, store.credentials.kind) == (False, "keys")
    assert store.loan_role_arn == operator.facts["lent"].role_arn


@works(PAGE, "Make the bucket `my-valohai-bucket`")
def _private(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    (ran,) = operator.do(row)
    assert lines(ran.err)["private"] == "ok"


@works(PAGE, "CORS rules: GET from everywhere")
def _cors(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    operator.do(row)
    url = f"{ceph().endpoint}/{operator.facts['lent'].bucket}/in/here.jpg"
    own = operator.face.server.address

    def preflight(origin: str) -> int:
        return ask("OPTIONS", url, None, Origin=origin, Access_Control_Request_Method="PUT").status

    assert (preflight(own), preflight("https://other.example")) == (200, 403)


@works(PAGE, "A user for programs")
def _user(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    (ran,) = operator.do(row)
    line = next(line for line in ran.out.splitlines() if line.startswith("aws iam put-user-policy"))
    begin = "--policy-document="
    written = next(word.removeprefix(begin) for word in shlex.split(line) if word.startswith(begin))
    document = json.dumps(json.loads(written), separators=(",", ":"))
    bucket = operator.facts["lent"].bucket
    with person() as user:
        with_admin("iam").put_user_policy(UserName=user.name, PolicyName="printed", PolicyDocument=document)
        mine = user.client()
        mine.put_object(Bucket=bucket, Key="by-the-user.txt", Body=b"x")
        mine.delete_object(Bucket=bucket, Key="by-the-user.txt")
        assert refused(mine.delete_bucket, Bucket=bucket) == "AccessDenied"


@works(PAGE, "A role for uploads above 5 GB")
def _role(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    (ran,) = operator.do(row)
    bucket = operator.facts["lent"].bucket
    document = json.loads(ran.out)
    assert {action for one in document["Statement"] for action in listed(one["Action"])} >= {
        "s3:PutObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    }
    assert "s3:*" not in ran.out
    put_role(operator, "printed", document)
    assert bucket in ran.out
    loan = operator.facts["lent"].ask({"action": "write", "prefix": "in/"}, STORE)
    assert loan.status == 201, loan.body
    borrower(loan.json).put_object(Bucket=bucket, Key="in/by-the-role.txt", Body=b"x")


def put_role(operator: Operator, name: str, document: Any) -> None:
    """Give the role for loans this policy in place of the one that it had."""
    iam, role = with_admin("iam"), operator.facts["lent"].role_arn.rpartition("/")[2]
    text = json.dumps(document, separators=(",", ":"))
    iam.put_role_policy(RoleName=role, PolicyName="wide", PolicyDocument=text)
    iam.close()


def listed(value: Any) -> list[str]:
    """One or several."""
    return [value] if isinstance(value, str) else list(value)


@works(PAGE, "Its trust relationship")
def _trust(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    (ran,) = operator.do(row, {"--account 111122223333 --identity moorage": "--identity moorage-test"})
    lent, iam = operator.facts["lent"], with_admin("iam")
    role = lent.role_arn.rpartition("/")[2]
    before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    try:
        for user, lends in (("nobody-else", False), ("moorage-test", True)):
            document = json.loads(ran.out.replace("user/moorage-test", f"user/{user}"))
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document, separators=(",", ":")))
            assert (lent.ask({"action": "write", "prefix": "in/"}, STORE).status == 201) is lends, user
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(before, separators=(",", ":")))
        iam.close()


@works(PAGE, "A small test file is written")
def _probe(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    (ran,) = operator.do(row)
    found = lines(ran.err)
    assert (found["write"], found["delete"]) == ("ok", "ok")
    s3 = admin(ceph())
    there = s3.list_objects_v2(Bucket=operator.facts["lent"].bucket, Prefix=".moorage-probe/")
    s3.close()
    assert there["KeyCount"] == 0


@works(PAGE, "Workers get temporary keys of the role")
def _loan(operator: Operator, _: Row) -> None:
    operator.after(PAGE, ADD)
    bucket = operator.facts["lent"].bucket
    with operator.client() as client:
        loan = client.lend(STORE, "write", "in/")
    assert loan.credentials is not None
    told = operator.facts["lent"].ask({"action": "write", "prefix": "in/"}, STORE).json
    keys = borrower(told)
    keys.put_object(Bucket=bucket, Key="in/output.bin", Body=b"x")
    assert refused(keys.put_object, Bucket=bucket, Key="in-next/output.bin", Body=b"x") == "AccessDenied"


def projects(operator: Operator) -> None:
    """The projects Reef and Wreck."""
    with operator.client() as client:
        there = {one.name for one in client.projects()}
        for name in {"Reef", "Wreck"} - there:
            client.add_project(name)


def default(operator: Operator, row: Row, store: str) -> None:
    """Make a store the default of the project Reef, and upload something."""
    projects(operator)
    with operator.client() as client:
        operator.do(row)
        assert uploaded(client, operator, store) == b"an output"


@works(PAGE, "The project's default store")
def _default(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    default(operator, row, STORE)
