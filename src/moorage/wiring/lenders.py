"""Who lends what lies in a store: by the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from moorage.lending import OwnLender
from moorage.model.clock import now_ms
from moorage.model.errors import Refused
from moorage.model.lending import Lender
from moorage.model.secrecy import UrlSigner
from moorage.model.store import ObjectStore, Store
from moorage.prescribing import session_policy
from moorage.stores.aws import Machine
from moorage.stores.azure import AzureStore
from moorage.stores.disk import DiskStore
from moorage.stores.google import GoogleStore
from moorage.stores.lending import AzureLender, GoogleLender, S3Lender
from moorage.stores.s3 import Purpose, S3Store


@dataclass(frozen=True, slots=True)
class Lenders:
    """Finds the lender of a store, on connections that no reader waits for."""

    adapter: Callable[[Store], ObjectStore]
    machine: Machine
    signer: UrlSigner
    public_url: str

    def __call__(self, store: Store) -> Lender:
        """The lender. Raises Refused for a kind of store that lends nothing."""
        match self.adapter(store):
            case S3Store() as opened:
                client = opened.serving(Purpose.ADMIN).client
                return S3Lender(store, client, policy=session_policy, machine=self.machine)
            case AzureStore() as opened:
                return AzureLender(store, opened.serving(Purpose.ADMIN).client)
            case GoogleStore() as opened:
                return GoogleLender(store, opened.serving(Purpose.ADMIN))
            case DiskStore():
                return OwnLender(store, self.signer, self.public_url, now_ms=now_ms)
            case _:
                raise Refused(
                    f"The store {store.name} ({store.connection.provider}) lends nothing. Nothing was lent.",
                    "Read its objects where they lie, or through this server.",
                )
