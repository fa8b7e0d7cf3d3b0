"""Signed URLs (version 4, RSA): an object's address that reads it without further credentials.

Source: Cloud Storage documentation, V4 signing process and canonical requests.
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import Final

from moorage.stores.google.account import Account
from moorage.stores.google.place import Place, Query, quote_whole

_ALGORITHM: Final = "GOOG4-RSA-SHA256"
_PORT: Final = re.compile(r":\d+$")


def presign(
    account: Account, place: Place, key: str, query: Query, *, expires_s: int, now_s: float, method: str = "GET"
) -> str:
    """The URL that admits one method for that many seconds from ``now_s``."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s))
    scope = f"{stamp[:8]}/auto/storage/goog4_request"
    words = [
        *query,
        ("X-Goog-Algorithm", _ALGORITHM),
        ("X-Goog-Credential", f"{account.email}/{scope}"),
        ("X-Goog-Date", stamp),
        ("X-Goog-Expires", str(expires_s)),
        ("X-Goog-SignedHeaders", "host"),
    ]
    url = place.public(key, sorted(words, key=lambda word: quote_whole(word[0])))
    path, _, asked = url.removeprefix(f"{place.scheme}://{place.host}").partition("?")
    host = _PORT.sub("", place.host)  # Google signs the name alone, whatever the port
    canonical = f"{method}\n{path}\n{asked}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = account.sign(f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}".encode())
    return f"{url}&X-Goog-Signature={signature.hex()}"
