"""Sample facts of an installation: stores and their check, mirrors, users and tokens, health and settings."""

from __future__ import annotations

from typing import Final

from browser.sample import NOW, Facts

STORES: Final[list[Facts]] = [
    {
        "id": "1",
        "name": "reef",
        "provider": "s3",
        "bucket": "reef",
        "prefix": "",
        "endpoint": "https://storage.example.org:9000",
        "region": "eu-central-1",
        "path_style": True,
        "root": "",
        "read_only": True,
        "serve": "proxy",
        "place": "s3://reef/",
        "credentials": {"kind": "keys", "access_key": "AKIAIOSFODNN7EXAMPLE"},
        "origin": "",
        "guarded": False,
        "scope": {"projects": [], "users": []},
        "loan_role_arn": "",
        "expires": None,
        "expires_what": "",
        "days_left": None,
        "created": NOW,
        "checked": NOW,
        "passed": True,
    },
    {
        "id": "2",
        "name": "local-datasets",
        "provider": "disk",
        "bucket": "",
        "prefix": "",
        "endpoint": "",
        "region": "",
        "path_style": None,
        "root": "/mnt/data/datasets",
        "read_only": True,
        "serve": "proxy",
        "place": "/mnt/data/datasets",
        "credentials": {"kind": "anonymous"},
        "origin": "",
        "guarded": False,
        "scope": {"projects": [], "users": []},
        "loan_role_arn": "",
        "expires": None,
        "expires_what": "",
        "days_left": None,
        "created": NOW,
        "checked": None,
        "passed": None,
    },
    {
        "id": "3",
        "name": "uploads",
        "provider": "s3",
        "bucket": "moorage-uploads",
        "prefix": "incoming/",
        "endpoint": "",
        "region": "eu-west-1",
        "path_style": None,
        "root": "",
        "read_only": False,
        "serve": "proxy",
        "place": "s3://moorage-uploads/incoming/",
        "credentials": {"kind": "keys", "access_key": "AKIAIOSFODNN7EXAMPLE"},
        "origin": "",
        "guarded": False,
        "scope": {"projects": [], "users": []},
        "loan_role_arn": "",
        "expires": NOW,
        "expires_what": "session token",
        "days_left": 6,
        "created": NOW,
        "checked": NOW,
        "passed": False,
    },
]

FORMER: Final[Facts] = {
    "credentials": {"kind": "keys", "access_key": "AKIAIOSFODNN7FORMER1"},
    "endings": [],
    "replaced": NOW,
    "by": "ada@example.org",
    "settles": NOW,
    "failing": ["reef"],
}


def line(permission: str, finding: str, detail: str, advice: str = "", *, required: bool = True) -> Facts:
    return {"permission": permission, "finding": finding, "required": required, "detail": detail, "advice": advice}


