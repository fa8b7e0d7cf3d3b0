"""Whose a store is: admins own all, managers those of their own project, which are guarded."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from moorage.model.access import Principal, Role, UserId
from moorage.model.catalogue import ProjectId
from moorage.model.credentials import Process
from moorage.model.credentials import Role as MachineRole
from moorage.model.errors import Forbidden, Invalid, MoorageError, NotFound
from moorage.model.store import Connection, Provider, Scope, Store
from moorage.model.transaction import Transaction

RESERVED: Final = frozenset({"primary", "https"})
"""Names of the stores that the server makes itself."""


def owned(principal: Principal, store: Store) -> Store:
    """The store as this principal may register it: an admin any, a manager one of the own project, guarded.

    Raises Forbidden, NotFound for a project that the principal does not see, and Invalid.
    """
    if principal.everywhere is Role.ADMIN:
        return store
    _need_own_projects(principal, store)
    if store.connection.provider is Provider.HTTPS and not store.connection.endpoint:
        raise Forbidden(
            "Only an admin adds the store for all web addresses. Nothing was registered.",
            "Give an endpoint, or link to https:// addresses without a store.",
            role_needed=Role.ADMIN.word,
        )
    if store.name in RESERVED:
        raise Invalid(
            f"A store named {store.name} is the server's own. Nothing was registered.", "Choose another.", field="name"
        )
    return guarded(store)


def need_known(tx: Transaction, scope: Scope) -> None:
    """Raise NotFound where a project or a person of the scope is not there."""
    for project in scope.projects:
        tx.projects.get(ProjectId(project))
    for user in scope.users:
        tx.people.get(UserId(user))


def guarded(store: Store) -> Store:
    """The same store, which leads to public addresses only. Raises Forbidden where that cannot be."""
    need_guardable(store.connection)
    return replace(store, connection=replace(store.connection, guarded=True))


def need_owner(principal: Principal, store: Store) -> None:
    """Raise unless the principal may change and remove the store.

    A manager may where it is guarded and all projects that it is open to are the own ones.
    """
    if principal.everywhere is Role.ADMIN:
        return
    if all(principal.role_on(project) is None for project in store.scope.projects or (0,)):
        raise NotFound(f"There is no store '{store.name}'.", "List the stores.")
    if not store.connection.guarded:
        raise Forbidden(
            f"The store {store.name} was made by an admin. Nothing was changed.",
            "Ask an admin; a manager changes the stores that were added for the own project.",
            role_needed=Role.ADMIN.word,
        )
    _need_own_projects(principal, store)


def may_own(principal: Principal, store: Store) -> bool:
    """True where ``need_owner`` raises nothing."""
    try:
        need_owner(principal, store)
    except MoorageError:
        return False
    return True


def owned_store(tx: Transaction, principal: Principal, name: str) -> Store:
    """The named store, where the principal owns it and every other store of its connection: they change together."""
    store = tx.stores.named(name)
    need_owner(principal, store)
    for one in tx.stores.all():
        if one.connection.id == store.connection.id:
            need_owner(principal, one)
    return store


def need_force(principal: Principal, *, force: bool) -> None:
    """Raise Forbidden where somebody wants a store though its check fails, and is no admin."""
    if force and principal.everywhere is not Role.ADMIN:
        raise Forbidden(
            "Only an admin registers a store whose check fails. Nothing was changed.",
            "Leave out force, and mend what the check finds.",
            role_needed=Role.ADMIN.word,
        )


def owned_change(principal: Principal, before: Store, changed: Store) -> Store:
    """The changed store as this principal may have it; what was guarded stays so. Raises as ``owned`` does."""
    changed = replace(changed, connection=replace(changed.connection, guarded=before.connection.guarded))
    if before.connection.guarded:
        need_guardable(changed.connection)
    if principal.everywhere is Role.ADMIN:
        return changed
    need_owner(principal, before)
    if changed.scope != before.scope:
        raise Forbidden(
            f"Only an admin changes who may use the store {before.name}. Nothing was changed.",
            "Ask an admin.",
            role_needed=Role.ADMIN.word,
        )
    return changed


def need_guardable(connection: Connection) -> None:
    """Raise Forbidden for what no guard could hold: the server's disk, and the machine's own identity."""
    if connection.provider in (Provider.DISK, Provider.MEMORY):
        raise Forbidden(
            "Only an admin shows a directory of the server. Nothing was done.",
            "Ask an admin to add it, open to the project.",
            role_needed=Role.ADMIN.word,
        )
    if isinstance(connection.credentials, MachineRole | Process):
        raise Forbidden(
            "Only an admin lets a store use an identity of the server's own machine. Nothing was asked.",
            "Give keys, or ask an admin to add the store, open to the project.",
            role_needed=Role.ADMIN.word,
        )


def _need_own_projects(principal: Principal, store: Store) -> None:
    """Raise unless the store is open to projects that the principal manages, and to nothing else."""
    if not store.scope.projects:
        raise Forbidden(
            "Only an admin adds a store that is open to every project. Nothing was changed.",
            "Name the project that you manage.",
            role_needed=Role.ADMIN.word,
        )
    for project in store.scope.projects:
        principal.need(Role.MANAGER, project)
    if store.scope.users:
        raise Forbidden(
            "Only an admin limits a store to single people. Nothing was changed.",
            "Leave the people out, or ask an admin.",
            role_needed=Role.ADMIN.word,
        )
