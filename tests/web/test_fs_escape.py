"""Over REST too, no address, key, prefix or name leads out of the folder that a store is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from stores.ways_out import LINKS, OUTSIDE, make_links
from web.conftest import Face

SECRET = b"what nobody may read through a store"


@dataclass
class Trap:
    """Stores on one folder with every link that leads out, and one that follows links."""

    base: Path
    stores: list[str]
    project: str


@pytest.fixture(scope="module")
def trap(face: Face, tmp_path_factory: pytest.TempPathFactory) -> Trap:
    base = tmp_path_factory.mktemp("trap")
    root = base / "root"
    for folder in ("root/in", "root/.moorage/x", "outside", "root-beside"):
        (base / folder).mkdir(parents=True)
    (root / "in" / "file").write_bytes(b"inside")
    for place in ("root/.moorage/x/secret", "outside/secret", "root-beside/secret"):
        (base / place).write_bytes(SECRET)
    make_links(base)
    stores = []
    for follow in (True, False):
        stores.append(f"{base.name.replace('_', '-')}-{follow}".lower())
        body = {"name": stores[-1], "provider": "disk", "root": str(root), "follow_symlinks": follow}
        assert face("POST", "/api/v1/stores", body).status == 201
    return Trap(base, stores, face("POST", "/api/v1/projects", {"name": stores[0]}).json["id"])


def keys_of(trap: Trap) -> list[str]:
    links = [f"{name}{below}" for name in LINKS for below in ("", "/secret", "/../outside/secret")]
    return [text.format(base=trap.base) for text in OUTSIDE if "\udcff" not in text and "\udcc0" not in text] + links


def test_no_key_reads_or_lists_what_lies_outside(face: Face, trap: Trap) -> None:
    for store in trap.stores:
        for key in keys_of(trap):
            got = face("GET", f"/api/v1/stores/{store}/content?key={quote(key, safe='')}")
            assert got.status in (400, 404), (key, got.body)
            assert SECRET not in got.body
            listed = face("GET", f"/api/v1/stores/{store}/objects?prefix={quote(key, safe='')}")
            assert listed.status in (200, 400, 404), (key, listed.body)
            assert listed.status != 200 or listed.json["objects"] == [], key
        everything = face("GET", f"/api/v1/stores/{store}/objects?limit=1000").json
        assert [one["key"] for one in everything["objects"]] == ["in/file"]


def test_no_address_is_adopted_out_of_the_folder(face: Face, trap: Trap) -> None:
    for store in trap.stores:
        urls = [f"fs://{store}/{key}" for key in keys_of(trap)]
        urls += [
            f"fs://{store}/../{trap.stores[0]}/in/file",
            f"fs://../{store}/in/file",
            f"fs:///{trap.base}/outside/secret",
        ]
        got = face("POST", f"/api/v1/projects/{trap.project}/adopt", {"urls": [*urls, f"fs://{store}/in/file"]})
        found = got.json["created"] | got.json["existing"]
        assert list(found) == [f"fs://{store}/in/file"]


def test_no_mirror_shows_what_lies_outside(face: Face, trap: Trap) -> None:
    for store in trap.stores:
        for prefix in ("../outside/", "out-folder/", "absolute-folder/", "magic-folder/", "descriptors/", "/"):
            shown = f"{store} {prefix.replace('/', '-')}"
            body = {"store": store, "project": trap.project, "prefix": prefix, "folder": shown}
            started = face("POST", "/api/v1/mirrors", body)
            if started.status == 202:
                face.wait(started.json["job"])
                children = face("GET", f"/api/v1/folders/{started.json['folder']}/children").json
                assert (children["items"], children["folders"]) == ([], [])


@pytest.mark.parametrize("name", ["..", "../outside/new", "/etc/new", "a/../../outside/new", "a\0b", "."])
def test_no_name_is_uploaded_out_of_the_folder(face: Face, trap: Trap, name: str) -> None:
    root = face("GET", f"/api/v1/projects/{trap.project}").json["root"]
    got = face("PUT", f"/api/v1/folders/{root}/items?name={quote(name, safe='')}", b"new")
    assert got.status == 400
    assert sorted(one.name for one in (trap.base / "outside").iterdir()) == ["secret"]
