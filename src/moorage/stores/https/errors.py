"""Answers of web servers that are no object, in the errors of the model."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from moorage.model.errors import (
    AddressRefused,
    MoorageError,
    ObjectNotFound,
    RangeUnsatisfiable,
    StoreDenied,
    StoreUnreachable,
)
from moorage.model.keys import Key, escape
from moorage.stores.https.place import Place
from moorage.stores.transport import Answer, retry_after_s

_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_CLOSED: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
    }
)
_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Names:
    """The store that errors name."""

    store: str

    def unreachable(self, key: Key, message: str, advice: str, cause: str) -> StoreUnreachable:
        """An answer that is none of an object's."""
        return StoreUnreachable(message, advice, store=self.store, key=key, cause=cause)

    def no_address(self, key: Key, reason: str) -> ObjectNotFound:
        """The error for a key that is no web address."""
        return ObjectNotFound(
            f"'{escape(key[:200])}' is not an address that can be read: {reason}. No request was made.",
            "Write https://host/path, as a browser shows it.",
            self.store,
            key=key,
        )

    def refused(self, key: Key, place: Place, answer: Answer) -> MoorageError:
        """The error for an answer that is no success."""
        status = answer.status
        if status in _GONE:
            return ObjectNotFound(
                f"There is nothing at {place.shown} ({status}).",
                "Open the address in a browser; it may have moved.",
                self.store,
                key=key,
            )
        if status in _CLOSED:
            return StoreDenied(
                f"{place.shown} is not open to everybody ({status}).",
                "Link to an address that needs no sign-in, or connect the bucket or server behind it as a store.",
                self.store,
                key=key,
                permission="read",
                code=f"Status{status}",
            )
        if status in _LATER:
            wait_s = retry_after_s(answer.headers.get("Retry-After"))
            told = self.unreachable(key, f"{place.host} asks for fewer requests.", "Try again later.", "slow down")
            told.retry_after_s = wait_s
            return told
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.unreachable(
                key, f"{place.host} has a fault of its own ({status}).", "Try again later.", "server fault"
            )
        return self.unreachable(
            key, f"{place.shown} answers with the status {status}.", "Open it in a browser.", f"status {status}"
        )

    def downgraded(self, key: Key, place: Place, *, setting: str, redirected: bool) -> AddressRefused:
        """The error for an address in plain http."""
        how = "redirects from https to plain http" if redirected else "is an address in plain http"
        mend = "Link to an https address." if redirected else f"Use https, or an admin adds {place.host} to {setting}."
        return AddressRefused(
            f"{place.shown} {how}, where anybody on the way can change the bytes. They were not read.",
            mend,
            self.store,
            key=key,
            code="PlainHttp",
            host=place.host,
            reach="plain http",
            setting=setting,
        )

    def lost(self, key: Key, place: Place, why: str) -> StoreUnreachable:
        """The error for redirects that lead nowhere."""
        return self.unreachable(
            key, f"{place.shown} {why}.", "Open it in a browser and link to where it ends.", "redirect"
        )

    def too_large(self, key: Key, size: int, most: int) -> StoreUnreachable:
        """The error for an object above the limit."""
        return self.unreachable(
            key,
            f"The object has {size:,} bytes; from web addresses at most {most:,} are read.",
            "Put it into a store of your own, or raise MOORAGE_LINK_SIZE.",
            "too long",
        )

    def no_length(self, key: Key, place: Place) -> StoreUnreachable:
        """The error for a body of unknown length."""
        return self.unreachable(
            key,
            f"{place.shown} does not tell how long it is.",
            "Only files can be linked, not what a server makes up as it answers. Put a copy into a store.",
            "no length",
        )

    def packed(self, key: Key, place: Place) -> StoreUnreachable:
        """The error for bytes that come compressed."""
        return self.unreachable(
            key,
            f"{place.host} sends the object compressed though it was asked not to.",
            "Ask who runs it to honour Accept-Encoding: identity, or put a copy into a store.",
            "compressed",
        )

    def page(self, key: Key, place: Place) -> StoreUnreachable:
        """The error for a web page where an image or video was linked."""
        return self.unreachable(
            key,
            f"{place.shown} is a web page, not the image or video that its name promises.",
            "Open it in a browser: it may ask to sign in. Link to the address of the picture itself.",
            "web page",
        )

    def other_bytes(self, key: Key, place: Place, what: str) -> StoreUnreachable:
        """The error for bytes that were not asked for."""
        return self.unreachable(
            key,
            f"{place.host} was asked for a part of the object and sent {what}.",
            "Put a copy into a store.",
            "range",
        )

    def ranges_ignored(self, key: Key, place: Place) -> StoreUnreachable:
        """The error for a server that sends all where a part far behind its beginning was asked for."""
        return self.unreachable(
            key,
            f"{place.host} cannot send parts of an object, and this part begins too far behind the beginning.",
            "Video cannot be played from such a server. Put a copy into a store.",
            "range_ignored",
        )

    def no_byte(self, key: Key, size: int) -> RangeUnsatisfiable:
        """The error for a range that lies behind the end."""
        return RangeUnsatisfiable(
            f"No byte of '{escape(key[:200])}' lies in that range; it has {size} bytes.",
            "",
            self.store,
            key=key,
            size=size,
        )

    def too_slow(self, key: Key, place: Place, time_s: float) -> StoreUnreachable:
        """The error for a server that is waited for no longer."""
        return self.unreachable(
            key,
            f"{place.host} did not answer in full within {time_s:.0f} s.",
            "Try again later, put a copy into a store, or raise MOORAGE_LINK_TIME.",
            "timeout",
        )
