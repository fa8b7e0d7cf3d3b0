"""The steps of from-supervisely.md about keys from an IAM role: of the machine, and by certificate."""

from __future__ import annotations

import base64
import json
from typing import Any

from docs.guides import Row, works
from docs.operating import Operator
from docs.supervisely_steps import PAGE, upload
from moorage.certificates import read_identity
from servers import ceph
from stores.roles_anywhere_server import ANCHOR, PROFILE, ROLE


@works(PAGE, "`STORAGE_IAM_ROLE=<role_name>`")
def _machine(operator: Operator, _: Row) -> None:
    other = operator.facts["others"]()
    with other.client() as client:
        upload(client, "By the role of the machine")
        store = client.store("primary")
    assert (store.credentials.kind, store.bucket) == ("role", f"{other.facts['prefix']}-public")
    assert other.facts["metadata"].asked["GET reef-reader"] >= 1


@works(PAGE, "`DURATION_DAYS`, `CN`, `OU`, `O`")
def _authority(operator: Operator, row: Row) -> None:
    (ran,) = operator.do(row)
    assert ran.out == "ca/ca.pem\nca/ca-private-key.pem\n"
    variables = {"DURATION_DAYS": "7", "CN": "By variables", "O": "Reef", "OU": "Media"}
    assert operator.run("moorage cert ca --out by-variables", variables).code == 0


@works(PAGE, "`./genCert.sh`")
def _leaf(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "`DURATION_DAYS`")
    operator.do(row)
    company, authority = operator.folder / "company", (operator.folder / "ca" / "ca.pem").read_text()
    certificate, key = ((company / name).read_text() for name in ("certificate.pem", "private-key.pem"))
    assert read_identity(certificate, key, authority).subject == "CN=moorage,OU=Media,O=Reef"


@works(PAGE, "A trust anchor with the text")
def _anchor(operator: Operator, _: Row) -> None:
    from cryptography import x509

    operator.after(PAGE, "`./genCert.sh`")
    (root,) = x509.load_pem_x509_certificates((operator.folder / "ca" / "ca.pem").read_bytes())
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    operator.facts["around"].anywhere.anchors[ANCHOR] = [root]


@works(PAGE, "The tab *IAM Anywhere*")
def _anywhere(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "A trust anchor with the text")
    company = operator.folder / "company"
    files = {"certificate_file": str(company / "certificate.pem"), "private_key_file": str(company / "private-key.pem")}
    arns = {"trust_anchor_arn": ANCHOR, "profile_arn": PROFILE, "role_arn": ROLE}
    (operator.folder / "anywhere.json").write_text(json.dumps({"kind": "roles_anywhere", **arns, **files}))
    names = {"cars-2020": operator.facts["ferries"], "--region eu-west-1": f"--endpoint {ceph().endpoint}"}
    before = operator.facts["around"].anywhere.asked
    operator.do(row, names)
    assert operator.facts["around"].anywhere.asked > before
    listed = operator.face("GET", "/api/v1/stores/cars/objects").json["objects"]
    assert [one["key"] for one in listed] == ["truck.jpg"]


@works(PAGE, "A role whose trust relationship")
def _trust(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "The tab *IAM Anywhere*")
    (ran,) = operator.do(row)
    (statement,) = json.loads(ran.out)["Statement"]
    assert statement["Principal"] == {"Service": "rolesanywhere.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": ANCHOR}


def anywhere(operator: Operator, certificate: bytes, key: bytes) -> Any:
    """The answer to a form that was filled in with these."""
    arns = {"trust_anchor_arn": ANCHOR, "profile_arn": PROFILE, "role_arn": ROLE}
    given = {"kind": "roles_anywhere", **arns, "certificate": certificate.decode(), "private_key": key.decode()}
    body = {"name": "cars-again", "provider": "s3", "bucket": operator.facts["ferries"], "credentials": given}
    made = operator.face("POST", "/api/v1/stores", body | {"endpoint": ceph().endpoint})
    if made.status == 201:
        assert operator.face("DELETE", "/api/v1/stores/cars-again").status == 204
    return made


@works(PAGE, "`cat company.pem | base64 -w 0`")
def _certificate(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "A trust anchor with the text")
    leaf, key = ((operator.folder / "company" / f"{name}.pem").read_bytes() for name in ("certificate", "private-key"))
    assert anywhere(operator, leaf, key).status == 201
    assert anywhere(operator, base64.b64encode(leaf), key).status == 201
    authority = operator.folder / "ca"
    wrong = anywhere(operator, (authority / "ca.pem").read_bytes(), (authority / "ca-private-key.pem").read_bytes())
    assert wrong.status in (400, 422)
    assert "trust anchor" in wrong.json["detail"] + wrong.json["advice"]


@works(PAGE, "`cat company.key | base64 -w 0`")
def _key(operator: Operator, _: Row) -> None:
    operator.after(PAGE, "A trust anchor with the text")
    leaf, key = ((operator.folder / "company" / f"{name}.pem").read_bytes() for name in ("certificate", "private-key"))
    assert anywhere(operator, base64.b64encode(leaf), base64.b64encode(key)).status == 201
    assert anywhere(operator, leaf, base64.b64encode(leaf)).status in (400, 422)
