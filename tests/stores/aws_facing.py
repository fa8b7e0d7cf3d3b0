"""S3 stores on Ceph that have a role in place of keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import servers
from moorage.model.credentials import Credentials
from moorage.stores.aws import Identities, Machine
from moorage.stores.s3 import S3Store
from stores.faulty import QUICK
from stores.s3_bucket import store_at

ABSENT = "no-such-bucket-of-moorage"


@asynccontextmanager
async def by_role(
    credentials: Credentials,
    machine: Machine,
    *,
    bucket: str = ABSENT,
    identities: Identities | None = None,
    endpoint: str = "",
) -> AsyncIterator[S3Store]:
    """A writable store on Ceph whose keys come from where ``machine`` says."""
    shared = identities or Identities(machine)
    plain = store_at(servers.ceph(), bucket, read_only=False)
    changed = replace(plain.connection, credentials=credentials, endpoint=endpoint or plain.connection.endpoint)
    store = S3Store(replace(plain, connection=changed), limits=QUICK, identities=shared)
    try:
        yield store
    finally:
        await store.aclose()
        await shared.aclose()
