"""A server whose machine has every identity of AWS, and small sign-in services of each cloud beside it."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import servers
from servers.moorage import Moorage
from stores.authorities import Holder, holder
from stores.certificates import tls_server
from stores.google_tokens import TokenServer, token_server
from stores.imds import Imds, imds
from stores.oauth import SignIn, sign_in
from stores.roles_anywhere_server import ANCHOR, PROFILE, ROLE, RolesAnywhere, roles_anywhere
from stores.sts import Sts, Trust, sts
from stores.vault import Given, Vault, soon, vault_of
from web.conftest import Face

T = TypeVar("T")
MEDIA = "arn:aws:iam::111122223333:role/media"
EXTERNAL_ID = "reef-outside-7"
USER = "arn:aws:iam:::user/moorage-test"
"""Whose keys those of Ceph are."""


class Beside:
    """A loop in a thread of its own: its servers answer while a test waits for a server that asks them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def begin(self, server: AbstractAsyncContextManager[T]) -> T:
        """The running server; it ends with the others."""
        return asyncio.run_coroutine_threadsafe(self._stack.enter_async_context(server), self._loop).result(60)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


@dataclass
class Armed:
    """The server, and who gives it keys. ``root`` is the CA that Roles Anywhere trusts."""

    face: Face
    beside: Beside
    vault: Vault
    metadata: Imds
    sts: Sts
    anywhere: RolesAnywhere
    root: Holder
    sign_in: SignIn
    google: TokenServer
    printed: dict[str, str] = field(default_factory=dict)
    """What the program named ``token`` prints."""

    def certified(self, leaf: Holder, **changes: str) -> dict[str, Any]:
        """Credentials by certificate as a request brings them."""
        arns = {"trust_anchor_arn": ANCHOR, "profile_arn": PROFILE, "role_arn": ROLE}
        return {"kind": "roles_anywhere", **arns, "certificate": leaf.pem, "private_key": leaf.key_pem, **changes}


@contextmanager
def armed(home: Path, **settings: str) -> Iterator[Armed]:
    """One in ``home``. ``settings`` are variables of its environment besides."""
    with vault_of(servers.ceph()) as vault, Beside() as beside:
        root = holder("Reef CA", ca=True)
        tls, authority = tls_server(home)
        (home / "ca.pem").write_text(authority)
        printed = vault.mint(900).told(token="SessionToken")
        (home / "printed.json").write_text(json.dumps({"Version": 1, **printed}))
        prints = "import sys; sys.stdout.write(open(sys.argv[1]).read())"
        (home / "prints.py").write_text(prints)
        metadata = beside.begin(imds(vault))
        keys = servers.ceph()
        vault.given[keys.access_key] = Given(keys.access_key, keys.secret_key, "", soon(3600), USER)
        roles = {MEDIA: Trust((vault.role,), EXTERNAL_ID), vault.role: Trust((USER,))}
        tokens = beside.begin(sts(vault, roles=roles))
        anywhere = beside.begin(roles_anywhere(vault, root.certificate, tls))
        told = {
            "MOORAGE_AWS_METADATA_ENDPOINT": metadata.url,
            "MOORAGE_AWS_STS_ENDPOINT": tokens.url,
            "MOORAGE_AWS_ROLES_ANYWHERE_ENDPOINT": anywhere.host,
            "MOORAGE_AWS_CA_BUNDLE": str(home / "ca.pem"),
            "MOORAGE_CREDENTIAL_PROCESSES": f"token = {sys.executable} {home}/prints.py {home}/printed.json",
        }
        signs, google = beside.begin(sign_in()), beside.begin(token_server())
        with Moorage(home / "data", told | settings) as server:
            face = Face(server, server.token())
            yield Armed(face, beside, vault, metadata, tokens, anywhere, root, signs, google, printed)
