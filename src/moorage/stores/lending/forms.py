"""Forms that browsers and curl send a file with, signed for one prefix.

Source: Amazon S3 API reference, POST object: HTML form fields, POST policy, signature version 4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Final

from moorage.model.credentials import Keys
from moorage.model.errors import Refused
from moorage.model.lending import Area, Form
from moorage.stores.lending.limits import LARGEST_PUT
from moorage.stores.s3.place import Place

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
FILENAME: Final = "${filename}"
"""S3 puts the name of the file that is sent in its place."""


def signed_form(keys: Keys, place: Place, area: Area, *, expires_s: int, now_s: float) -> Form:
    """The form for objects below the area. Raises Refused for a prefix that its policy could not hold literally."""
    if "$" in area.prefix:
        raise Refused(
            "No form can be signed for a prefix with a dollar sign. Nothing was lent.", "Name the keys in keys."
        )
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s))
    scope = [stamp[:8], place.region, "s3", "aws4_request"]
    signed = {"x-amz-algorithm": _ALGORITHM, "x-amz-credential": "/".join([keys.access_key, *scope])}
    signed |= {"x-amz-date": stamp} | ({"x-amz-security-token": keys.session_token} if keys.session_token else {})
    conditions: list[Any] = [{"bucket": place.bucket}, ["content-length-range", 0, LARGEST_PUT]]
    conditions.append({"key": area.prefix} if area.exact else ["starts-with", "$key", area.prefix])
    conditions += [{name: value} for name, value in signed.items()]
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s + expires_s))
    policy = base64.b64encode(json.dumps({"expiration": ends, "conditions": conditions}).encode()).decode()
    key = f"AWS4{keys.secret_key}".encode()
    for word in scope:
        key = hmac.digest(key, word.encode(), hashlib.sha256)
    signature = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
    name = area.prefix if area.exact else f"{area.prefix}{FILENAME}"
    return Form(place.url(), {"key": name, **signed, "policy": policy, "x-amz-signature": signature})
