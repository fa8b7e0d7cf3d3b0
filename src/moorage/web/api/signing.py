"""Signed expiring URLs: made by the JSON API and pages, checked by the byte routes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from moorage.deploying import seal, sealed_query
from moorage.edge.face import Face
from moorage.edge.times import iso
from moorage.lending import claim_of
from moorage.model.catalogue import Item, Kind
from moorage.model.errors import Invalid
from moorage.model.keys import Key, escape
from moorage.model.secrecy import Claim
from moorage.model.store import Store
from moorage.model.variant import Recipe
from moorage.web.api.bodies import UrlBody
from moorage.web.api.identifiers import FOLDER, IMAGE, signed
from moorage.web.api.render import Json, keys

EXPIRES: Final = "expires"
KEY_ID: Final = "kid"
SIGNATURE: Final = "signature"
DISPOSITIONS: Final = ("", "inline", "attachment")
_LONGEST_TIME: Final = 12
"""Digits; no time has more."""


def variant_text(route: str, recipe: Recipe | None) -> str:
    """What a signature binds of the variant: the route, and for previews and posters the whole recipe."""
    if recipe is None:
        return route
    extras = [f"{name}={value}" for name, value in recipe.extras.items()]
    return ":".join([route, f"{recipe.width}x{recipe.height}", recipe.fit.value, recipe.format.value, *extras])


class UrlMaker:
    """Makes signed URLs as one request asked for them. Raises Invalid for a life or a size that is none."""

    def __init__(self, uses: Face, body: UrlBody) -> None:
        need_life(uses, body.expires_in)
        self._uses = uses
        self._body = body
        self._recipe = (
            None
            if body.variant in ("content", IMAGE)
            else Recipe.asked(body.width, body.height, body.fit, body.format, page=body.page, window=body.window)
        )

    def suits(self, item: Item) -> bool:
        """Whether there is such a variant of the item."""
        return self._body.variant != IMAGE or item.kind is Kind.IMAGE

    def need(self, item: Item) -> None:
        """Raise Invalid where there is none."""
        if not self.suits(item):
            what = "a video" if item.kind is Kind.VIDEO else "no image"
            raise Invalid(
                f"{escape(item.name)!r} is {what}, and IIIF shows images. No URL was made.",
                "Ask for the variant content, or of a video poster.",
                field="variant",
            )

    def __call__(self, item: Item, path: str) -> Json:
        """A URL for one item, as ``{item, name, path, kind, url, expires}``; it begins to live now."""
        expires_s = int(time.time()) + self._body.expires_in
        url = self._image(item, expires_s) if self._body.variant == IMAGE else self._bytes(item, expires_s)
        shown: Json = {
            "item": str(item.id),
            "name": item.name,
            "path": path,
            "kind": item.kind.name.lower(),
            "url": f"{self._uses.public_url}{url}",
            "expires": iso(expires_s * 1000),
        }
        return keys(shown, "name", "path")

    def _image(self, item: Item, expires_s: int) -> str:
        """The image of a IIIF viewer, which asks for all else below the same identifier."""
        return f"/iiif/3/{signed(self._uses, item.id, IMAGE, expires_s)}/info.json"

    def _bytes(self, item: Item, expires_s: int) -> str:
        recipe, body = self._recipe, self._body
        claim = Claim(item.id, variant_text(body.variant, recipe), expires_s, disposition=body.disposition)
        key_id, signature = self._uses.signer.sign(claim)
        wanted: dict[str, str | int] = {}
        if recipe is not None:
            wanted |= {"width": recipe.width, "height": recipe.height, "fit": recipe.fit, "format": recipe.format}
            wanted |= recipe.extras
        if body.disposition:
            wanted["disposition"] = body.disposition
        proof = {EXPIRES: expires_s, KEY_ID: key_id, SIGNATURE: signature}
        path = f"/api/v1/items/{item.id}/{body.variant}"
        if recipe is not None and self._uses.settings.nginx_seals:
            return f"{path}?{self._sealed(path, expires_s, urlencode(proof), urlencode(wanted))}"
        return f"{path}?{urlencode(wanted | proof)}"

    def _sealed(self, path: str, expires_s: int, proof: str, wanted: str) -> str:
        """The query with a seal over what nginx reads of the URL, as it is written there."""
        mark = seal(self._uses.path_prefix + path, expires_s, wanted, self._uses.signer.seal_secret)
        return sealed_query(mark, proof, wanted)


def need_life(uses: Face, expires_in: int) -> None:
    """Raise Invalid for more seconds than a signed URL may live here."""
    longest = int(uses.settings.signed_url_life.total_seconds())
    if expires_in > longest:
        raise Invalid(
            f"A signed URL lives at most {longest} s here; {expires_in} s were asked for.",
            "Ask for less, or raise the setting MOORAGE_SIGNED_URL_LIFE.",
            field="expires_in",
        )


def manifest_url(uses: Face, folder: int, expires_in: int) -> Json:
    """The IIIF manifest of a folder for whoever has its URL, as ``{folder, url, expires}``. Raises Invalid."""
    need_life(uses, expires_in)
    expires_s = int(time.time()) + expires_in
    address = f"/iiif/presentation/3/folders/{signed(uses, folder, FOLDER, expires_s)}/manifest.json"
    return {"folder": str(folder), "url": f"{uses.public_url}{address}", "expires": iso(expires_s * 1000)}


def signature_holds(uses: Face, item: int, variant: str, query: Mapping[str, str], now_s: float) -> bool:
    """True when the query carries our signature for exactly this, and it has not expired."""
    expires, disposition = query.get(EXPIRES, ""), query.get("disposition", "")
    if len(expires) > _LONGEST_TIME or disposition not in DISPOSITIONS:
        return False
    claim = _claim(item, variant, expires, disposition)
    return claim is not None and uses.signer.verify(claim, query.get(KEY_ID, ""), query.get(SIGNATURE, ""), now_s)


@lru_cache(4096)
def _claim(item: int, variant: str, expires: str, disposition: str) -> Claim | None:
    """What a query claims; one URL is asked for by everyone who looks at a page."""
    expires_s = _seconds(expires)
    return None if expires_s is None else Claim(item, variant, expires_s, disposition=disposition)


def loan_holds(uses: Face, store: Store, key: Key, query: Mapping[str, str], now_s: float) -> bool:
    """True when the query carries our signature for this object of a store, and it has not expired."""
    expires_s = _seconds(query.get(EXPIRES, ""))
    if expires_s is None or query.get("disposition", "") not in DISPOSITIONS:
        return False
    claim = claim_of(store, key, expires_s, query.get("disposition", ""))
    return uses.signer.verify(claim, query.get(KEY_ID, ""), query.get(SIGNATURE, ""), now_s)


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIME else None
