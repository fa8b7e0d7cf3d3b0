"""Signatures of requests (version 4), by botocore, with the time and payload that we name."""

from __future__ import annotations

import logging
from typing import Any

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from moorage.model.credentials import Keys
from moorage.stores.aws.spelling import stamp

UNSIGNED = "UNSIGNED-PAYLOAD"
# botocore logs what it signs at DEBUG, session tokens included.
logging.getLogger("botocore.auth").setLevel(logging.INFO)


class _HeaderAuth(S3SigV4Auth):  # type: ignore[misc]  # botocore has no types
    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = request.context["signed_at"]
        super()._modify_request_before_signing(request)

    def payload(self, request: Any) -> str:
        return str(request.context["payload"])


class _QueryAuth(S3SigV4QueryAuth):  # type: ignore[misc]  # botocore has no types
    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = request.context["signed_at"]
        super()._modify_request_before_signing(request)


class Signer:
    """Signs for one access key. The URL is signed as it is given: no normalisation of the path."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._credentials = Credentials(keys.access_key, keys.secret_key, keys.session_token or None)

    def sign(
        self, method: str, url: str, headers: dict[str, str], *, region: str, payload: str, now_s: float
    ) -> dict[str, str]:
        """``headers`` and the signature; ``payload`` is the body's SHA-256 in hex or ``UNSIGNED``."""
        request = AWSRequest(method=method, url=url, headers=headers)
        request.context.update(signed_at=stamp(now_s), payload=payload)
        _HeaderAuth(self._credentials, "s3", region).add_auth(request)
        return dict(request.headers.items())

    def presign(self, url: str, *, region: str, expires_s: int, now_s: float, method: str = "GET") -> str:
        """``url`` with a signature that admits one method for that many seconds."""
        request = AWSRequest(method=method, url=url)
        request.context["signed_at"] = stamp(now_s)
        _QueryAuth(self._credentials, "s3", region, expires_s).add_auth(request)
        return str(request.url)
