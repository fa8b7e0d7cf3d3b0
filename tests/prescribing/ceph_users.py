"""Users of the real Ceph, who have no right but those of the policies that they are given."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

import servers
from moorage.model.credentials import Keys
from moorage.prescribing import Document


@dataclass(frozen=True)
class Person:
    """A user and the keys."""

    name: str
    keys: Keys

    def client(self, service: str = "s3") -> Any:
        """boto3 with these keys."""
        return client(service, self.keys)

    def give(self, document: Document) -> None:
        """Put a policy of the user in force, in place of the one before."""
        with_admin("iam").put_user_policy(UserName=self.name, PolicyName="given", PolicyDocument=compact(document))


def client(service: str, keys: Keys) -> Any:
    """boto3 on the Ceph of the tests."""
    server = servers.ceph()
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name=server.region,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.session_token or None,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def with_admin(service: str) -> Any:
    """boto3 as the owner of the buckets."""
    server = servers.ceph()
    return client(service, Keys(server.access_key, server.secret_key))


@contextmanager
def person() -> Iterator[Person]:
    """A new user, gone at the end."""
    name, secret = f"moorage-{secrets.token_hex(6)}", secrets.token_hex(16)
    told = {"uid": name, "display-name": name, "access-key": name, "secret-key": secret}
    _admin("PUT", told)
    try:
        yield Person(name, Keys(name, secret))
    finally:
        _admin("DELETE", {"uid": name, "purge-data": "true"})


def another_key(of: Person) -> Keys:
    """One more key of the person."""
    keys = Keys(f"{of.name}-{secrets.token_hex(3)}", secrets.token_hex(16))
    _admin("PUT", {"key": "", "uid": of.name, "access-key": keys.access_key, "secret-key": keys.secret_key})
    return keys


def take_key(of: Person, keys: Keys) -> None:
    """Take one of the person's keys away; a repeat does nothing."""
    with suppress(HTTPError):
        _admin("DELETE", {"key": "", "uid": of.name, "access-key": keys.access_key})


def compact(document: Document) -> str:
    """The policy without blanks: Ceph takes none in calls of IAM."""
    return json.dumps(json.loads(document.text), separators=(",", ":"))


def refused(call: Any, **arguments: Any) -> bool:
    """Whether Ceph denies the call; any other fault is a fault of the test."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
            raise
        return True
    return False


def _admin(method: str, query: dict[str, str]) -> None:
    server = servers.ceph()
    request = AWSRequest(method, f"{server.endpoint}/admin/user?{urlencode(query)}&format=json")
    S3SigV4Auth(Credentials(server.access_key, server.secret_key), "s3", server.region).add_auth(request)
    sent = urllib.request.Request(request.url, method=method, headers=dict(request.headers.items()))
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sent, timeout=30) as answer:
        assert answer.status == 200
