"""The pages about Azure and Google, pasted into a shell as they stand; only server names are those of this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from docs.test_readme import home, pasted
from servers import azurite, fakegcs
from stores.azure_container import container_sas
from stores.google_tokens import key_file, token_server
from web.clouds import container, google_bucket

__all__ = ["home"]
pytestmark = pytest.mark.timeout(300)
SERVE = """
# How to begin

```sh
. .venv/bin/activate
moorage serve
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.md"


def started(page: Path, name: str) -> str:
    """The page below a server that was begun."""
    page.write_text(SERVE + (Path(__file__).resolve().parents[2] / "docs" / "how-to" / name).read_text("utf-8"))
    return str(page)


def test_what_the_page_about_azure_says_works_on_azurite(home: Path, page: Path) -> None:
    server = azurite()
    with container(server) as name:
        (home / "reef.sas").write_text(f"?{container_sas(server, name, 'rl')}\n")
        address = f"azure://{name}/2021/ --endpoint {server.endpoint}"
        names = {
            "https://reefmedia.blob.core.windows.net/reef-2021/dives/": address,
            "Reef/dives/": "Reef/2021/",
            "--bucket reef-2021 --account reefmedia": f"--bucket {name} --endpoint {server.endpoint}",
        }
        printed = pasted(started(page, "azure.md"), home, names=names)
    assert "b c.txt" in printed[1]
    assert "sas devstoreaccount1 rl" in printed[2]
    assert "SAS token, 20" in printed[3]


@pytest.mark.soak
async def test_what_the_page_about_google_says_works_on_an_emulator(home: Path, page: Path) -> None:
    async with token_server() as tokens:
        (home / "reader.json").write_text(key_file(tokens.uri))
        with google_bucket(fakegcs()) as name:
            names = {
                "gs://reef-2021/dives/": f"gs://{name}/2021/ --endpoint {fakegcs().endpoint}",
                "Reef/dives/": "Reef/2021/",
                "--bucket reef-2021": f"--bucket {name} --endpoint {fakegcs().endpoint}",
            }
            printed = await asyncio.to_thread(pasted, started(page, "google.md"), home, names=names)
    assert "b c.txt" in printed[1]
    assert "service_account reader@reef" in printed[2]
