"""How requests are let in: signed by the account's key, with a SAS, with a token, or not at all."""

from __future__ import annotations

import base64
import re
from typing import Final, Protocol

from moorage.model.account import Account
from moorage.model.errors import StoreDenied
from moorage.model.sas import expiry_ms, sas_fields, time_ms
from moorage.stores.azure.signing import DelegationKey, SharedKey
from moorage.stores.azure.tokens import Tokens
from moorage.stores.transport import Counters, Guard, Limits

_FIELD: Final = re.compile(r"<(\w+)>([^<]*)</")


class Access(Protocol):
    """One way of being let in."""

    async def ready(self, now_s: float) -> None:
        """Have at hand what ``applied`` needs. Raises StoreDenied where no request is worth sending."""

    def applied(
        self, method: str, url: str, headers: dict[str, str], length: int, now_s: float
    ) -> tuple[str, dict[str, str]]:
        """URL and headers as they are sent."""

    def renew(self) -> bool:
        """The store refused what was sent: True where the next try may be let in."""

    async def aclose(self) -> None: ...


class _Lasting:
    """What needs no preparation and does not change."""

    async def ready(self, now_s: float) -> None:
        del now_s

    def renew(self) -> bool:
        return False

    async def aclose(self) -> None:
        return


class Nobody(_Lasting):
    """No credentials: containers that are open to the public."""

    def applied(
        self, method: str, url: str, headers: dict[str, str], length: int, now_s: float
    ) -> tuple[str, dict[str, str]]:
        del method, length, now_s
        return url, headers


class ByKey(_Lasting):
    """The account's own key."""

    def __init__(self, signer: SharedKey) -> None:
        self.signer = signer

    def applied(
        self, method: str, url: str, headers: dict[str, str], length: int, now_s: float
    ) -> tuple[str, dict[str, str]]:
        return url, self.signer.sign(method, url, headers, length, now_s)


class BySas(_Lasting):
    """A signature that somebody else made; ``query`` goes to every URL."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.fields = sas_fields(query)
        self._from_ms = time_ms(self.fields.get("st", ""))
        self._to_ms = expiry_ms(query)

    async def ready(self, now_s: float) -> None:
        if self._to_ms is not None and now_s * 1000 > self._to_ms:
            raise StoreDenied(
                f"The SAS token has expired: it ended at {self.fields['se']}. Nothing was asked.",
                "Make a new token and replace the credentials of this store.",
                code="SasExpired",
            )
        if self._from_ms is not None and now_s * 1000 < self._from_ms:
            raise StoreDenied(
                f"The SAS token is not valid yet: it begins at {self.fields['st']}. Nothing was asked.",
                "Wait until then, or check the clock of this machine.",
                code="SasNotYet",
            )

    def applied(
        self, method: str, url: str, headers: dict[str, str], length: int, now_s: float
    ) -> tuple[str, dict[str, str]]:
        del method, length, now_s
        return with_query(url, self.query), headers


class ByToken:
    """Tokens of a service principal."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.token = ""
        self.delegated: DelegationKey | None = None
        """Kept between two presigned URLs, while it lasts."""

    async def ready(self, now_s: float) -> None:
        del now_s
        self.token = await self.tokens.current()

    def applied(
        self, method: str, url: str, headers: dict[str, str], length: int, now_s: float
    ) -> tuple[str, dict[str, str]]:
        del method, length, now_s
        return url, headers | {"Authorization": f"Bearer {self.token}"}

    def renew(self) -> bool:
        self.tokens.drop(self.token)
        return True

    async def aclose(self) -> None:
        await self.tokens.aclose()


def access_of(account: Account, limits: Limits, counters: Counters, guard: Guard | None = None) -> Access:
    """The way in that the account's credentials give."""
    if account.key:
        return ByKey(SharedKey(account.name, account.key))
    if account.sas:
        return BySas(account.sas)
    if account.principal:
        return ByToken(Tokens(account.principal, account.endpoint, limits=limits, counters=counters, guard=guard))
    return Nobody()


def delegation_key(document: bytes) -> DelegationKey | None:
    """The key in the answer to Get User Delegation Key; None where there is none."""
    told = dict(_FIELD.findall(document.decode("utf-8", "replace")))
    try:
        return DelegationKey(
            told["SignedOid"], told["SignedTid"], told["SignedStart"], told["SignedExpiry"],
            told["SignedService"], told["SignedVersion"], base64.b64decode(told["Value"], validate=True),
        )  # fmt: skip
    except (KeyError, ValueError):
        return None


def with_query(url: str, query: str) -> str:
    """The URL with more words in its query."""
    return f"{url}{'&' if '?' in url else '?'}{query}"
