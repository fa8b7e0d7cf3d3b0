"""How much of a body the front lets through."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from moorage.edge.front import MAX_BODY, Front
from moorage.edge.journal import Journal


async def status_of(length: int, path: str) -> int:
    """The status of a request whose body has that many bytes, in blocks, to an application that reads all of it."""
    sent: list[Message] = []
    left = [1000] * (length // 1000) + [length % 1000]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(left.pop(0)), "more_body": bool(left)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "PUT", "path": path, "query_string": b"", "headers": []}
    longest = {"/large": 5000}
    front = Front(app, prefix="/here", journal=Journal(), most_bytes=lambda inner: longest.get(inner["path"], MAX_BODY))
    await front(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("length", "path", "status"),
    [
        (MAX_BODY, "/here/small", 201),
        (MAX_BODY + 1, "/here/small", 413),
        (5000, "/here/large", 201),
        (5001, "/here/large", 413),
    ],
)
async def test_each_route_has_its_own_limit_and_bytes_are_counted(length: int, path: str, status: int) -> None:
    assert await status_of(length, path) == status
