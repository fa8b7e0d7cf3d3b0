"""The store of a bucket that a link leads to: admitted -> the one there is, or a new one with a free name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Final

from moorage.model.access import Principal, Role
from moorage.model.admitted import folders_of
from moorage.model.errors import AlreadyExists, Forbidden, NotFound, Refused
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import Transaction

_LONGEST: Final = 63
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")


def need_opening(principal: Principal, connection: Connection) -> None:
    """Raise unless the principal may open buckets of the connection: an editor of a project in its scope."""
    if principal.everywhere is Role.ADMIN:
        return
    scope = connection.scope
    if scope.users and principal.user not in scope.users:
        raise Refused(f"{_called(connection)} is not open to you.", "Ask an admin to add you to its scope.")
    projects = scope.projects or tuple(principal.roles)
    if not any((principal.role_on(one) or 0) >= Role.EDITOR for one in projects) and (
        scope.projects or (principal.everywhere or 0) < Role.EDITOR
    ):
        raise Forbidden(
            f"{_called(connection)} opens buckets for editors only. Nothing was made.",
            "Ask an admin.",
            role_needed=Role.EDITOR.word,
        )


def wanted_store(connection: Connection, bucket: str, key: str) -> Store:
    """The store, still without a name, for what lies at ``key``. Refused where the connection does not admit that."""
    folders = folders_of(connection, bucket)
    if folders is None:
        words = connection.open_buckets
        open_ = ", ".join(words) if words else "none"
        raise Refused(
            f"{_called(connection)} does not open the bucket {bucket} to links; it opens {open_}. Nothing was made.",
            f"Add the bucket to buckets in {connection.origin.partition(':')[0]}."
            if connection.origin
            else "Ask an admin to open it, or to register it as a store.",
        )
    found = [folder for folder in folders if key.startswith(folder)]
    if not found and (key or len(folders) > 1):
        raise Refused(
            f"{_called(connection)} opens only {', '.join(folders)} in the bucket {bucket}. Nothing was made.",
            "Link to objects below these folders.",
        )
    prefix = max(found, key=len) if found else folders[0]
    disk = connection.provider is Provider.DISK
    return Store("", connection, bucket=Bucket("" if disk else bucket), prefix=prefix, scope=connection.scope)


def store_there(tx: Transaction, wanted: Store) -> Store | None:
    """The store of that bucket and prefix of that connection, or of one that holds the prefix."""
    there = [
        one
        for one in tx.stores.all()
        if one.connection.id == wanted.connection.id
        and one.bucket == wanted.bucket
        and wanted.prefix.startswith(one.prefix)
    ]
    return max(there, key=lambda one: len(one.prefix), default=None)


def free_name(tx: Transaction, wanted: Store) -> str:
    """A name that no store has: the bucket's, else with the connection's before it. A disk has its own name only."""
    for name in _names(wanted):
        try:
            tx.stores.named(name)
        except NotFound:
            return name
        if wanted.connection.provider is Provider.DISK:
            raise AlreadyExists(
                f"There is another store {name}, so fs://{name}/ cannot mean this one. Nothing was made.",
                "Give the entry another name.",
                store=name,
            )
    raise AssertionError("the names never end")


def provisional_name(wanted: Store) -> str:
    """A name for messages before there is a store."""
    return next(_names(wanted))


def _names(wanted: Store) -> Iterator[str]:
    connection = wanted.connection
    if connection.provider is Provider.DISK:
        yield connection.name
        return
    base = "-".join(filter(None, (wanted.bucket, *wanted.prefix.split("/"))))
    yield _fit(base)
    longer = f"{connection.name}-{base}" if connection.name else base
    yield _fit(longer)
    for number in count(2):
        yield _fit(longer, f"-{number}")


def _fit(text: str, end: str = "") -> str:
    """The text as a store's name."""
    words = _UNFIT.sub("-", text).strip("-._") or "bucket"
    return words[: _LONGEST - len(end)] + end


def _called(connection: Connection) -> str:
    return f"The connection {connection.name or connection.id}"
