"""The container and its account: CORS, uploads that were never ended. Implements ``StoreAdministration``.

Versions, lifecycle and events of an account are told by Azure's own management service only, which no key or SAS
of the account opens. Source: Get and Set Blob Service Properties; List Blobs.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from moorage.model.administration import OpenUpload, SignedRequest
from moorage.model.cors import CorsRule, CorsRules
from moorage.model.errors import Refused, StoreDenied
from moorage.model.keys import Key
from moorage.model.objects import Listed
from moorage.stores.azure.access import BySas
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.errors import not_azure
from moorage.stores.azure.pages import Unreadable, parse
from moorage.stores.azure.presigning import presigned
from moorage.stores.transport import BytesBody
from moorage.stores.transport.documents import Element, document
from moorage.stores.transport.plain import Plain

MOST_RULES: Final = 5
_PROPERTIES: Final = (("restype", "service"), ("comp", "properties"))
_ROOT: Final = "StorageServiceProperties"
_BLOCK_BLOB: Final = {"x-ms-blob-type": "BlockBlob"}
_LISTED: Final = 4 * 1024 * 1024


class AzureAdministration(Plain):
    """Questions and orders about one container, let in as the store's own requests are."""

    def __init__(self, client: Client, *, read_only: bool) -> None:
        super().__init__(client.transport, client.purpose)
        self._client = client
        self._read_only = read_only

    def address(self, key: Key) -> str:
        """The URL of an object without any signature."""
        return self._client.place.url(key)

    async def sign_put(self, key: Key, *, expires_s: int) -> SignedRequest:
        """A PUT that makes or replaces one blob. A SAS signs nothing else, so such a store refuses."""
        if self._read_only:
            raise Refused("Nothing is signed for writing to this store.", "Register it as writable.")
        url = await presigned(self._client, key, expires_s=expires_s, disposition="", letters="cw")
        return SignedRequest("PUT", url, _BLOCK_BLOB)

    async def region(self) -> str | None:
        """Not told."""
        return None

    async def cors(self) -> CorsRules:
        """The rules of the whole account."""
        self._must_reach_account("read", "cors")
        answer = await self._client.call(Call("cors", "GET", None, _PROPERTIES, service=True))
        told = document(answer.content.removeprefix(b"\xef\xbb\xbf"), _ROOT)
        if told is None:
            raise not_azure(self._client.names, "no properties where they were asked for")
        rules = told.one("Cors")
        return CorsRules(tuple(map(_rule, rules.all("CorsRule"))) if rules else ())

    async def put_cors(self, rules: CorsRules) -> None:
        """Replace the rules of the whole account; its other properties are left out, and so stay."""
        self._must_reach_account("change", "put cors")
        if len(rules.rules) > MOST_RULES:
            raise Refused(
                f"A storage account takes at most {MOST_RULES} CORS rules; these are {len(rules.rules)}. "
                "Nothing was changed.",
                "Remove one that nobody needs: storage account, settings, resource sharing (CORS).",
            )
        inner = "".join(map(_written, rules.rules))
        data = f'<?xml version="1.0" encoding="utf-8"?><{_ROOT}><Cors>{inner}</Cors></{_ROOT}>'
        call = Call("put cors", "PUT", None, _PROPERTIES, {"Content-Type": "application/xml"}, BytesBody(data.encode()))
        call.service = True
        await self._client.call(call)

    async def versioning(self) -> bool | None:
        """Not told."""
        return None

    async def lifecycle(self) -> tuple[str, ...] | None:
        """Not told."""
        return None

    async def notifications(self) -> tuple[str, ...] | None:
        """Not told."""
        return None

    async def encryption(self, key: Key) -> str | None:
        """The scope under which the blob is encrypted, where there is one."""
        headers = (await self._client.call(Call("stat", "HEAD", key))).headers
        return headers.get("x-ms-encryption-scope") or None

    async def uploads(self, prefix: str) -> tuple[OpenUpload, ...] | None:
        """Blobs of which there are blocks only. Blocks beside a blob are not told, and go with its next write."""
        there = {one.key for one in await self._listed(prefix)}
        every = await self._listed(prefix, ("include", "uncommittedblobs"))
        return tuple(OpenUpload(one.key, "", one.modified_ms) for one in every if one.key not in there)

    async def abort(self, upload: OpenUpload) -> None:
        """Make an empty blob of it, which drops the blocks, and delete that."""
        await self._client.call(Call("put", "PUT", upload.key, (), _BLOCK_BLOB))
        await self._client.call(Call("delete", "DELETE", upload.key))

    async def purge(self, prefix: str) -> None:
        """Nothing: whether versions are kept is not told."""
        del prefix

    async def _listed(self, prefix: str, *more: tuple[str, str]) -> list[Listed]:
        query = (("restype", "container"), ("comp", "list"), ("prefix", prefix), *more)
        try:
            answer = await self._client.call(Call("list", "GET", None, query, collect_bytes=_LISTED))
            return parse(answer.content).objects
        except Unreadable as reason:
            raise not_azure(self._client.names, f"a listing that cannot be read ({reason})") from reason

    def _must_reach_account(self, doing: str, operation: str) -> None:
        """Raises StoreDenied for a SAS that does not reach the account; Azure's own word for that misleads."""
        access = self._client.access
        if isinstance(access, BySas) and "s" not in access.fields.get("srt", ""):
            letter = "r" if operation == "cors" else "w"
            raise StoreDenied(
                f"The SAS token of this store may not {doing} CORS rules: they belong to the whole account.",
                f"Make an account SAS with srt=s and sp={letter}, or look in the portal: resource sharing (CORS).",
                self._client.names.store,
                self._client.names.bucket,
                permission=f"{letter} of an account SAS with srt=s",
                code="AuthorizationResourceTypeMismatch",
            )


def _rule(rule: Element) -> CorsRule:
    age = rule.said("MaxAgeInSeconds")
    return CorsRule(
        _words(rule.said("AllowedOrigins")),
        _words(rule.said("AllowedMethods")),
        _words(rule.said("AllowedHeaders")),
        _words(rule.said("ExposedHeaders")),
        int(age) if age.isascii() and age.isdigit() else 0,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for one in text.split(",") if (word := one.strip()))


def _written(rule: CorsRule) -> str:
    pairs = [
        ("AllowedOrigins", ",".join(rule.origins)),
        ("AllowedMethods", ",".join(rule.methods)),
        ("AllowedHeaders", ",".join(rule.request_headers)),
        ("ExposedHeaders", ",".join(rule.exposed_headers)),
        ("MaxAgeInSeconds", str(rule.max_age_s)),
    ]
    return f"<CorsRule>{''.join(f'<{name}>{escape(text)}</{name}>' for name, text in pairs)}</CorsRule>"
