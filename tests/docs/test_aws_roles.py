"""The page about roles of AWS, command by command as it stands; only the bucket's server is one of this machine."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from cryptography import x509

from docs.executed import blocks
from servers import ceph
from stores.roles_anywhere_server import ANCHOR
from web.armed import EXTERNAL_ID, armed
from web.places import Bucket

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "aws-roles.md"


@pytest.mark.soak
def test_what_the_page_about_roles_of_aws_says_works(tmp_path: Path) -> None:
    bucket = Bucket(ceph())
    bucket.put("2021/a.jpg")
    here = {
        "--bucket reef-2021": f"--bucket {bucket.name}",
        "--region eu-west-1": f"--endpoint {bucket.server.endpoint}",
        "reef-7": EXTERNAL_ID,
        "--out ": f"--out {tmp_path}/",
        "--ca ca": f"--ca {tmp_path}/ca",
        "anywhere.json": f"{tmp_path}/anywhere.json",
        '"boat/': f'"{tmp_path}/boat/',
    }
    added, shown = [], ""
    try:
        with armed(tmp_path) as running:
            server = running.face.server
            for block in blocks(PAGE):
                text = block.text
                for there, instead in here.items():
                    text = text.replace(there, instead)
                if block.language == "json":
                    (tmp_path / "anywhere.json").write_text(text)
                for line in text.splitlines() if block.language == "sh" else ():
                    shown = server.run(*shlex.split(line)[1:]).stdout
                    if line.startswith("moorage cert ca"):
                        pem = (tmp_path / "ca" / "ca.pem").read_bytes()
                        running.anywhere.anchors[ANCHOR] = [x509.load_pem_x509_certificate(pem)]
                if "store add" in text:
                    objects = running.face("GET", "/api/v1/stores/reef/objects").json["objects"]
                    assert [one["key"] for one in objects] == ["2021/a.jpg"], block.heading
                    added.append(block.heading)
                    assert running.face("DELETE", "/api/v1/stores/reef").status == 204
            printed = {"kind": "process", "name": "token"}
            assert json.dumps(printed) in PAGE.read_text()
            wish = {"name": "reef", "provider": "s3", "bucket": bucket.name, "endpoint": bucket.server.endpoint}
            assert running.face("POST", "/api/v1/stores", {**wish, "credentials": printed}).status == 201
    finally:
        bucket.remove()
    assert added == ["The role of the machine", "Another role", "A certificate: IAM Roles Anywhere"]
    assert "CN=boat" in shown
