"""Azurite over https, which takes the tokens of a service principal; and a client that trusts it."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator

import pytest

import servers
from servers import Server
from stores.certificates import tls_server


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """The server, and its authority as PEM text."""
    folder = tmp_path_factory.mktemp("azurite")
    _, authority = tls_server(folder)
    with servers.azurite_over_https(folder / "leaf.pem") as server:
        yield server, authority


def trusting(authority: str, monkeypatch: pytest.MonkeyPatch) -> urllib.request.OpenerDirector:
    """An opener of URLs that trusts the authority; ``urlopen`` is that one as well until the test ends."""
    trust = ssl.create_default_context(cadata=authority)
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust))
    monkeypatch.setattr(urllib.request, "urlopen", opener.open)
    return opener
