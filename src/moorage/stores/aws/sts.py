"""The token service: takes roles, with keys (AssumeRole) or with a token (AssumeRoleWithWebIdentity).

Source: AWS Security Token Service API reference. Asked by our own transport, because botocore's client reads no error
code out of the answers of Ceph, takes authorities only as a file, and follows profiles and proxies of the environment.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from moorage.model.credentials import Keys
from moorage.stores.aws.asking import REMOTE, Asking, asking
from moorage.stores.aws.minted import Minted, minted, no_keys
from moorage.stores.aws.refusals import Asked, Refusal, refused
from moorage.stores.aws.spelling import stamp
from moorage.stores.transport import Answer, BytesBody, Counters, Guard, Request

_VERSION: Final = "2011-06-15"
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_FIELD: Final = re.compile(r"<(AccessKeyId|SecretAccessKey|SessionToken|Expiration)>([^<]*)</")
_FAULT: Final = re.compile(r"<(Code|Message)>([^<]*)</")
_SESSION: Final = "moorage"


@dataclass(frozen=True, slots=True)
class Sts:
    """One token service: that of a region of AWS, or of a server such as MinIO or Ceph."""

    url: str
    region: str
    ca: str = ""
    session_s: int = 3600
    guard: Guard | None = None
    """Of a store that may not lead everywhere."""

    async def assume(self, role_arn: str, external_id: str, keys: Keys, counters: Counters) -> Minted:
        """The keys of the role, taken with ``keys``. Raises StoreDenied or StoreUnreachable."""
        words = {"RoleArn": role_arn, "RoleSessionName": _SESSION, "DurationSeconds": str(self.session_s)}
        words |= {"ExternalId": external_id} if external_id else {}
        asked = Asked(self.url, role_arn, self.session_s, external_id=bool(external_id))
        return await self._ask("AssumeRole", words, asked, keys, counters)

    async def with_token(self, role_arn: str, token: str, counters: Counters) -> Minted:
        """The keys of the role, taken with a web identity token. Raises StoreDenied or StoreUnreachable."""
        words = {
            "RoleArn": role_arn, "RoleSessionName": _SESSION, "DurationSeconds": str(self.session_s),
            "WebIdentityToken": token,
        }  # fmt: skip
        asked = Asked(self.url, role_arn, self.session_s, by_token=True)
        return await self._ask("AssumeRoleWithWebIdentity", words, asked, None, counters)

    async def _ask(
        self, action: str, words: Mapping[str, str], asked: Asked, keys: Keys | None, counters: Counters
    ) -> Minted:
        # A blank as %20: Ceph takes a plus for itself, and a policy would be for another prefix.
        body = urlencode({"Action": action, "Version": _VERSION, **words}, quote_via=quote).encode()
        async with asking(REMOTE, counters, self.ca, self.guard) as service:
            answer = await service.send(lambda: self._request(service, body, keys))
            refusal = _refusal(answer)
            if not answer.ok and refusal.by_clock:
                service.clock.observe(answer.headers.get("Date"), at_once=True)
                service.clock.correct()
                answer = await service.send(lambda: self._request(service, body, keys))
                refusal = _refusal(answer)
            if not answer.ok:
                raise refused(asked, refusal)
            fields = {name: html.unescape(value) for name, value in _FIELD.findall(_text(answer))}
            if not fields.get("SessionToken"):
                raise no_keys(f"The token service at {self.url}")
            return minted(fields, f"The token service at {self.url}", service.clock)

    def _request(self, service: Asking, body: bytes, keys: Keys | None) -> Request:
        url = self.url if urlsplit(self.url).path else f"{self.url}/"
        headers = {**_FORM, "User-Agent": "moorage"}
        if keys is not None:
            request = AWSRequest("POST", url, headers=headers, data=body)
            request.context["signed_at"] = stamp(service.clock.now())
            given = Credentials(keys.access_key, keys.secret_key, keys.session_token or None)
            _Auth(given, "sts", self.region).add_auth(request)
            headers = dict(request.headers.items())
        return Request("credentials", "POST", url, headers, BytesBody(body))


class _Auth(SigV4Auth):  # type: ignore[misc]  # botocore has no types
    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = request.context["signed_at"]
        super()._modify_request_before_signing(request)


def _refusal(answer: Answer) -> Refusal:
    fields = {name: html.unescape(value) for name, value in reversed(_FAULT.findall(_text(answer)))}
    return Refusal(answer.status, fields.get("Code", ""), fields.get("Message", ""))


def _text(answer: Answer) -> str:
    return answer.content.decode("utf-8", "replace")
