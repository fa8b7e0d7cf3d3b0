"""The page about links, pasted into a shell as it stands; only the server's name is that of this machine."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from docs.test_clouds import page, started
from docs.test_readme import home, pasted, reef
from servers import ceph
from stores.s3_bucket import admin

__all__ = ["home", "page"]
pytestmark = pytest.mark.timeout(300)


@pytest.mark.soak
def test_what_the_page_about_links_says_works_on_ceph(home: Path, page: Path) -> None:
    server = ceph()
    (home / "reef.json").write_text(json.dumps({"access_key": server.access_key, "secret_key": server.secret_key}))
    name = f"reef-{secrets.token_hex(4)}"
    with reef(name) as endpoint:
        client = admin(server)
        client.put_object(Bucket=name, Key="dives/ray.jpg", Body=b"ray")
        try:
            _, dry, applied, mended, best, broken = pasted(
                started(page, "link.md"), home, names={"https://s3.example.org:9000": endpoint, "reef-2021": name}
            )
        finally:
            client.delete_object(Bucket=name, Key="dives/ray.jpg")
            client.close()
    assert "1\tresolvable\tcan be linked\n1\tunknown_store\t" in dry
    assert "eel.jpg\t" in applied
    assert mended == "1\tlinked\tlinked\n"
    assert best.endswith("Best/best/moray.jpg\n")
    assert broken == ""
