"""The steps of from-supervisely.md about links: credentials, the file remote_links.yml, lists of addresses."""

from __future__ import annotations

import json
from pathlib import Path

from aiohttp import web

from docs.guides import Row, works
from docs.installations import OLD_NAME, TRUCK
from docs.operating import Operator
from docs.supervisely_steps import PAGE, shown
from servers import azurite, ceph
from stores.azure_container import container_sas
from stores.serving import serving


@works(PAGE, "Cloud credentials in the instance settings")
def _store(operator: Operator, row: Row) -> None:
    boats = operator.facts["boats"]
    (operator.folder / "boats.sas").write_text(f"?{container_sas(azurite(), boats, 'rl')}\n")
    operator.do(row, {"boats-2020 --account boats": f"{boats} --endpoint {azurite().endpoint}"})
    with operator.client() as client:
        assert client.store("boats").credentials.kind == "sas"


@works(PAGE, "An import app")
def _mirror(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "Cloud credentials")
    operator.do(row, {"boats:cruise/": "boats:2021/"})
    with operator.client() as client:
        assert {item.name: client.read(item.id) for item in client.items("Boats")} == {
            "a.txt": b"2021/a.txt",
            "b c.txt": b"2021/b c.txt",
        }


@works(PAGE, "The least permissions of an Azure SAS token")
def _sas(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "Cloud credentials")  # the token of that store holds these permissions and no others
    (ran,) = operator.do(row)
    assert f"--name={operator.facts['boats']} --permissions=rl --https-only" in ran.out


@works(PAGE, "File system provider")
def _disk(operator: Operator, row: Row) -> None:
    root = operator.folder / "datasets"
    (root / "persons").mkdir(parents=True)
    (root / "persons" / "image1.jpg").write_bytes(b"a person")
    operator.do(row, {"/data/datasets": str(root)})


@works(PAGE, "`fs://local-datasets/persons/image1.jpg`")
def _file(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "File system provider")
    assert operator.run("moorage project create Persons").code == 0
    (operator.folder / "files.txt").write_text("fs://local-datasets/persons/image1.jpg\n")
    operator.do(row)
    assert operator.run("moorage cat Persons/image1.jpg").out == "a person"


@works(PAGE, "An example file with an S3, an Azure and a Google entry")
def _example(operator: Operator, _: Row) -> None:
    found = shown(operator)
    entries = {name: value.partition(";")[0] for name, (value, origin) in found.items() if "remote_links.yml" in origin}
    declared = {"car": "s3", "boats": "azure", "planes": "google", "trains": "s3"}
    assert entries == {f"connection my-{name}-datasets": kind for name, kind in declared.items()}
    named = operator.folder / "named.yml"
    named.write_text("elsewhere:\n  provider: minio\n  iam_role: media\n")
    assert "connection elsewhere" in shown(operator, MOORAGE_REMOTE_LINKS=str(named))


@works(PAGE, "`provider: minio`, `endpoint`")
def _entry(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "Names of buckets")
    found = operator.face("GET", "/api/v1/connections").json["connections"]
    (cars,) = [one for one in found if one["name"] == "my-car-datasets"]
    assert (cars["provider"], cars["region"], cars["origin"]) == (
        "s3",
        "eu-central-1",
        "remote_links.yml: my-car-datasets",
    )
    assert (cars["credentials"]["kind"], cars["credentials"]["access_key"]) == ("keys", "any")


@works(PAGE, "`iam_role` in place of keys")
def _role(operator: Operator, _: Row) -> None:
    before = operator.facts["around"].metadata.asked.total()
    assert operator.linked("By a role", f"s3://{operator.facts['trains']}/truck.jpg") == {"truck.jpg": TRUCK}
    assert operator.facts["around"].metadata.asked.total() > before


@works(PAGE, "A SAS token as `secret_key`")
def _token(operator: Operator, _: Row) -> None:
    found = operator.linked("By a token", f"azure://{operator.facts['boats']}/2022/a.txt")
    assert found == {"a.txt": b"2022/a.txt"}


@works(PAGE, "`credentials_path` inside the container")
def _key_file(operator: Operator, _: Row) -> None:
    planes = operator.facts["old"] / "planes.json"
    assert f"credentials_path: '{planes}'" in (operator.data / "remote_links.yml").read_text()
    found = operator.linked("By a key file", f"google://{operator.facts['planes']}/2022/a.txt")
    assert found == {"a.txt": b"2022/a.txt"}


