"""What somebody asks to borrow, checked: action, area, keys, life."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

from moorage.model.access import Principal
from moorage.model.errors import Invalid, ReadOnly
from moorage.model.keys import Key, escape
from moorage.model.lending import Action, Area, Ask, Method
from moorage.model.store import ObjectStore, Store

MOST_URLS: Final = 1000
"""URLs in one answer."""
MOST_PARTS: Final = 10_000
"""Parts of one object, at every provider that has parts."""
_LONGEST_NAME: Final = 64
_NOT_NAME: Final = re.compile(r"[^A-Za-z0-9_+=,.@-]")


@dataclass(frozen=True, slots=True)
class Wish:
    """A loan as it is asked for. ``prefix`` empty: all of the store's own prefix; no ``method``: the best there is."""

    action: Action
    prefix: Key = Key("")
    life_s: int = 3600
    keys: tuple[Key, ...] = ()
    parts: int = 0
    method: Method | None = None
    list_uploads: bool = False


def checked(principal: Principal, store: Store, wish: Wish, *, longest_s: int) -> Ask:
    """What a lender is asked for. Raises Invalid, naming the field, and ReadOnly; then nothing was lent."""
    if wish.action is Action.WRITE and store.read_only:
        raise ReadOnly(
            f"The store {store.name} is registered read-only. Nothing was lent.",
            "Borrow to read, or have the store registered as writable.",
            store=store.name,
            bucket=store.bucket,
        )
    if wish.life_s > longest_s:
        raise Invalid(
            f"A loan lives at most {longest_s} s here; {wish.life_s} s were asked for. Nothing was lent.",
            "Ask for less, or raise the setting MOORAGE_LOAN_LIFE.",
            field="expires_in",
        )
    area = _area(store, wish.prefix)
    return Ask(
        area=area,
        action=wish.action,
        life_s=wish.life_s,
        method=wish.method,
        keys=_keys(area, wish),
        parts=_parts(wish),
        list_uploads=_list_uploads(wish),
        name=_name(principal),
    )


def need_storable(opened: ObjectStore, ask: Ask) -> None:
    """Raises Invalid for a prefix or key that the provider could not hold anyway."""
    below = ask.area.prefix if ask.area.exact else Key(f"{ask.area.prefix}x")
    for field, key in (("prefix", below), *(("keys", key) for key in ask.keys)):
        reason = opened.unstorable(key)
        if reason is not None:
            raise Invalid(f"{reason} Nothing was lent.", "Name another.", field=field)


def _area(store: Store, prefix: Key) -> Area:
    wanted = prefix or Key(store.prefix)
    if not wanted:
        raise Invalid(
            "A whole bucket is not lent. Nothing was lent.",
            "Name a folder, such as incoming/, or one key.",
            field="prefix",
        )
    if not wanted.startswith(store.prefix):
        raise Invalid(
            f"{escape(wanted)!r} does not lie below {escape(store.prefix)!r}, which is all that the store {store.name} "
            "holds. Nothing was lent.",
            "Write the whole prefix, from the beginning of the bucket on.",
            field="prefix",
        )
    return Area(wanted)


def _keys(area: Area, wish: Wish) -> tuple[Key, ...]:
    outside = next((key for key in wish.keys if not area.holds(key)), None)
    if outside is not None:
        raise Invalid(
            f"The key {escape(outside)!r} is outside of {escape(area.prefix)!r}, for which the loan is. "
            "Nothing was lent.",
            "Write whole keys, and a prefix that all of them begin with.",
            field="keys",
        )
    if len(set(wish.keys)) < len(wish.keys):
        raise Invalid("A key was named twice. Nothing was lent.", "Name each once.", field="keys")
    keys = wish.keys or ((area.prefix,) if area.exact else ())
    urls = len(keys) * max(1, wish.parts)
    if urls > MOST_URLS and len(keys) > 1:
        raise Invalid(
            f"These are {urls:,} URLs. Nothing was lent.",
            f"Ask for at most {MOST_URLS:,} at once: several loans, or fewer and larger parts.",
            field="parts" if wish.parts > 1 else "keys",
        )
    return keys


def _parts(wish: Wish) -> int:
    if wish.parts and wish.action is not Action.WRITE:
        raise Invalid("Only what is written has parts. Nothing was lent.", "Leave parts out.", field="parts")
    return wish.parts


def _list_uploads(wish: Wish) -> bool:
    if wish.list_uploads and wish.action is not Action.WRITE:
        raise Invalid("Uploads are listed by who writes. Nothing was lent.", "Leave it out.", field="list_uploads")
    return wish.list_uploads


def _name(principal: Principal) -> str:
    """``moorage-<user>-<loan>``; what providers do not admit becomes a hyphen, and a long user is cut."""
    loan = secrets.token_hex(4)
    user = _NOT_NAME.sub("-", principal.email or str(principal.user))
    return f"moorage-{user[: _LONGEST_NAME - len(f'moorage--{loan}')]}-{loan}"
