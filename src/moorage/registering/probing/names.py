"""What each step takes, in the words of the provider: for advice where an error does not name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from moorage.model.probe import Permission
from moorage.model.store import Provider

S3_NAMES: Final = {
    Permission.REGION: "s3:GetBucketLocation",
    Permission.LIST: "s3:ListBucket",
    Permission.READ: "s3:GetObject",
    Permission.READ_RANGE: "s3:GetObject",
    Permission.WRITE: "s3:PutObject",
    Permission.OVERWRITE: "s3:PutObject",
    Permission.CONDITIONAL: "s3:PutObject",
    Permission.MULTIPART: "s3:PutObject, s3:ListMultipartUploadParts and s3:AbortMultipartUpload",
    Permission.UPLOADS: "s3:ListBucketMultipartUploads",
    Permission.COPY: "s3:GetObject and s3:PutObject",
    Permission.DELETE: "s3:DeleteObject",
    Permission.CORS_RULES: "s3:GetBucketCORS",
    Permission.VERSIONS: "s3:GetBucketVersioning",
    Permission.LIFECYCLE: "s3:GetLifecycleConfiguration",
    Permission.NOTIFICATIONS: "s3:GetBucketNotification",
    Permission.ENCRYPTION: "kms:GenerateDataKey and kms:Decrypt on the key",
}
GOOGLE_NAMES: Final = {
    Permission.REGION: "storage.buckets.get",
    Permission.LIST: "storage.objects.list",
    Permission.READ: "storage.objects.get",
    Permission.READ_RANGE: "storage.objects.get",
    Permission.WRITE: "storage.objects.create, and storage.objects.delete where an object is replaced",
    Permission.OVERWRITE: "storage.objects.create and storage.objects.delete",
    Permission.CONDITIONAL: "storage.objects.create",
    Permission.MULTIPART: "storage.objects.create",
    Permission.UPLOADS: "storage.multipartUploads.list",
    Permission.COPY: "storage.objects.get and storage.objects.create",
    Permission.DELETE: "storage.objects.delete",
    Permission.CORS_RULES: "storage.buckets.get",
    Permission.VERSIONS: "storage.buckets.get",
    Permission.LIFECYCLE: "storage.buckets.get",
    Permission.NOTIFICATIONS: "storage.buckets.get",
    Permission.ENCRYPTION: "the role Cloud KMS CryptoKey Encrypter/Decrypter for the bucket's own service agent",
}
_READER: Final = "or the role Storage Blob Data Reader"
_WRITER: Final = "or the role Storage Blob Data Contributor"
AZURE_NAMES: Final = {
    Permission.LIST: f"l in the SAS (sr=c, or srt=co), {_READER}",
    Permission.READ: f"r in the SAS, {_READER}",
    Permission.READ_RANGE: f"r in the SAS, {_READER}",
    Permission.WRITE: f"c and w in the SAS, {_WRITER}",
    Permission.OVERWRITE: f"w in the SAS, {_WRITER}",
    Permission.CONDITIONAL: f"c or w in the SAS, {_WRITER}",
    Permission.MULTIPART: f"w and r in the SAS, {_WRITER}",
    Permission.UPLOADS: f"l in the SAS, {_READER}",
    Permission.COPY: f"r and w in the SAS, {_WRITER}",
    Permission.DELETE: f"d in the SAS, {_WRITER}",
    Permission.CORS_RULES: "r in an account SAS with srt=s, or the role Storage Account Contributor",
}
DISK_NAMES: Final = {
    Permission.LIST: "read and search (r-x) on the folder",
    Permission.READ: "read (r--) on its files",
    Permission.READ_RANGE: "read (r--) on its files",
    Permission.WRITE: "write and search (-wx) on the folder",
    Permission.OVERWRITE: "write and search (-wx) on the folder",
    Permission.CONDITIONAL: "write and search (-wx) on the folder",
    Permission.MULTIPART: "write and search (-wx) on the folder",
    Permission.COPY: "write and search (-wx) on the folder",
    Permission.DELETE: "write and search (-wx) on the folder",
}
_OF: Final[Mapping[Provider, Mapping[Permission, str]]] = {
    Provider.DISK: DISK_NAMES,
    Provider.AZURE: AZURE_NAMES,
    Provider.GOOGLE: GOOGLE_NAMES,
}


def needed(provider: Provider, permission: Permission) -> str:
    """What the step takes at that provider; empty where it takes nothing."""
    return _OF.get(provider, S3_NAMES).get(permission, "")