@works(PAGE, "`buckets:`")
def _buckets(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "`sudo supervisely up -d http-storage`")
    stores = [one["bucket"] for one in operator.face("GET", "/api/v1/stores").json["stores"]]
    assert operator.facts["lab"] in stores, "its entry has no list"
    (operator.folder / "other.txt").write_text("azure://another-container/a.txt\n")
    assert operator.run("moorage project create Unlisted").code == 0
    ran = operator.run("moorage link import other.txt --project Unlisted --dry-run")
    assert (ran.code, "unknown_store" in ran.out) == (6, True)


@works(PAGE, "Names of buckets such as `cars_2020_20_10`")
def _old_names(operator: Operator, _: Row) -> None:
    assert operator.linked("Old names", f"s3://{OLD_NAME}/truck.jpg") == {"truck.jpg": TRUCK}


@works(PAGE, "A list such as")
def _list(operator: Operator, row: Row) -> None:
    boats, planes = operator.facts["boats"], operator.facts["planes"]
    (operator.folder / "links.txt").write_text(
        f"s3://{OLD_NAME}/truck.jpg\nazure://{boats}/2021/a.txt\ngoogle://{planes}/2021/b c.txt\n"
    )
    assert operator.run("moorage project create Cars").code == 0
    dry, _ = operator.do(row)
    assert sum(int(line.split("\t")[0]) for line in dry.out.splitlines() if "can be linked" in line) == 3
    with operator.client() as client:
        found = {item.name: client.read(item.id) for item in client.items("Cars")}
    assert found == {"truck.jpg": TRUCK, "a.txt": b"2021/a.txt", "b c.txt": b"2021/b c.txt"}


@works(PAGE, "Links of older lists, with the endpoint")
def _older(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "`iam_role` in place of keys")  # which opens that bucket
    trains, host = operator.facts["trains"], ceph().endpoint.partition("//")[2]
    assert operator.linked("Older links", f"s3://{host}/{trains}/truck.jpg") == {"truck.jpg": TRUCK}
    assert json.loads(operator.run("moorage stat 'Older links/truck.jpg' --json").out)["address"] == (
        f"s3://{trains}/truck.jpg"
    )


@works(PAGE, "Links to public files")
def _public(operator: Operator, _: Row) -> None:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"public bytes", content_type="image/jpeg", headers={"ETag": '"1"'})

    port = operator.facts["around"].beside.begin(serving(answer))
    found = operator.linked("Public files", f"http://127.0.0.1:{port}/test1/abc.jpg")
    assert found == {"abc.jpg": b"public bytes"}


@works(PAGE, "The override file mounts the file at")
def _mounted(operator: Operator, row: Row) -> None:
    data = imported(operator, row, "mounted")
    assert "connection my-boats-datasets" in shown(operator, MOORAGE_DATA=str(data))


@works(PAGE, "The override file mounts `/secret_planes.json`")
def _secret(operator: Operator, row: Row) -> None:
    data = imported(operator, row, "secret")
    assert str(operator.facts["old"] / "planes.json") in (data / "remote_links.yml").read_text()
    assert "/secret_planes.json" not in (data / "remote_links.yml").read_text()


def imported(operator: Operator, row: Row, name: str) -> Path:
    """A new data directory into which the override file was taken over, in the folder where it lies."""
    data = operator.folder / name
    operator.do(row, variables={"MOORAGE_DATA": str(data)}, folder=operator.facts["old"])
    return data


@works(PAGE, "`sudo supervisely up -d http-storage`")
def _reload(operator: Operator, row: Row) -> None:
    file = operator.data / "remote_links.yml"
    entry = f"my-lab:\n  provider: minio\n  endpoint: {ceph().endpoint}\n  access_key: {ceph().access_key}\n"
    before = file.read_text()
    file.write_text(f"{before}\n{entry}  secret_key: {ceph().secret_key}\n")
    operator.do(row)
    assert "my-lab" in [one["name"] for one in operator.face("GET", "/api/v1/connections").json["connections"]]
    assert operator.linked("After a reload", f"s3://{operator.facts['lab']}/truck.jpg") == {"truck.jpg": TRUCK}
    file.write_text(before)  # that entry opens every bucket, which other rows do not expect
    assert "kept\tmy-lab\n" in operator.run("moorage config reload").out
