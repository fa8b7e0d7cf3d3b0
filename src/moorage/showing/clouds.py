"""Hosts of Azure and Google, as they stand in addresses: which account or bucket they name."""

from __future__ import annotations

import re
from typing import Final

from moorage.model.endpoint import Host

GOOGLE: Final = "https://storage.googleapis.com"
_AZURE: Final = re.compile(
    r"[a-z0-9]{3,24}(?:-secondary)?\.(?:z[0-9]+\.)?(?P<service>blob|dfs)\.(?:core\.windows\.net|core\.usgovcloudapi\.net"
    r"|core\.chinacloudapi\.cn|core\.cloudapi\.de|storage\.azure\.net)"
)
_GOOGLE: Final = re.compile(r"(?:(?P<bucket>.+)\.)?storage\.googleapis\.com|storage\.cloud\.google\.com")
_PAGES: Final = {
    "console.aws.amazon.com": ("the AWS console", "s3://bucket/prefix"),
    "console.cloud.google.com": ("the Google Cloud console", "google://bucket/prefix"),
    "portal.azure.com": ("the Azure portal", "https://ACCOUNT.blob.core.windows.net/container/prefix"),
}


def azure_endpoint(host: Host) -> str:
    """The endpoint of the storage account that a host of Azure names; empty for any other host.

    A ``dfs`` host is another door to the same objects.
    """
    found = _AZURE.fullmatch(host.hostname)
    return host.url.replace(".dfs.", ".blob.", 1) if found else ""


def google_bucket(hostname: str) -> str | None:
    """The bucket in a host name of Cloud Storage, empty where the path names it; None for any other host."""
    found = _GOOGLE.fullmatch(hostname)
    return None if found is None else found["bucket"] or ""


def google_server(endpoint: str) -> str:
    """An endpoint of Google in one spelling: empty for the public one."""
    given = endpoint.rstrip("/")
    return "" if given.lower() == GOOGLE else given


def web_page(hostname: str) -> tuple[str, str] | None:
    """What web page a host serves, and how a place is written instead; None where it is none that is known."""
    return next((told for host, told in _PAGES.items() if hostname == host or hostname.endswith(f".{host}")), None)
