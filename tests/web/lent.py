"""Stores that lend: a bucket on Ceph with a role, and what other programs see of a loan."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from servers import Server, ceph
from servers.moorage import Answer
from stores.s3_bucket import admin
from web.conftest import Face

WIDE = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
"""What the role may do by itself: so that nothing but the loan's own policy limits the loan."""


@dataclass
class Harbour:
    """Two buckets, a role that may do everything in them, and a registered store with it."""

    face: Face
    server: Server
    bucket: str
    other: str
    role_arn: str
    store: str
    secrets: list[str] = field(default_factory=list)
    """Every secret that was lent."""

    def lend(self, action: str = "write", prefix: str = "in/", **more: Any) -> Any:
        """A loan; its secrets are remembered."""
        got = self.ask({"action": action, "prefix": prefix, **more})
        assert got.status == 201, got.body
        return got.json

    def ask(self, body: dict[str, Any], store: str = "", **headers: str) -> Answer:
        got = self.face("POST", f"/api/v1/stores/{store or self.store}/loans", body, **headers)
        if got.status == 201:
            self.secrets += secrets_in(got.json)
        return got

    def another(self, **facts: Any) -> str:
        """Another store of the same bucket."""
        name = f"lent-{secrets.token_hex(4)}"
        keys = {"kind": "keys", "access_key": self.server.access_key, "secret_key": self.server.secret_key}
        body = {"name": name, "provider": "s3", "endpoint": self.server.endpoint, "bucket": self.bucket}
        made = self.face("POST", "/api/v1/stores", {**body, "credentials": keys, "read_only": False} | facts)
        assert made.status == 201, made.body
        return name


def secrets_in(loan: Any) -> list[str]:
    """What of an answer nobody else may ever see."""
    keys, found = loan["credentials"] or {}, []
    found += [keys[name] for name in ("secret_key", "session_token") if keys.get(name)]
    found += [one["url"].rpartition("ignature=")[2] or one["url"] for one in loan["urls"]]
    found += [loan["form"]["fields"]["x-amz-signature"]] if loan["form"] else []
    found += [loan["sas"]["token"].rpartition("sig=")[2]] if loan["sas"] else []
    return [*found, *([loan["token"]] if loan["token"] else [])]


def borrower(loan: Any) -> Any:
    """boto3, with nothing but what the loan's answer holds."""
    keys = loan["credentials"]
    return boto3.client(
        "s3",
        endpoint_url=loan["endpoint"],
        region_name=loan["region"],
        aws_access_key_id=keys["access_key"],
        aws_secret_access_key=keys["secret_key"],
        aws_session_token=keys["session_token"],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def refused(call: Any, **words: Any) -> str:
    """The code by which Ceph refuses."""
    try:
        call(**words)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


@contextmanager
def harbour(face: Face) -> Iterator[Harbour]:
    server = ceph()
    s3 = admin(server)
    iam = boto3.client(
        "iam",
        endpoint_url=server.endpoint,
        region_name=server.region,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
    )
    tag = secrets.token_hex(5)
    bucket, other, role = f"lend-{tag}", f"other-{tag}", f"lender-{tag}"
    trust = {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/moorage-test"]}, "Action": ["sts:AssumeRole"]}
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName=role, PolicyName="wide", PolicyDocument=document(WIDE))
    for name in (bucket, other):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="in/here.jpg", Body=b"here")
        s3.put_object(Bucket=name, Key="in-next/near.jpg", Body=b"near")
        s3.put_object(Bucket=name, Key="out.jpg", Body=b"out")
    place = Harbour(face, server, bucket, other, made["Role"]["Arn"], "")
    place.store = place.another(loan_role_arn=place.role_arn)
    try:
        yield place
    finally:
        for name in (bucket, other):
            for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
                s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
            for one in s3.list_objects_v2(Bucket=name).get("Contents", []):
                s3.delete_object(Bucket=name, Key=one["Key"])
            s3.delete_bucket(Bucket=name)
        iam.delete_role_policy(RoleName=role, PolicyName="wide")
        iam.delete_role(RoleName=role)
        s3.close()
        iam.close()


def document(statement: dict[str, Any]) -> str:
    """A policy; without blanks, which Ceph does not decode."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def aged(loan: Any, seconds: int) -> Any:
    """The loan as it will be in so many seconds: Ceph's own key makes its session token that much older."""
    keys = loan["credentials"]
    plain = _ceph(base64.b64decode(keys["session_token"]), opened=True)
    found = re.search(rb"20\d\d-\d\d-\d\dT[0-9:]{8}", plain)
    assert found
    ends = datetime.fromisoformat(found[0].decode()) - timedelta(seconds=seconds)
    older = plain[: found.start()] + ends.isoformat().encode() + plain[found.end() :]
    token = base64.b64encode(_ceph(older, opened=False)).decode()
    return loan | {"credentials": keys | {"session_token": token}}


def _ceph(data: bytes, *, opened: bool) -> bytes:
    """AES as Ceph uses it for session tokens. Source: src/auth/Crypto.cc; the key is that of ``servers/ceph.sh``."""
    cipher = Cipher(algorithms.AES(b"moorage-test-sts"), modes.CBC(b"cephsageyudagreg"))
    step = cipher.decryptor() if opened else cipher.encryptor()
    return step.update(data) + step.finalize()
