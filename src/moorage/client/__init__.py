"""The Python SDK: ``Client`` for plain code, ``AsyncClient`` for asyncio.

with Client("https://media.example.org/moorage", token="mrg_...") as client:
    for item in client.items("Reef 2021", kind="image"):
        client.download(item.id, Path(item.name))
"""

from moorage.client.asynchronous import AsyncClient
from moorage.client.bucket_links import BucketLink, MadeBucketLink
from moorage.client.caches import Cache, PurgedCache, StoreDay, StoreDays, WarmFault, WarmUp
from moorage.client.cors import Cors, CorsAnswer, CorsLack
from moorage.client.credentials import AnyCredentials, ServiceAccountPath
from moorage.client.lending import FoundObject, IssuedLoan, LentObject, Loan, LoanUrl, RevokedLoan
from moorage.client.policies import PolicyDocument, PolicyFinding
from moorage.client.replaced import CredentialsEnd, FormerCredentials, StoreCredentials
from moorage.client.shapes import (
    Children,
    Folder,
    Item,
    Job,
    Mirror,
    Project,
    Report,
    Resolved,
    Scope,
    SignedManifest,
    SignedUrl,
    Started,
    StartedMirror,
    Store,
    Suggestion,
)
from moorage.client.stores import StoreWish
from moorage.client.synchronous import Client
from moorage.client.transport import Limits
from moorage.client.videos import Conversion, FrameTimes, Video
from moorage.model.cors import CorsRule
from moorage.model.policies import PolicyNames

__all__ = [
    "AnyCredentials",
    "AsyncClient",
    "BucketLink",
    "Cache",
    "Children",
    "Client",
    "Conversion",
    "Cors",
    "CorsAnswer",
    "CorsLack",
    "CorsRule",
    "CredentialsEnd",
    "Folder",
    "FormerCredentials",
    "FoundObject",
    "FrameTimes",
    "IssuedLoan",
    "Item",
    "Job",
    "LentObject",
    "Limits",
    "Loan",
    "LoanUrl",
    "MadeBucketLink",
    "Mirror",
    "PolicyDocument",
    "PolicyFinding",
    "PolicyNames",
    "Project",
    "PurgedCache",
    "Report",
    "Resolved",
    "RevokedLoan",
    "Scope",
    "ServiceAccountPath",
    "SignedManifest",
    "SignedUrl",
    "Started",
    "StartedMirror",
    "Store",
    "StoreCredentials",
    "StoreDay",
    "StoreDays",
    "StoreWish",
    "Suggestion",
    "Video",
    "WarmFault",
    "WarmUp",
]
