"""The Python SDK: ``Client`` for plain code, ``AsyncClient`` for asyncio.

with Client("https://media.example.org/moorage", token="mrg_...") as client:
    for item in client.items("Reef 2021", kind="image"):
        client.download(item.id, Path(item.name))
"""

from moorage.client.asynchronous import AsyncClient
from moorage.client.shapes import (
    Children,
    Folder,
    Item,
    Job,
    Mirror,
    Project,
    Report,
    Resolved,
    SignedUrl,
    Started,
    StartedMirror,
    Store,
    Suggestion,
)
from moorage.client.synchronous import Client
from moorage.client.transport import Limits

__all__ = [
    "AsyncClient",
    "Children",
    "Client",
    "Folder",
    "Item",
    "Job",
    "Limits",
    "Mirror",
    "Project",
    "Report",
    "Resolved",
    "SignedUrl",
    "Started",
    "StartedMirror",
    "Store",
    "Suggestion",
]
