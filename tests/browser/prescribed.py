"""Sample facts of the pages of links and policies."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from browser import sample
from browser.sample import NOW, THEN, Facts
from moorage.model.keys import Bucket, prefix_of
from moorage.model.store import Connection, Provider, Store
from moorage.prescribing import MEANING, Form, Mode, check_policy, prescribe, wish_for

OPEN_TO_ALL: Final = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}'
BROKEN: Final[Facts] = {
    "item": "1000",
    "name": "frame_0000001.jpg",
    "folder": "7",
    "address": "s3://reef/2021/frame_0000001.jpg",
    "reason": "There is no object 2021/frame_0000001.jpg.",
    "since": THEN,
    "checked": NOW,
}
LINKS: Final[Facts] = {
    "project": sample.PROJECTS[0],
    "folder": {"id": "7", "path": "2021"},
    "crumbs": [],
    "broken": {"items": [BROKEN], "total": 1, "next": None},
    "may_edit": True,
}
IMPORT: Final[Facts] = {
    "project": sample.PROJECTS[0],
    "crumbs": [],
    "of": {"id": "5", "dry_run": True, "applied": None, "project": "1", "folder": "7"},
    "job": None,
    "figures": [("resolvable", "can be linked", "ok", 1_204), ("unknown_store", "unknown store", "bad", 1)],
    "lines": [
        {
            "line": 1_205,
            "address": "s3://elsewhere/a.jpg",
            "reason": "It lies in no registered store that is open to you.",
            "tag": ("unknown store", "bad"),
        }
    ],
    "chosen": "",
    "full": False,
    "good": 1_204,
    "bad": 1,
    "may_edit": True,
}


def policy() -> Facts:
    """The page of a store at AWS with all that it can show: documents, and the findings in a policy open to all."""
    store = Store(
        "reef", Connection(Provider.S3, region="eu-central-1"), bucket=Bucket("reef"), prefix=prefix_of("2021/")
    )
    wish = wish_for(store, origins=("https://media.example.org",))
    modes = (Mode.LINK, Mode.UPLOAD, Mode.DIRECT_UPLOAD)
    return {
        "store": "reef",
        "all_modes": [(one, MEANING[one], one in modes) for one in Mode],
        "forms": [(Form.JSON, "Documents"), (Form.AWS, "Commands for aws")],
        "form": Form.JSON,
        "names": [("account", "Account", "12 digits, at AWS", "111122223333")],
        "append_only": False,
        "documents": [asdict(one) for one in prescribe(wish, modes)],
        "problem": None,
        "may_check": True,
        "pasted": OPEN_TO_ALL,
        "findings": [asdict(one) for one in check_policy(OPEN_TO_ALL, modes={*modes}, wish=wish)],
        "fault": None,
    }
