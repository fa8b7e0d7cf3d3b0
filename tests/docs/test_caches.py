"""The page about caches: its prices and settings are read as it says, its commands are pasted into a shell."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from docs.executed import blocks
from docs.guides import HOW_TO
from docs.test_clouds import SERVE
from docs.test_readme import home, pasted, reef
from moorage.costing import Prices
from moorage.model.store import Connection, Provider, Store
from moorage.settings import Settings
from moorage.settings.sources import variables_in
from servers import ceph
from stores.s3_bucket import admin

__all__ = ["home"]
pytestmark = pytest.mark.timeout(300)
PAGE = HOW_TO / "caches.md"
EXAMPLES = {block.language: block.text for block in blocks(PAGE)}
BUCKET = """```sh
moorage mirror add s3://reef-2021/dives/ --name reef --endpoint https://s3.example.org:9000 --credentials ~/reef.json \\
  --project Reef --folder dives --wait
```
"""


def test_the_example_of_prices_is_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(EXAMPLES["toml"])
    (tmp_path / ".env").write_text(EXAMPLES["ini"])
    settings = Settings.load({}, {"MOORAGE_DATA": str(tmp_path)} | variables_in(tmp_path / ".env"), tmp_path)
    assert settings.server_region == "aws:eu-west-1"
    prices = Prices.load(tmp_path / "prices.toml")
    lab = Store("lab", Connection(Provider.S3, endpoint="https://s3.lab.example.org"))
    assert prices.tip(lab) == "Bytes leave cellar: about €0.01 a GB; a server or worker there pays none."
    aws = Store("reef", Connection(Provider.S3, region="eu-west-1"))
    told = next(block.text for block in blocks(PAGE) if block.text.startswith("traffic"))
    assert Prices.load(None).tip(aws) in told
    assert tomllib.loads(EXAMPLES["toml"])["clouds"]["aws"] == {
        "internet": 0.05,
        "regions": {"eu-west-1": {"get": 0.0004, "put": 0.005}},
    }


@pytest.mark.soak
def test_what_the_page_about_caches_says_works_on_ceph(home: Path, tmp_path: Path) -> None:
    server = ceph()
    (home / "reef.json").write_text(json.dumps({"access_key": server.access_key, "secret_key": server.secret_key}))
    page = tmp_path / "page.md"
    page.write_text(SERVE + BUCKET + PAGE.read_text("utf-8"))
    with reef("reef-2021") as endpoint:
        client = admin(server)
        client.put_object(Bucket="reef-2021", Key="dives/frame_1.txt", Body=b"ray")
        try:
            *_, stats, warm, purged = pasted(str(page), home, names={"https://s3.example.org:9000": endpoint})
        finally:
            client.delete_object(Bucket="reef-2021", Key="dives/frame_1.txt")
            client.close()
    assert '"caches": [{"name": "previews"' in stats
    assert "job\t" in warm
    assert purged == ""
