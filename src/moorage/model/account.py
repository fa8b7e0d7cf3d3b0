"""Storage accounts of Azure: name, endpoint and what signs, read out of the credentials as people have them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from moorage.model.credentials import AccountKey, Anonymous, ConnectionString, Sas, ServicePrincipal
from moorage.model.errors import Invalid
from moorage.model.sas import connection_fields, query_of, sas_fields
from moorage.model.store import Connection

PUBLIC_SUFFIX: Final = "core.windows.net"
_NAME: Final = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER: Final = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]|\$root|\$web|\$logs")
_LETTERS: Final = re.compile(r"[A-Za-z0-9._~%:,/+=-]*")
_EMULATOR: Final = AccountKey(
    "devstoreaccount1",
    # Published by Microsoft for its emulator; it opens nothing else.
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
)
_EMULATOR_ENDPOINT: Final = "http://127.0.0.1:10000/devstoreaccount1"


@dataclass(frozen=True, slots=True)
class Account:
    """One storage account and how its requests are signed; at most one of the last three is there."""

    name: str
    endpoint: str
    """URL of its blobs, with scheme, without a final ``/``; an emulator has the account in the path."""
    key: bytes = field(default=b"", repr=False)
    sas: str = field(default="", repr=False)
    """Percent-encoded query, without ``?``."""
    principal: ServicePrincipal | None = None


def need_container(name: str) -> None:
    """Raise Invalid for what cannot be a container. Source: Naming and referencing containers, blobs, metadata."""
    if not _CONTAINER.fullmatch(name):
        raise Invalid(
            f"{name!r} is not the name of a container: 3 to 63 small letters, digits and single hyphens.",
            "Write the container's name alone, as the portal shows it.",
            field="bucket",
        )


def account_of(connection: Connection) -> Account:
    """The account that a connection names. Raises Invalid for what no request could be made with."""
    given, endpoint = connection.credentials, connection.endpoint
    match given:
        case AccountKey():
            return _by_key(given, endpoint)
        case Sas():
            return _by_sas(given.token, given.account, endpoint, "token")
        case ConnectionString():
            return _by_string(given.value, endpoint)
        case ServicePrincipal():
            for name in ("tenant", "client", "secret"):
                if not getattr(given, name):
                    raise Invalid(f"The {name} is missing.", "Fill it in.", field=f"credentials.{name}")
            return Account(*_place("", endpoint), principal=given)
        case Anonymous():
            return Account(*_place("", endpoint))
        case _:
            raise Invalid(
                f"Azure takes no credentials of the kind {given.kind}.",
                "Use account_key, sas, connection_string, service_principal or anonymous.",
                field="credentials",
            )


def _by_key(given: AccountKey, endpoint: str) -> Account:
    try:
        key = base64.b64decode(given.key.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _no_key() from error
    if not key:
        raise _no_key()
    return Account(*_place(given.account.strip(), endpoint), key=key)


def _by_sas(text: str, account: str, endpoint: str, part: str) -> Account:
    fields = connection_fields(text)
    signature = fields.get("sharedaccesssignature", text)
    if "://" in signature:
        url = urlsplit(signature.strip())
        endpoint = endpoint or _service(url.scheme, url.netloc, url.path)
    told = sas_fields(text)
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in told.items())
    where = f"credentials.{part}"
    if not told.get("sig") or not _LETTERS.fullmatch(query_of(text).replace("&", "")):
        raise Invalid(
            "This is no shared access signature: it has no sig.",
            "Copy the whole token, from sv= or sp= to the end of sig=.",
            field=where,
        )
    if told.get("sr") in {"b", "bs", "bv"}:
        raise Invalid(
            "This signature is for one blob only (sr=b).",
            "Make one for the container (sr=c), or for the account with ss=b and srt=co.",
            field=where,
        )
    if "b" not in told.get("ss", "b"):
        raise Invalid("This signature is not for blobs (ss has no b).", "Make one with ss=b and srt=co.", field=where)
    name, place = _place(account.strip(), endpoint or fields.get("blobendpoint", ""))
    if told.get("spr") == "https" and place.startswith("http://"):
        raise Invalid("This signature is for https only.", "Write https:// in the endpoint.", field="endpoint")
    return Account(name, place, sas=query)


def _by_string(value: str, endpoint: str) -> Account:
    fields = connection_fields(value)
    if fields.get("usedevelopmentstorage", "").lower() == "true":
        return _by_key(_EMULATOR, endpoint or _EMULATOR_ENDPOINT)
    name = fields.get("accountname", "")
    scheme = fields.get("defaultendpointsprotocol", "https")
    suffix = fields.get("endpointsuffix", PUBLIC_SUFFIX)
    made = f"{scheme}://{name}.blob.{suffix}" if name else ""
    place = endpoint or fields.get("blobendpoint", "") or made
    if fields.get("accountkey"):
        return _by_key(AccountKey(name, fields["accountkey"]), place)
    if fields.get("sharedaccesssignature"):
        return _by_sas(value, name, place, "value")
    raise Invalid(
        "This is no connection string of a storage account: it has neither AccountKey nor SharedAccessSignature.",
        "Copy the whole string from the portal, below Access keys or Shared access signature.",
        field="credentials.value",
    )


def _place(account: str, endpoint: str) -> tuple[str, str]:
    """Name of the account and URL of its blobs."""
    if not endpoint and not account:
        raise Invalid(
            "The storage account is not named.",
            "Give the account's name, or an endpoint such as https://ACCOUNT.blob.core.windows.net.",
            field="endpoint",
        )
    url = urlsplit((endpoint or f"https://{account}.blob.{PUBLIC_SUFFIX}").rstrip("/"))
    try:
        host, port = url.hostname or "", url.port
    except ValueError:
        host = ""
    if url.scheme not in {"http", "https"} or not host or url.query or url.username or url.fragment:
        raise Invalid(
            "The endpoint is not an http or https address.",
            "Write https://ACCOUNT.blob.core.windows.net, or http://127.0.0.1:10000/devstoreaccount1 for an emulator.",
            field="endpoint",
        )
    path = url.path
    if host.startswith("blob.") and account:
        host = f"{account}.{host}"
    if _in_path(host):
        path = path or f"/{account}"
        told = unquote(path[1:].partition("/")[0])
    else:
        told = host.partition(".")[0].removesuffix("-secondary") if ".blob." in host else account
    name = account or told
    if not _NAME.fullmatch(name) or (account and told and told != account):
        raise Invalid(
            f"{name!r} is not the storage account of this endpoint."
            if _NAME.fullmatch(name)
            else f"{name!r} is not the name of a storage account: it has 3 to 24 small letters and digits.",
            "Check the account's name and the endpoint.",
            field="credentials.account" if account else "endpoint",
        )
    netloc = f"[{host}]" if ":" in host else host
    if port and port != {"http": 80, "https": 443}[url.scheme]:
        netloc = f"{netloc}:{port}"
    return name, f"{url.scheme}://{netloc}{path}"


def _service(scheme: str, netloc: str, path: str) -> str:
    """The endpoint out of a URL that may name a container too."""
    first = path.strip("/").partition("/")[0]
    return (
        f"{scheme}://{netloc}/{first}" if _in_path(urlsplit(f"//{netloc}").hostname or "") else f"{scheme}://{netloc}"
    )


def _in_path(host: str) -> bool:
    """True where the account stands in the path, as with emulators: hosts without a domain, and IP addresses."""
    if "." not in host:
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _no_key() -> Invalid:
    return Invalid(
        "The account key is not base64.",
        "Copy key1 or key2 from Access keys in the portal, to the last =.",
        field="credentials.key",
    )
