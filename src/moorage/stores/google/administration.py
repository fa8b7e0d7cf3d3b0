"""The bucket itself: where it lies, whom it lets in, what it does by itself. Implements ``StoreAdministration``.

Source: Cloud Storage JSON API, resources Buckets and Notifications.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from moorage.model.administration import OpenUpload, SignedRequest
from moorage.model.cors import CorsRule, CorsRules
from moorage.model.errors import Refused
from moorage.model.keys import Key
from moorage.stores.google.account import Account
from moorage.stores.google.client import Call, Client, TokenSource
from moorage.stores.google.signing import presign
from moorage.stores.transport import BytesBody
from moorage.stores.transport.plain import Plain

_MOST: Final = "1000"


class GoogleAdministration(Plain):
    """Questions and orders about one bucket. ``changing`` gives tokens that may change it, where there are any."""

    def __init__(
        self,
        client: Client,
        account: Account | None,
        *,
        changing: Callable[[], TokenSource | None],
        read_only: bool,
    ) -> None:
        super().__init__(client.transport, client.purpose)
        self._client = client
        self._account = account
        self._changing = changing
        self._read_only = read_only

    def address(self, key: Key) -> str:
        """The URL of an object without any signature, in the dialect that heeds the bucket's CORS rules."""
        return self._client.place.public(key)

    async def sign_put(self, key: Key, *, expires_s: int) -> SignedRequest:
        """A PUT of the object by whoever has the URL. Takes the key of a service account."""
        if self._account is None or self._read_only:
            raise Refused(
                "Nothing is signed for writing to this store.",
                "Register it as writable, with the key of a service account: a machine's own account signs nothing.",
            )
        place, now_s = self._client.place, self.transport.clock.now()
        query = [("userProject", self._client.project)] if self._client.learnt.pays else []
        url = presign(self._account, place, key, query, expires_s=expires_s, now_s=now_s, method="PUT")
        return SignedRequest("PUT", url)

    async def region(self) -> str | None:
        """The bucket's location, such as ``EUROPE-WEST1``."""
        return str((await self._facts("location")).get("location", "")) or None

    async def cors(self) -> CorsRules:
        """The bucket's own rules; what pages may send and what they may read is one list at Google."""
        rules = (await self._facts("cors")).get("cors", [])
        return CorsRules(tuple(map(_rule, _mappings(rules))))

    async def put_cors(self, rules: CorsRules) -> None:
        """Replace all rules of the bucket."""
        tokens = self._changing()
        client = replace(self._client, tokens=tokens)
        body = BytesBody(json.dumps({"cors": [_written(rule) for rule in rules.rules]}).encode())
        headers = {"Content-Type": "application/json"}
        try:
            await client.call(
                Call("put cors", "PATCH", self._client.place.facts((("fields", "cors"),)), "", headers, body)
            )
        finally:
            if tokens:
                await tokens.aclose()

    async def versioning(self) -> bool | None:
        """Whether older generations are kept."""
        told = (await self._facts("versioning")).get("versioning")
        return isinstance(told, dict) and told.get("enabled") is True

    async def lifecycle(self) -> tuple[str, ...] | None:
        """The rules by what they do."""
        told = (await self._facts("lifecycle")).get("lifecycle")
        rules = told.get("rule", []) if isinstance(told, dict) else []
        return tuple(_lifecycle(rule) for rule in _mappings(rules))

    async def notifications(self) -> tuple[str, ...] | None:
        """The topics that hear of changes."""
        url = self._client.place.facts((), below="/notificationConfigs")
        answer = await self._client.call(Call("bucket", "GET", url, admit=frozenset({404})))
        if not answer.ok:
            return None
        told = self._client.parsed(answer)
        return tuple(str(one.get("topic", "")) for one in _mappings(told.get("items", [])))

    async def encryption(self, key: Key) -> str | None:
        """The key of Cloud KMS, where there is one."""
        url = self._client.place.object(key, (("fields", "kmsKeyName"),))
        return str((await self._client.document(Call("stat", "GET", url, key))).get("kmsKeyName", "")) or None

    async def uploads(self, prefix: str) -> tuple[OpenUpload, ...] | None:
        """Not told: uploads in chunks are no part of the bucket, and end by themselves after a week."""
        del prefix
        return None

    async def abort(self, upload: OpenUpload) -> None:
        """There are none to drop."""
        del upload

    async def purge(self, prefix: str) -> None:
        """Remove all generations below the prefix for good."""
        place = self._client.place
        query = (
            ("versions", "true"),
            ("prefix", prefix),
            ("maxResults", _MOST),
            ("fields", "items(name,generation)"),
        )
        told = await self._client.document(Call("list", "GET", place.objects(query)))
        for one in _mappings(told.get("items", [])):
            key, generation = str(one.get("name", "")), str(one.get("generation", ""))
            if key.startswith(prefix) and generation:
                url = place.object(key, (("generation", generation),))
                await self._client.call(Call("delete", "DELETE", url, key, admit=frozenset({404})))

    async def _facts(self, field: str) -> Mapping[str, Any]:
        return await self._client.document(Call("bucket", "GET", self._client.place.facts((("fields", field),))))


def _rule(rule: Mapping[str, Any]) -> CorsRule:
    origins, methods, headers = (_words(rule.get(name)) for name in ("origin", "method", "responseHeader"))
    age = rule.get("maxAgeSeconds")
    return CorsRule(origins, methods, headers, headers, age if isinstance(age, int) else 0)


def _written(rule: CorsRule) -> Mapping[str, object]:
    return {
        "origin": list(rule.origins),
        "method": list(rule.methods),
        "responseHeader": list(dict.fromkeys((*rule.request_headers, *rule.exposed_headers))),
        "maxAgeSeconds": rule.max_age_s,
    }


def _lifecycle(rule: Mapping[str, Any]) -> str:
    action, condition = rule.get("action"), rule.get("condition")
    kind = str(action.get("type", "")) if isinstance(action, dict) else ""
    age = condition.get("age") if isinstance(condition, dict) else None
    words = {
        "AbortIncompleteMultipartUpload": "unfinished uploads end",
        "Delete": "objects are deleted",
        "SetStorageClass": "objects change their storage class",
    }.get(kind, kind or "a rule without an action")
    return f"{words} after {age} days" if isinstance(age, int) else f"{words} on a condition"


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _words(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
