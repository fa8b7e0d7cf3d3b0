"""Buckets on real servers, each test its own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import boto3
from botocore.config import Config

from moorage.model.credentials import Keys
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from servers import Server


def admin(server: Server) -> Any:
    """boto3's own client: another program's view of the same bucket."""
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=server.region,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def store_at(server: Server, bucket: str, *, read_only: bool = True) -> Store:
    """The facts of a store on ``server``."""
    keys = Keys(server.access_key, server.secret_key)
    connection = Connection(Provider.S3, endpoint=server.endpoint, region=server.region, credentials=keys)
    return Store("under-test", connection, bucket=Bucket(bucket), read_only=read_only)


@asynccontextmanager
async def bucket_of(server: Server) -> AsyncIterator[str]:
    """The name of a new bucket, removed with all that is in it."""
    with kept_bucket(server) as name:
        yield name


@contextmanager
def kept_bucket(server: Server) -> Iterator[str]:
    """The same for several tests."""
    client = admin(server)
    name = f"moorage-{secrets.token_hex(6)}"
    client.create_bucket(Bucket=name)
    try:
        yield name
    finally:
        for upload in client.list_multipart_uploads(Bucket=name).get("Uploads", []):
            client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        while found := client.list_objects_v2(Bucket=name).get("Contents", []):
            for one in found:
                client.delete_object(Bucket=name, Key=one["Key"])
        client.delete_bucket(Bucket=name)
        client.close()
