"""Who may borrow, and who sees what others borrowed."""

from __future__ import annotations

from moorage.model.access import Principal, Role
from moorage.model.errors import Forbidden, NotFound, Refused
from moorage.model.store import Store


def need_lend(principal: Principal, store: Store) -> None:
    """Raise unless the principal may borrow from the store.

    An editor of one of the projects that the store is open to; of a store that is open to all, a manager of
    everything. To read takes no less than to write: a loan reaches every object below its prefix, those that no
    item shows too, outlives the grant that it was given for, and what is read with it is not seen here.
    """
    _need(principal, store, Role.EDITOR)


def need_watch(principal: Principal, store: Store) -> None:
    """Raise unless the principal may see and revoke loans that others took."""
    _need(principal, store, Role.MANAGER)


def may_lend(principal: Principal, store: Store) -> bool:
    """True where ``need_lend`` raises nothing."""
    return _holds(principal, store, Role.EDITOR)


def may_watch(principal: Principal, store: Store) -> bool:
    """True where ``need_watch`` raises nothing."""
    return _holds(principal, store, Role.MANAGER)


def _holds(principal: Principal, store: Store, role: Role) -> bool:
    try:
        _need(principal, store, role)
    except (Refused, NotFound):
        return False
    return True


def _need(principal: Principal, store: Store, role: Role) -> None:
    if principal.everywhere is Role.ADMIN:
        return
    if store.scope.users and principal.user not in store.scope.users:
        raise NotFound(f"There is no store {store.name}, or it is not open to you.", "List them with store ls.")
    if not store.scope.projects:
        principal.need_everywhere(Role.MANAGER)
        return
    held = max((principal.role_on(project) or 0 for project in store.scope.projects), default=0)
    if not held:
        raise NotFound(f"There is no store {store.name}, or it is not open to you.", "List them with store ls.")
    if held < role:
        raise Forbidden(
            f"This needs the role {role.word} on a project that the store {store.name} is open to. Nothing was lent.",
            "Ask an admin or a manager of the project.",
            role_needed=role.word,
        )
