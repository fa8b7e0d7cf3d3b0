"""A server with two projects, a manager of each, and what its stores may and may not reach."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from servers import Server, ceph
from servers.moorage import Answer, Moorage, ask
from web.conftest import Face


@dataclass
class Listener:
    """A port of this machine that says how many came; they get one answer and are sent away."""

    port: int
    answer: bytes
    came: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def listening(answer: str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") -> Iterator[Listener]:
    """Counts every connection that is made to it, whatever is said."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        found = Listener(door.getsockname()[1], answer.encode())

        def serve() -> None:
            while True:
                try:
                    guest, _ = door.accept()
                except OSError:
                    return
                found.came += 1
                with guest:
                    guest.recv(65536)
                    guest.sendall(found.answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield found
        door.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@dataclass
class Yard:
    """The server, its admin, and the managers of the projects *reef* and *wreck*."""

    face: Face
    reef: str
    wreck: str
    manager: str
    other: str
    server: Server

    def __call__(self, method: str, path: str, body: Any = None, *, who: str = "", **headers: str) -> Answer:
        """An exchange as the manager of *reef*, or as somebody else."""
        address = self.face.server.address + path
        return ask(method, address, body, Authorization=f"Bearer {who or self.manager}", **headers)

    def s3(self, bucket: str, **more: Any) -> dict[str, Any]:
        """The fields of a store on Ceph, whose address an admin has listed."""
        keys = {"kind": "keys", "access_key": self.server.access_key, "secret_key": self.server.secret_key}
        return {"provider": "s3", "endpoint": self.server.endpoint, "bucket": bucket, "credentials": keys, **more}

    def names(self, who: str = "") -> list[str]:
        """The stores that somebody sees."""
        return [one["name"] for one in self("GET", "/api/v1/stores", who=who).json["stores"]]


@contextmanager
def yard(home: Path, **settings: str) -> Iterator[Yard]:
    """Start it. ``MOORAGE_STORE_ENDPOINTS`` lists Ceph, and what ``also`` names."""
    server = ceph()
    listed = f"{urlsplit(server.endpoint).netloc},{settings.pop('also', '')}".strip(",")
    with Moorage(home / "data", {"MOORAGE_STORE_ENDPOINTS": listed, **settings}) as process:
        face = Face(process, process.token())
        projects = [face("POST", "/api/v1/projects", {"name": name}).json["id"] for name in ("reef", "wreck")]
        tokens = []
        for name in ("reef", "wreck"):
            person = {"email": f"{name}@example.org", "role": "manager", "project": name}
            assert face("POST", "/api/v1/users", person).status == 201
            tokens.append(process.token(name, f"{name}@example.org"))
        yield Yard(face, projects[0], projects[1], tokens[0], tokens[1], server)
