"""How commands get at settings, the server, and the parts that only a server installation has."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from moorage.model.errors import Invalid, Refused

if TYPE_CHECKING:
    from moorage.client import Client
    from moorage.model.access import Role
    from moorage.settings import Settings


def settings_of(**flags: object) -> Settings:
    """The settings in force under these flags; None where a flag was not given."""
    from moorage.settings import Settings

    return Settings.load(flags)


@contextmanager
def connected(url: str | None = None) -> Iterator[Client]:
    """A client of the server in force, signed in with the token in force.

    Where none is named, it is the server that holds the data directory; whoever may read its lock file needs no
    token for it.
    """
    from moorage.client import Client
    from moorage.wiring.directory import directory_of

    settings = settings_of(url=url)
    address = settings.server_address
    token = settings.token.get_secret_value() if settings.token else None
    served = None if settings.url and token else directory_of(settings).served()
    if served is not None:
        address = settings.url or served.local
        if token is None and address in (served.local, served.public):
            token = served.bearer
    with Client(address, token) as client:
        yield client


def server_part(module: str) -> ModuleType:
    """A module that needs the server installation. Raises: Refused with the line that installs it."""
    gc.disable()  # what is imported stays; to look through it for garbage again and again takes a fifth of the time
    try:
        import_module("moorage.wiring.opening")  # brings all of it; a name of moorage.wiring alone would not
        return import_module(module)
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.partition(".")[0] == "moorage":
            raise
        raise Refused(
            f"This command needs the server part, and {exc.name} is not installed. Nothing was done.",
            "Run: pip install 'moorage[server]'",
        ) from exc
    finally:
        gc.freeze()
        gc.enable()


def role_of(word: str) -> Role:
    """The role that the word names. Raises: Invalid."""
    from moorage.model.access import Role

    known = {role.word: role for role in Role}
    if word not in known:
        raise Invalid(f"{word} is no role.", f"Roles are {', '.join(known)}.", field="role")
    return known[word]