REPORT: Final[Facts] = {
    "lines": [
        line("reach", "ok", "storage.example.org:9000 answered in 41 ms over TLS 1.3."),
        line("list", "ok", "Listed the first 100 keys."),
        line(
            "read",
            "missing",
            "GET of 2021/frame_0000001.jpg was refused: AccessDenied.",
            "Add s3:GetObject on arn:aws:s3:::reef/* to the policy of this key, then check again.",
        ),
        line("ranged read", "unknown", "Not tried, because reading is refused.", "Mend reading first."),
        line("write", "skipped", "The store is read only.", required=False),
        line("multipart", "skipped", "The store is read only.", required=False),
        line("delete", "skipped", "The store is read only.", required=False),
    ],
    "warnings": ["The clock of the server is 74 s behind."],
    "passed": False,
    "checked": NOW,
    "left_behind": "",
}
UNREACHED: Final[Facts] = REPORT | {
    "lines": [
        line("reach", "unknown", "storage.example.org does not resolve.", "Check the host name."),
        *(line(name, "unknown", "Not tried: the store was not reached.") for name in ("list", "read", "ranged read")),
    ]
}
MIRRORS: Final[list[Facts]] = [
    {
        "id": "12",
        "project": "1",
        "project_name": "Reef survey 2021",
        "folder": "7",
        "folder_name": "2021",
        "store": "reef",
        "prefix": "2021/",
        "address": "s3://reef/2021/",
        "include": [],
        "exclude": ["**/thumbs/**"],
        "on_vanished": "hide",
        "state": "active",
        "reason": "",
        "last_complete": NOW,
        "job": "41",
        "last_job": "41",
    },
    {
        "id": "13",
        "project": "2",
        "project_name": "Street scenes",
        "folder": "8",
        "folder_name": "persons",
        "store": "local-datasets",
        "prefix": "persons/",
        "address": "fs://local-datasets/persons/",
        "include": ["*.jpg", "*.png"],
        "exclude": [],
        "on_vanished": "hide",
        "state": "broken",
        "reason": "The root /mnt/data/datasets is empty, but it had objects: is the disk mounted?",
        "last_complete": NOW,
        "job": None,
        "last_job": None,
    },
    {
        "id": "14",
        "project": "1",
        "project_name": "Reef survey 2021",
        "folder": "9",
        "folder_name": "video",
        "store": "uploads",
        "prefix": "incoming/",
        "address": "s3://moorage-uploads/incoming/",
        "include": [],
        "exclude": [],
        "on_vanished": "keep",
        "state": "paused",
        "reason": "",
        "last_complete": None,
        "job": None,
        "last_job": None,
    },
]
USER: Final[Facts] = {"id": "1", "email": "ada@example.org", "role": "admin"}
USERS: Final[list[Facts]] = [
    {
        "id": "1",
        "email": "ada@example.org",
        "role": "admin",
        "has_password": True,
        "disabled": False,
        "created": NOW,
        "grants": [{"project": None, "role": "admin"}],
    },
    {
        "id": "2",
        "email": "jacques.cousteau@example.org",
        "role": "",
        "has_password": False,
        "disabled": False,
        "created": NOW,
        "grants": [{"project": "1", "role": "editor"}, {"project": "2", "role": "viewer"}],
    },
    {
        "id": "3",
        "email": "grace@example.org",
        "role": "viewer",
        "has_password": True,
        "disabled": True,
        "created": NOW,
        "grants": [],
    },
]
TOKENS: Final[list[Facts]] = [
    {
        "id": "5",
        "name": "training job",
        "email": "ada@example.org",
        "created": NOW,
        "expires": "2027-02-18T15:06:54Z",
        "last_used": NOW,
        "role": "viewer",
        "project": "2",
    },
    {
        "id": "6",
        "name": "laptop",
        "email": "jacques.cousteau@example.org",
        "created": NOW,
        "expires": None,
        "last_used": None,
        "role": None,
        "project": None,
    },
]
CHECKS: Final[list[Facts]] = [
    {
        "name": "Catalogue",
        "state": "ok",
        "detail": "SQLite 3.46, 5,008,413 items, write-ahead log 2.1 MB.",
        "advice": "",
    },
    {
        "name": "Public address",
        "state": "warning",
        "detail": "A browser came by http://10.0.0.7:8080, but the public address is https://media.example.org/moorage.",
        "advice": "Set MOORAGE_PUBLIC_URL to the address that people use.",
    },
    {
        "name": "Store local-datasets",
        "state": "failed",
        "detail": "The root /mnt/data/datasets is empty, but it had objects.",
        "advice": "Mount the disk, then check the store again.",
    },
]
SETTINGS: Final[list[Facts]] = [
    {
        "name": "MOORAGE_PUBLIC_URL",
        "value": "https://media.example.org/moorage",
        "origin": "environment",
        "help": "The only source of absolute addresses.",
    },
    {"name": "CACHE_PREVIEWS_SIZE", "value": "1g", "origin": "default", "help": "How much room previews may take."},
    {"name": "MOORAGE_SECRET_KEY", "value": "••••", "origin": "file /run/secrets/key", "help": ""},
]
PLACES: Final[list[Facts]] = [
    {"name": "Data directory", "value": "/var/lib/moorage"},
    {"name": "Key file", "value": "/var/lib/moorage/secret.key"},
    {"name": "Public address", "value": "https://media.example.org/moorage"},
]

LINKS: Final[list[Facts]] = [
    {
        "id": str(number),
        "folder": folder,
        "provider": "",
        "note": "Please give read access to the cruise of 2021.\nOnly the folder cruise/.",
        "state": state,
        "made_by": "ada@example.org",
        "expires": NOW,
        "used": NOW if state == "used" else None,
        "revoked": NOW if state == "revoked" else None,
        "store": "reef" if state == "used" else "",
    }
    for number, (folder, state) in enumerate(
        [("partners/reef", "open"), ("", "used"), ("x", "revoked"), ("y", "expired"), ("z", "worn")]
    )
]
PROJECT_STORES: Final[Facts] = {
    "project": {"id": "1", "name": "Reef survey 2021", "limited": True},
    "stores": STORES[:1],
    "links": LINKS,
}
INVITED: Final[Facts] = {"token": "secret", "project": "Reef survey 2021", "link": LINKS[0], "report": None}
