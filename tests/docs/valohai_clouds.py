"""The steps of from-valohai.md about Azure Blob Storage and Google Cloud Storage."""

from __future__ import annotations

import json

from docs.guides import Row, works
from docs.operating import Operator
from docs.valohai_steps import PAGE, STORE, default, lines
from servers import azurite, fakegcs


@works(PAGE, "*Add Azure Blob Storage Store*")
def _azure(operator: Operator, row: Row) -> None:
    server = azurite()
    here = f"--bucket {operator.facts['blobs']} --account {server.access_key} --endpoint {server.endpoint}"
    operator.do(row, {"--bucket valohai-sample --account reefmedia": here})
    with operator.client() as client:
        assert client.store("blobs").credentials.kind == "account_key"


@works(PAGE, "Storage account and container, private")
def _container(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "*Add Azure Blob Storage Store*")
    assert lines(operator.run("moorage store check blobs --all").err)["private"] == "ok"


@works(PAGE, "CORS of the Blob service")
def _azure_cors(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "*Add Azure Blob Storage Store*")
    (ran,) = operator.do(row)
    (rule,) = json.loads(ran.out)["corsRules"]
    assert rule["allowedOrigins"] == [operator.face.server.address]
    assert {"GET", "PUT", "OPTIONS"} <= set(rule["allowedMethods"])
    assert "az storage cors add" in operator.run(f"{row.commands[0]} --for az").out


@works(PAGE, "Copy the access key")
def _access_key(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "*Add Azure Blob Storage Store*")


@works(PAGE, "The key is tried")
def _wrong_key(operator: Operator, _: Row) -> None:
    server = azurite()
    (operator.folder / "wrong.key").write_text("d3Jvbmcga2V5")
    words = f"--bucket {operator.facts['blobs']} --account {server.access_key} --endpoint {server.endpoint}"
    ran = operator.run(f"moorage store add wrong --provider azure {words} --credentials wrong.key")
    assert ran.code == 4, ran.err
    with operator.client() as client:
        assert "wrong" not in [one.name for one in client.stores()]


@works(PAGE, "*Make project default store*")
def _azure_default(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "*Add Azure Blob Storage Store*")
    default(operator, row, "blobs")


@works(PAGE, "*Add Google Storage*")
def _google(operator: Operator, row: Row) -> None:
    here = f"--bucket {operator.facts['gulf']} --endpoint {fakegcs().endpoint}"
    operator.do(row, {f"--bucket {STORE}": here})
    with operator.client() as client:
        assert client.store("gulf").credentials.kind == "service_account"


@works(PAGE, "A bucket with uniform access")
def _uniform(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "*Add Google Storage*")


@works(PAGE, "A service account with a JSON key")
def _account(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "*Add Google Storage*")


@works(PAGE, "`cors-config.json`")
def _google_cors(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "*Add Google Storage*")
    (ran,) = operator.do(row)
    (rule,) = json.loads(ran.out)
    assert rule["origin"] == [operator.face.server.address]
    assert {"GET", "PUT", "POST"} <= set(rule["method"])


@works(PAGE, "`gsutil cors set cors-config.json")
def _gsutil(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "*Add Google Storage*")
    (ran,) = operator.do(row)
    assert f"gsutil cors set moorage-cors.json gs://{operator.facts['gulf']}" in ran.out


@works(PAGE, "A test file proves it")
def _google_probe(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "*Add Google Storage*")
    (ran,) = operator.do(row)
    assert lines(ran.err)["write"] == "ok"


@works(PAGE, "*Default upload store*")
def _google_default(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "*Add Google Storage*")
    default(operator, row, "gulf")
