"""Clients that send a body in ways that good libraries do not, and what a server keeps of it."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from servers.moorage import Moorage
from web.conftest import Face


@contextmanager
def raw(face: Face, path: str, length: int | None, *more: str) -> Iterator[socket.socket]:
    """A connection on which the head of a PUT was sent; its body is the caller's business."""
    where = urlsplit(face.server.address)
    with socket.create_connection((where.hostname or "", where.port or 80), timeout=60) as connection:
        lines = [f"PUT {path} HTTP/1.1", f"Host: {where.netloc}", f"Authorization: Bearer {face.token}", *more]
        lines += [] if length is None else [f"Content-Length: {length}"]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        yield connection


def answer_on(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and document of the answer; what comes after it is not read."""
    held = b""
    while b"\r\n\r\n" not in held:
        block = connection.recv(65536)
        assert block, held
        held += block
    head, _, body = held.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    return int(lines[0].split()[1]), json.loads(body)


def send_blindly(connection: socket.socket, length: int) -> int:
    """Send zeros without a look at any answer, as a browser does; how many went before the connection was cut."""
    block, sent = bytes(1 << 20), 0
    try:
        while sent < length:
            connection.sendall(block)
            sent += len(block)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


def in_catalogue(server: Moorage, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of the catalogue's file; changes are committed."""
    with closing(sqlite3.connect(server.data / "catalogue.db", timeout=30)) as connection, connection:
        return connection.execute(query, values).fetchall()


def stored(server: Moorage) -> list[Path]:
    """Every file of the built-in store."""
    top = server.data / "storage" / "moorage-public"
    return sorted(path for path in top.rglob("*") if path.is_file())


def unfinished(server: Moorage) -> list[Path]:
    """Bodies that the built-in store has not made objects of."""
    return sorted((server.data / "storage").glob(".moorage/*/incoming/*"))
