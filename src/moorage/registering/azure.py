"""What an Azure store must be like before it is opened."""

from __future__ import annotations

from moorage.model.account import account_of, need_container
from moorage.model.credentials import Forgotten
from moorage.model.errors import Invalid
from moorage.model.store import Store


def sound_azure(store: Store) -> None:
    """Raises Invalid, naming the field, for what no container can be, or credentials that are malformed."""
    need_container(store.bucket)
    if store.connection.root:
        raise Invalid("An Azure store has no root.", "Leave it empty, or choose the provider disk.", field="root")
    if not isinstance(store.connection.credentials, Forgotten):
        account_of(store.connection)
