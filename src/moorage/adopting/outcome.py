"""What somebody wants to adopt, and what became of each object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from moorage.model import errors
from moorage.model.catalogue import FolderId, ItemId, ProjectId
from moorage.model.errors import MoorageError
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Store

MOST: Final = 1000
"""Objects in one call."""

NO_OBJECT: Final = "adoptable_file_not_found"
NO_STORE: Final = "store_not_found"
DENIED: Final = "access_denied"
INVALID: Final = "address_invalid"
AMBIGUOUS: Final = "address_ambiguous"
UNREACHABLE: Final = "store_unreachable"
TAKEN: Final = "name_taken"
_CODES: Final[tuple[tuple[type[MoorageError], str], ...]] = (
    (errors.ObjectNotFound, NO_OBJECT),
    (errors.NotFound, NO_STORE),
    (errors.Refused, DENIED),
    (errors.Invalid, INVALID),
    (errors.Unstorable, INVALID),
    (errors.AlreadyExists, TAKEN),
    (errors.Conflict, AMBIGUOUS),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Objects to adopt into a folder of a project, which is its root unless said otherwise.

    Either ``urls``, or what lies in ``store`` below ``prefix`` and matches ``glob`` (relative to the prefix; empty:
    all).
    """

    project: ProjectId
    urls: tuple[str, ...] = ()
    store: str = ""
    prefix: str = ""
    glob: str = ""
    folder: FolderId | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an object was not adopted: a code that stays the same, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Found:
    """An object that is there."""

    url: str
    store: Store
    key: Key
    info: ObjectInfo


@dataclass(slots=True)
class Outcome:
    """What became of each address, in the order in which they came."""

    created: dict[str, ItemId] = field(default_factory=dict)
    existing: dict[str, ItemId] = field(default_factory=dict)
    errors: dict[str, Fault] = field(default_factory=dict)

    def fail(self, url: str, error: MoorageError) -> None:
        """Note why an address was not adopted."""
        code = next((code for kind, code in _CODES if isinstance(error, kind)), UNREACHABLE)
        self.errors[url] = Fault(code, str(error))
