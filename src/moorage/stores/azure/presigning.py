"""URLs that read one object without further credentials. Source: Create a service SAS; Get User Delegation Key."""

from __future__ import annotations

from typing import Final

from moorage.model.errors import Refused
from moorage.model.keys import Key
from moorage.model.sas import time_ms
from moorage.stores.azure.access import ByKey, BySas, ByToken, delegation_key, with_query
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.dates import iso_time
from moorage.stores.azure.errors import not_azure
from moorage.stores.azure.signing import DelegationKey, delegated_sas
from moorage.stores.transport import BytesBody
from moorage.stores.transport.store import LONGEST_LIFE_S

_LETTERS: Final = {
    "r": "reading", "l": "listing", "c": "creating", "a": "appending", "w": "overwriting", "d": "deleting",
    "x": "deleting versions", "t": "tagging", "m": "moving", "p": "changing permissions",
}  # fmt: skip


async def presigned(
    client: Client, key: Key, *, expires_s: int, disposition: str = "", letters: str = "r", depth: int = 0
) -> str:
    """The URL, for what the letters allow; with a ``depth`` that of a directory.

    Raises Refused for stores whose credentials sign nothing.
    """
    access, place = client.access, client.place
    now_s = client.transport.clock.now()
    url = place.url(key)
    match access:
        case ByKey():
            signed = access.signer.sas(
                place, key, expires_s=expires_s, now_s=now_s, disposition=disposition, letters=letters, depth=depth
            )
            return with_query(url, signed)
        case ByToken():
            lent = await _delegated(client, access, expires_s, now_s)
            sas = delegated_sas(
                lent,
                place,
                key,
                expires_s=expires_s,
                now_s=now_s,
                disposition=disposition,
                letters=letters,
                depth=depth,
            )
            return with_query(url, sas)
        case BySas():
            raise Refused(_given_away(access), "Serve through Moorage, or give the store an account key.")
        case _:
            if disposition or letters != "r":
                raise Refused("A store without credentials signs nothing.", "Give the store credentials.")
            return url


async def _delegated(client: Client, access: ByToken, expires_s: int, now_s: float) -> DelegationKey:
    lent = access.delegated
    if lent and (time_ms(lent.expiry) or 0) >= (now_s + expires_s) * 1000:
        return lent
    # No delegated key lives longer.
    start, expiry = iso_time(now_s), iso_time(now_s + LONGEST_LIFE_S)
    body = f"<KeyInfo><Start>{start}</Start><Expiry>{expiry}</Expiry></KeyInfo>".encode()
    query = (("restype", "service"), ("comp", "userdelegationkey"))
    answer = await client.call(Call("delegate", "POST", None, query, body=BytesBody(body), service=True))
    made = delegation_key(answer.content)
    if not made:
        raise not_azure(client.names, "no delegated key where one was asked for")
    access.delegated = made
    return made


def _given_away(access: BySas) -> str:
    letters = access.fields.get("sp", "")
    if "r" not in letters:
        return "The SAS token of this store does not allow reading, and signs nothing else."
    allowed = ", ".join(word for letter, word in _LETTERS.items() if letter in letters)
    until = f" until {access.fields['se']}" if access.fields.get("se") else ""
    return f"A SAS token signs nothing else: the URL would give the token itself away, which allows {allowed}{until}."
