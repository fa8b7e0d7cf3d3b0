"""The steps of from-dive.md: Google is Ceph behind a door that does what Google's own servers do to its dialect."""

from __future__ import annotations

import json

from docs.guides import Row, works
from docs.operating import Operator
from servers import ceph
from servers.moorage import ask
from stores.faulty import ACCESS_KEY, SECRET_KEY
from stores.s3_bucket import admin

PAGE = "from-dive"
MOUNT = "A folder as mount point"
STORE = "`/girder#assetstores`"
IMPORT = "*Begin Import*"


def shown(operator: Operator, folder: str) -> set[str]:
    """The names in a folder of the project Reef."""
    ran = operator.run(f"moorage ls 'Reef/{folder}'")
    assert ran.code == 0, ran.err
    return {line.split("\t")[0] for line in ran.out.splitlines()}


@works(PAGE, MOUNT)
def _mount(operator: Operator, row: Row) -> None:
    place = f"gs://{operator.facts['tides']}/dives/ --endpoint {operator.facts['door'].endpoint}"
    operator.do(row, {"gs://reef-2021/dives/": place, "--name gulf": "--name tides"})
    assert shown(operator, "Google Cloud Storage/reef-2021/") >= {"eel.jpg", "2021/"}


@works(PAGE, "Bytes that leave the region of the bucket are billed")
def _traffic(operator: Operator, row: Row) -> None:
    operator.after(PAGE, MOUNT)
    (ran,) = operator.do(row, {"gulf": "tides"})
    assert "traffic\tNo price is known for " in ran.out  # what stands in for Google has none


@works(PAGE, "A service account that may only read")
def _account(operator: Operator, row: Row) -> None:
    operator.after(PAGE, MOUNT)
    (ran,) = operator.do(row, {"gulf": "tides"})
    assert "roles/storage.objectViewer" in ran.out
    assert not any(role in ran.out for role in ("objectUser", "objectAdmin", "objectCreator"))


@works(PAGE, "An HMAC key for it")
def _hmac(operator: Operator, _: Row) -> None:
    operator.after(PAGE, MOUNT)
    with operator.client() as client:
        store = client.store("tides")
    assert (store.provider, store.credentials.kind, store.read_only) == ("google", "hmac", True)


@works(PAGE, "`bucket-cors-config.json`")
def _cors(operator: Operator, row: Row) -> None:
    operator.after(PAGE, MOUNT)
    (ran,) = operator.do(row, {"gulf": "tides"})
    (rule,) = json.loads(ran.out)
    assert (rule["origin"], set(rule["method"])) == ([operator.face.server.address], {"GET", "HEAD"})
    assert {"Content-Range", "Accept-Ranges"} <= set(rule["responseHeader"])


@works(PAGE, "`gsutil cors set bucket-cors-config.json")
def _gsutil(operator: Operator, row: Row) -> None:
    operator.after(PAGE, MOUNT)
    (ran,) = operator.do(row, {"gulf": "tides"})
    assert f"gsutil cors set moorage-cors.json gs://{operator.facts['tides']}" in ran.out


@works(PAGE, "E-mail with bucket")
def _link(operator: Operator, row: Row) -> None:
    operator.after(PAGE, MOUNT)
    (ran,) = operator.do(row)
    address = ran.out.strip()
    assert ask("GET", address, Accept="text/html").status == 200
    keys = {"kind": "hmac", "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    body = {
        "link": address.rpartition("/")[2],
        "provider": "google",
        "bucket": operator.facts["tides"],
        "credentials": keys,
    }
    told = body | {"endpoint": operator.facts["door"].endpoint, "prefix": "dives/"}
    got = ask("POST", f"{operator.face.server.address}/api/v1/bucket-links/connect", told)
    assert got.status == 201, got.body
    (mirror,) = [one for one in mirrors(operator) if one["store"] == got.json["store"]]
    assert operator.face.wait(mirror["job"])["state"] == "succeeded"
    assert shown(operator, "Google Cloud Storage/partners/") >= {"eel.jpg", "2021/"}


def mirrors(operator: Operator) -> list[dict[str, str]]:
    """All mirrors."""
    found: list[dict[str, str]] = operator.face("GET", "/api/v1/mirrors").json["mirrors"]
    return found


@works(PAGE, STORE)
def _store(operator: Operator, row: Row) -> None:
    here = f"--bucket {operator.facts['tides']} --endpoint {ceph().endpoint}"
    operator.do(row, {"--bucket reef-2021 --endpoint https://minio.example.org:9000": here})
    with operator.client() as client:
        assert client.store("minio").read_only


@works(PAGE, IMPORT)
def _import(operator: Operator, row: Row) -> None:
    operator.after(PAGE, STORE)
    operator.do(row)
    assert shown(operator, "imported/") >= {"eel.jpg", "2021/"}


@works(PAGE, "A prefix `/` for the whole bucket")
def _whole(operator: Operator, row: Row) -> None:
    operator.after(PAGE, STORE)
    operator.do(row)
    assert shown(operator, "whole/") == {"dives/", "notes.csv"}


@works(PAGE, "Videos, or images in folders")
def _media(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "A prefix `/` for the whole bucket")
    for kind, name in (("image", "dives/eel.jpg"), ("video", "dives/2021/dive.mp4"), ("file", "notes.csv")):
        assert f"Reef/whole/{name}\n" in operator.run(f"moorage find Reef/whole --kind {kind}").out


@works(PAGE, "New folders need a re-index")
def _reindex(operator: Operator, row: Row) -> None:
    operator.after(PAGE, IMPORT)
    s3 = admin(ceph())
    s3.put_object(Bucket=operator.facts["tides"], Key="dives/2022/new.jpg", Body=b"new")
    s3.close()
    (mirror,) = [one for one in mirrors(operator) if one["store"] == "minio" and one["prefix"] == "dives/"]
    operator.do(row, {"reindex 1": f"reindex {mirror['id']}"})
    assert "2022/" in shown(operator, "imported/")
