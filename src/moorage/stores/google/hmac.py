"""HMAC keys of Google: the S3 dialect at Google's own server, with what differs there."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from moorage.model.credentials import Hmac, Keys
from moorage.model.errors import Invalid
from moorage.model.keys import Key
from moorage.model.store import Provider, Store
from moorage.stores.google.place import unstorable
from moorage.stores.s3 import Counters, HmacAdministration, Limits, Purpose, S3Store
from moorage.stores.transport import Guard

_ENDPOINT: Final = "https://storage.googleapis.com"
_REGION: Final = "auto"


class HmacStore(S3Store):
    """One bucket of Google Cloud Storage by an interoperability key. Implements ``ObjectStore``.

    Its ETags are Google's of the XML dialect, not generations as those of ``GoogleStore``: the S3 dialect does
    not tell generations in listings. Google holds no conditions of that dialect on writes, so ``condition`` is
    checked by a look just before.
    Source: Cloud Storage documentation, interoperability and request preconditions.
    """

    provider = Provider.GOOGLE

    def __init__(
        self,
        store: Store,
        *,
        limits: Limits | None = None,
        counters: Counters | None = None,
        purpose: Purpose = Purpose.READING,
        guard: Guard | None = None,
    ) -> None:
        """Raises Invalid for an endpoint that is no address, a CA that is no PEM text, and other credentials."""
        connection = store.connection
        if not isinstance(connection.credentials, Hmac):
            raise Invalid("These are no HMAC keys.", "Give access id and secret.", field="credentials")
        keys = Keys(connection.credentials.access_key, connection.credentials.secret_key)
        spoken = replace(
            connection,
            endpoint=connection.endpoint or _ENDPOINT,
            region=connection.region or _REGION,
            path_style=True,
            credentials=keys,
        )
        super().__init__(
            replace(store, connection=spoken),
            limits=limits,
            counters=counters,
            purpose=purpose,
            google=True,
            guard=guard,
        )

    @property
    def administration(self) -> HmacAdministration:
        """Questions about the bucket itself, as far as this dialect has them."""
        return HmacAdministration(self._client, read_only=self.read_only)

    def unstorable(self, key: Key) -> str | None:
        """The reason why Google cannot hold ``key``; None: it can."""
        return unstorable(key)
