"""Somebody on the real Ceph who may do all with a bucket but what a test takes away, and what is there afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import servers
from moorage.model.keys import Bucket, Prefix
from moorage.model.probe import Finding, Permission, ProbeLine
from moorage.model.store import Store
from moorage.registering.probe import Checked, probe
from moorage.stores.s3 import S3Store
from prescribing.ceph_users import Person, with_admin
from stores.s3_bucket import bucket_of, store_at

ALL_BUT_LISTING = [
    "s3:Get*", "s3:Put*", "s3:Delete*", "s3:Abort*", "s3:ListMultipartUploadParts", "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
]  # fmt: skip
"""Ceph 16 takes no NotAction."""
ORIGIN = "https://media.example.org"


@dataclass(frozen=True)
class Quay:
    """A bucket of somebody else's and a person with rights in it."""

    bucket: str
    person: Person

    def store(self, *, read_only: bool = False, prefix: str = "reef/") -> Store:
        """The store as Moorage opens it, with that person's keys."""
        there = store_at(servers.ceph(), self.bucket, read_only=read_only)
        connection = replace(there.connection, credentials=self.person.keys)
        return replace(there, connection=connection, bucket=Bucket(self.bucket), prefix=Prefix(prefix))

    def without(self, *actions: str, condition: dict[str, Any] | None = None) -> None:
        """Let the person do all but these; ``condition`` limits listing."""
        whole = [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"]
        statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "s3:*", "Resource": whole}]
        if actions:
            statements.append({"Effect": "Deny", "Action": list(actions), "Resource": whole})
        if condition:
            statements = [
                {"Effect": "Allow", "Action": ALL_BUT_LISTING, "Resource": whole},
                {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": whole, "Condition": condition},
            ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
        with_admin("iam").put_user_policy(UserName=self.person.name, PolicyName="given", PolicyDocument=document)

    def purge(self) -> None:
        """Remove all versions, so that the bucket can go."""
        admin = with_admin("s3")
        versions = admin.list_object_versions(Bucket=self.bucket)
        for one in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
            admin.delete_object(Bucket=self.bucket, Key=one["Key"], VersionId=one["VersionId"])

    def state(self) -> dict[str, Any]:
        """All that lies there: objects, versions, uploads."""
        admin = with_admin("s3")
        versions = admin.list_object_versions(Bucket=self.bucket)
        return {
            "objects": [one["Key"] for one in admin.list_objects_v2(Bucket=self.bucket).get("Contents", [])],
            "versions": sorted(one["Key"] for one in versions.get("Versions", [])),
            "marks": sorted(one["Key"] for one in versions.get("DeleteMarkers", [])),
            "uploads": [one["Key"] for one in admin.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])],
        }


@asynccontextmanager
async def quay(person: Person) -> AsyncIterator[Quay]:
    """A bucket with one object, and that person, who may do all with it."""
    async with bucket_of(servers.ceph()) as name:
        made = Quay(name, person)
        made.without()
        with_admin("s3").put_object(Bucket=name, Key="reef/one.jpg", Body=b"0123456789")
        yield made


async def checked(store: Store, *, now_ms: int = 1, origin: str = ORIGIN) -> tuple[Checked, S3Store]:
    """The report of a check, and the adapter that made it, closed."""
    opened = S3Store(store)
    try:
        return await probe(store, opened, now_ms=now_ms, origin=origin), opened
    finally:
        await opened.aclose()


def lines(found: Checked) -> dict[Permission, ProbeLine]:
    """The lines by what they are about."""
    return {line.permission: line for line in found.report.lines}


def missing(found: Checked) -> set[Permission]:
    """What was refused. Ceph tells its owner alone who hears of changes, whatever a policy says."""
    refused = {line.permission for line in found.report.lines if line.finding is Finding.MISSING}
    return refused - {Permission.NOTIFICATIONS}


def named(found: Checked, permissions: Iterable[Permission]) -> str:
    """All that the lines about these say."""
    return " ".join(f"{line.detail} {line.advice}" for line in found.report.lines if line.permission in permissions)
