"""Tokens that are cut down to a prefix: an access token is exchanged for one with a credential access boundary.

Source: Google IAM documentation, downscoped credentials; RFC 8693 (token exchange).
"""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from moorage.model.errors import Refused, StoreDenied, StoreUnreachable
from moorage.model.lending import Action, Area
from moorage.stores.google.account import Account
from moorage.stores.google.place import PUBLIC
from moorage.stores.google.tokens import Token
from moorage.stores.transport import BytesBody, Purpose, Request, Transport

_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a kind
_ROLES: Final = {
    Action.READ: "inRole:roles/storage.objectViewer", Action.WRITE: "inRole:roles/storage.objectCreator",
}  # fmt: skip
_SMALL: Final = 64 * 1024


def exchange_url(account: Account | None) -> str:
    """Where tokens are exchanged: beside the address that gives them. Refused outside Google's own universe."""
    if account is None:
        return f"https://sts.{PUBLIC}/v1/token"
    if account.universe != PUBLIC:
        raise Refused(
            f"Tokens are not cut down in the universe {account.universe}. Nothing was lent.",
            "Name keys: addresses are signed for them.",
        )
    uri = urlsplit(account.token_uri)
    host = uri.hostname or ""
    if host == PUBLIC or host.endswith(f".{PUBLIC}"):
        return f"https://sts.{PUBLIC}/v1/token"
    return f"{uri.scheme}://{uri.netloc}/v1/token"


def boundary(bucket: str, area: Area, action: Action) -> str:
    """The access boundary as JSON: one role on one bucket, on the condition that the name lies in the area."""
    name = _literal(f"projects/_/buckets/{bucket}/objects/{area.prefix}")
    expression = f"resource.name == {name}" if area.exact else f"resource.name.startsWith({name})"
    if action is Action.READ and not area.exact:
        listed = "api.getAttribute('storage.googleapis.com/objectListPrefix', '')"
        expression += f" || {listed}.startsWith({_literal(area.prefix)})"
    rule = {
        "availableResource": f"//storage.googleapis.com/projects/_/buckets/{bucket}",
        "availablePermissions": [_ROLES[action]],
        "availabilityCondition": {"title": "moorage", "expression": expression},
    }
    text = json.dumps({"accessBoundary": {"accessBoundaryRules": [rule]}}, separators=(",", ":"))
    # So that it is the same however often it is percent-decoded: the documents and the libraries differ in that.
    return text.replace("%", "\\u0025").replace("+", "\\u002b")


async def exchanged(transport: Transport, url: str, source: Token, options: str) -> Token:
    """The token that is left of ``source``. Raises StoreDenied or StoreUnreachable."""
    form = {
        "grant_type": _EXCHANGE, "requested_token_type": _ACCESS_TOKEN, "subject_token_type": _ACCESS_TOKEN,
        "subject_token": source.value, "options": options,
    }  # fmt: skip
    body = BytesBody(urlencode(form, quote_via=quote).encode())
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "moorage"}
    answer = await transport.send(
        lambda: Request("token", "POST", url, dict(headers), body), purpose=Purpose.ADMIN, collect_bytes=_SMALL
    )
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    token, host = said.get("access_token"), urlsplit(url).netloc
    if answer.ok and isinstance(token, str) and token:
        life = said.get("expires_in")  # left out where it is that of the source
        return Token(token, min(source.life_s, life) if isinstance(life, int) else source.life_s)
    code = str(said.get("error", ""))[:60]
    if answer.status in {400, 401, 403} and code:
        words = str(said.get("error_description", ""))[:200]
        raise StoreDenied(
            f"{host} does not cut the token down ({code}: {words}). Nothing was lent.",
            "The bucket needs uniform bucket-level access, and the account the role on it that is lent.",
            code=code,
        )
    raise StoreUnreachable(
        f"{host} does not answer as a token service: status {answer.status}. Nothing was lent.",
        "Try again; check any proxy between.",
        cause="not google",
    )


def _literal(text: str) -> str:
    """A string of the condition's language (CEL)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
