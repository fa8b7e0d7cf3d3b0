"""Projects with links, as a person makes them over REST."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers.moorage import Answer
from web.conftest import Face, items
from web.places import Bucket


@dataclass
class Linked:
    """A project of its own, into which lists are sent."""

    face: Face
    project: str
    root: str

    @classmethod
    def made(cls, face: Face) -> Linked:
        project = face("POST", "/api/v1/projects", {"name": f"links {secrets.token_hex(4)}"}).json["id"]
        root = face("GET", f"/api/v1/lookup?project={project}&path=").json["folder"]["id"]
        return cls(face, project, root)

    def send(self, text: str | bytes, query: str = "", content_type: str = "text/plain") -> Answer:
        body = text.encode() if isinstance(text, str) else text
        return self.face("POST", f"/api/v1/projects/{self.project}/links?{query}", body, Content_Type=content_type)

    def done(self, sent: Answer) -> Any:
        """The import once its job has ended."""
        assert sent.status == 202, sent.body
        self.face.wait(sent.json["job"])
        return self.face("GET", f"/api/v1/imports/{sent.json['id']}").json

    def lines(self, of: Any, query: str = "limit=1000") -> Any:
        return self.face("GET", f"/api/v1/imports/{of['id']}/lines?{query}").json["lines"]

    def items(self) -> dict[str, Any]:
        return items(self.face, self.root)

    def read(self, item: Any, **headers: str) -> Answer:
        return self.face("GET", f"/api/v1/items/{item['id']}/content", **headers)


def add_bucket(face: Face, bucket: Bucket, name: str = "") -> str:
    """Register a bucket of Ceph; its store's name."""
    server = bucket.server
    wish = {"name": name or bucket.name, "provider": "s3", "bucket": bucket.name, "endpoint": server.endpoint}
    made = face("POST", "/api/v1/stores", wish | bucket.keys())
    assert made.status == 201, made.body
    return str(made.json["name"])


def add_disk(face: Face, root: Path) -> str:
    """Register a directory; its store's name."""
    root.mkdir(exist_ok=True)
    name = f"disk-{secrets.token_hex(4)}"
    made = face("POST", "/api/v1/stores", {"name": name, "provider": "disk", "root": str(root)})
    assert made.status == 201, made.body
    return name
