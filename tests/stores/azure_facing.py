"""An Azure store that faces a scripted server, and what Azure writes."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from xml.sax.saxutils import escape

from moorage.model.credentials import AccountKey, Credentials
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.stores.azure import AzureStore
from moorage.stores.transport import Limits
from stores.faulty import QUICK, Answer, Faulty, faulty, says

KEY = base64.b64encode(b"k" * 64).decode()
CREDENTIALS = AccountKey("reefs", KEY)
MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT"


def azure_on(server: Faulty, credentials: Credentials = CREDENTIALS, *, container: str = "reef") -> Store:
    """A writable store on ``server``."""
    connection = Connection(Provider.AZURE, endpoint=f"{server.endpoint}/reefs", credentials=credentials)
    return Store("under-test", connection, bucket=Bucket(container), read_only=False)


@asynccontextmanager
async def facing(
    *answers: Answer, limits: Limits = QUICK, credentials: Credentials = CREDENTIALS, read_bodies: bool = True
) -> AsyncIterator[tuple[Faulty, AzureStore]]:
    async with faulty(*answers, read_bodies=read_bodies) as server:
        store = AzureStore(azure_on(server, credentials), limits=limits)
        try:
            yield server, store
        finally:
            await store.aclose()


def error(status: int, code: str, detail: str = "", **headers: str) -> Answer:
    """An error as Azure tells it: in a header and in a document."""
    told = f"<AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail>" if detail else ""
    body = f"\ufeff<?xml version='1.0'?><Error><Code>{code}</Code><Message>said so\nRequestId:1</Message>{told}</Error>"
    return says(status, body, x_ms_error_code=code, **headers)


def listing(*names: str, prefixes: Iterable[str] = (), marker: str = "", directories: bool = False) -> str:
    """A page as Azure writes it, in the order given; names are escaped, and encoded where XML cannot hold them."""
    kind = "<ResourceType>file</ResourceType>" if directories else ""
    blobs = "".join(
        f"<Blob>{_name(name)}<Properties><Creation-Time>{MODIFIED}</Creation-Time>"
        f"<Last-Modified>{MODIFIED}</Last-Modified><Etag>0x8DEADBEEF</Etag>{kind}"
        f"<Content-Length>1</Content-Length><Content-Type>image/png</Content-Type><BlobType>BlockBlob</BlobType>"
        f"</Properties><OrMetadata /></Blob>"
        for name in names
    ) + "".join(f"<BlobPrefix>{_name(prefix)}</BlobPrefix>" for prefix in prefixes)
    following = f"<NextMarker>{escape(marker)}</NextMarker>" if marker else "<NextMarker />"
    return (
        '\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://127.0.0.1/reefs" '
        f'ContainerName="reef"><MaxResults>1000</MaxResults><Blobs>{blobs}</Blobs>{following}</EnumerationResults>'
    )


def _name(name: str) -> str:
    if "\ufffe" in name or "\uffff" in name:
        encoded = "".join(f"%{byte:02X}" for byte in name.encode())
        return f'<Name Encoded="true">{encoded}</Name>'
    return f"<Name>{escape(name).replace(chr(13), '&#xD;')}</Name>"
