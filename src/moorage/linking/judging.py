"""Judging lines: what each would become, by what is registered; no request is made to any store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from moorage.linking.naming import folders_named, folders_of, need_name
from moorage.linking.records import Record
from moorage.linking.urls import admitting, is_url, sound_url
from moorage.model.address import address_in, shown, without_secrets
from moorage.model.catalogue import Measured
from moorage.model.errors import Conflict, Invalid, MoorageError, NotFound
from moorage.model.keys import Key, escape, key_bytes
from moorage.model.links import GOOD, Directories, LineVerdict, Verdict
from moorage.model.objects import ObjectInfo
from moorage.model.store import Provider, Store
from moorage.reading.bases import is_for_the_web
from moorage.reading.resolve import Opens, Resolver, Web
from moorage.uploading.names import name_of, path_of

_COUNTED: Final = 3
"""Digits at the end of a name, before its ending, in which neighbours differ."""
_NEAR_BITS: Final = 18
"""Bits of a mark that neighbours share; the 45 others tell them apart."""


def _number(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest())


@dataclass(slots=True)
class Judged:
    """A line on its way; each step narrows it. ``address`` is the canonical one once the store is known."""

    line: int
    verdict: Verdict
    address: str
    reason: str = ""
    advice: str = ""
    store: Store | None = None
    opens: Opens | None = None
    key: Key = Key("")
    name: Key = Key("")
    folders: tuple[bytes, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    info: ObjectInfo | None = None
    measured: Measured = Measured()

    @property
    def good(self) -> bool:
        """True where it may become a link."""
        return self.verdict in GOOD

    @property
    def web(self) -> bool:
        """True for an object of a web server."""
        return self.store is not None and self.store.connection.provider is Provider.HTTPS

    @property
    def path(self) -> bytes:
        """The key as folders and a name."""
        return path_of(self.key, web=self.store is not None and is_for_the_web(self.store))

    @property
    def mark(self) -> int:
        """A number that stands for the object, below 2^63.

        Numbers of neighbours lie close together: an index of a million that lie anywhere is written page by page.
        """
        place = f"o{self.opens.connection.id}/{self.opens.bucket}" if self.store is None and self.opens else ""
        text = f"{place or (self.store.id if self.store else '')}\0".encode() + key_bytes(self.key)
        near = text[: max(0, text.rfind(b".")) or None][:-_COUNTED]
        return _number(near) >> (64 - _NEAR_BITS) << (63 - _NEAR_BITS) | _number(text) >> (1 + _NEAR_BITS)

    def turn(self, verdict: Verdict, reason: str, advice: str = "") -> None:
        """It becomes something else, for a reason."""
        self.verdict, self.reason, self.advice = verdict, reason, advice

    def fail(self, verdict: Verdict, error: MoorageError) -> None:
        """The same by an error, whose message may quote the address, which stands beside it anyway."""
        quoted = f"'{shown(self.address)}' "
        told = error.message
        self.turn(verdict, f"It {told.removeprefix(quoted)}" if told.startswith(quoted) else told, error.advice)

    def written(self, *, marked: bool) -> LineVerdict:
        """As it is written down."""
        mark = self.mark if marked and self.good else None
        return LineVerdict(self.line, self.verdict, self.address, self.reason, mark)


class Judge:
    """Judges lines one by one.

    ``unstorable``: why a store cannot hold a key; ``web``: the store of web servers; ``plain_http``: the hosts that
    may be linked without TLS.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        unstorable: Callable[[Store, Key], str | None],
        web: Store | None,
        directories: Directories,
        plain_http: Callable[[str], bool],
    ) -> None:
        self._resolver = resolver
        self._unstorable = unstorable
        self._web = web
        self._directories = directories
        self._plain_http = plain_http

    def judge(self, record: Record) -> Judged:
        """What becomes of a line. Never raises."""
        judged = Judged(record.line, Verdict.RESOLVABLE, without_secrets(record.address), metadata=record.metadata)
        try:
            if record.fault:
                judged.turn(Verdict.REFUSED, record.fault, "Correct the line.")
                return judged
            self._place(judged, record.address)
            self._name(judged, record)
        except NotFound as error:
            judged.fail(Verdict.UNKNOWN, error)
        except (Invalid, Conflict) as error:
            judged.fail(Verdict.REFUSED, error)
        return judged

    def _place(self, judged: Judged, address: str) -> None:
        secret = admitting(address) if is_url(address) else ""
        if secret:
            raise Invalid(
                f"The address holds {escape(secret)}, which admits whoever reads it, and links are kept as text.",
                "Leave out everything from '?' on; where the object is not public, register its bucket as a store.",
            )
        found = self._resolver.find(address)
        if isinstance(found, Web):
            if self._web is None:
                raise NotFound(
                    "It lies in no registered store, and addresses of other web servers cannot be linked here.",
                    "An admin registers its bucket as a store.",
                )
            judged.store, judged.key = self._web, Key(sound_url(address, self._plain_http))
        elif isinstance(found, Opens):
            judged.opens, judged.key = found, found.key
            judged.turn(Verdict.WOULD_MAKE, f"Would make a store of the bucket {found.bucket}{_through(found)}.")
        else:
            judged.store, judged.key = found.store, found.key
            if found.offered:
                judged.turn(Verdict.OFFERED, f"The URL leads into the store {found.store.name}, and is linked there.")
        if not judged.key:
            raise Invalid("The address names a bucket and no object in it.", "Write the object's key behind it.")
        self.settle(judged)

    def settle(self, judged: Judged) -> None:
        """Write the canonical address down once the store is known. Raises Invalid for a key that it cannot hold."""
        if judged.store is None:
            return
        canonical = address_in(judged.store, judged.key)
        why = self._unstorable(judged.store, judged.key)
        if why is not None:
            raise Invalid(f"No object has such a key in the store {judged.store.name}. {why}", "Correct the key.")
        judged.address = canonical
        if judged.key.endswith((" ", "\t")) and not judged.reason:
            judged.reason = "The key ends with a blank, which counts."

    def _name(self, judged: Judged, record: Record) -> None:
        judged.name = need_name(record.name) if record.name else name_of(judged.path)
        judged.folders = folders_named(record.folder)
        if self._directories is Directories.FULL:
            judged.folders += folders_of(judged.path)


def _through(found: Opens) -> str:
    name = found.connection.name or found.connection.origin
    return f" through {name}" if name else ""
