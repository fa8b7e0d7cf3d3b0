"""A small server that speaks the REST API over one project held in memory, with faults to order."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "mrg_toy"
TIME = "2026-11-20T15:04:05.123Z"
COUNTS = {"items": 2, "bytes": 12, "subtree_items": 2, "subtree_bytes": 12, "folders": 1}
REPORT: dict[str, Any] = {
    "passed": False,
    "checked": TIME,
    "lines": [
        {"permission": "reach", "finding": "ok", "required": True, "detail": "", "advice": ""},
        {
            "permission": "list",
            "finding": "missing",
            "required": True,
            "detail": "403",
            "advice": "Allow s3:ListBucket.",
        },
    ],
    "warnings": ["The clock is 90 s late."],
    "left_behind": "",
}
CONTENT = bytes(range(256)) * 1000


def folder(id_: str, name: str, parent: str | None = "10") -> dict[str, Any]:
    path = "" if parent is None else f"{name}/"
    return {"id": id_, "project": "1", "parent": parent, "name": name, "path": path, "mirror": None, "counts": COUNTS}


def item(id_: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_, "project": "1", "folder": "10", "name": name, "kind": "image", "key": name,
        "address": f"s3://reef/{name}", "store": "reef", "size": len(CONTENT), "etag": "e1", "generation": "",
        "modified": TIME, "media_type": "image/jpeg", "linked": True, "state": "live", "gone": None, "width": 10,
        "height": 20, "duration": None, **more,
    }  # fmt: skip


ODD = item(
    "21", "bad\\xff\\\\name", key_encoding="escaped", address="s3://reef/bad\\xff\\\\name", key="bad\\xff\\\\name"
)
ROOT = folder("10", "", None)
SUB = folder("11", "2021")
ITEM = item("20", "a b.jpg")
STORE: dict[str, Any] = {
    "id": "5", "name": "reef", "provider": "s3", "endpoint": "https://s3.example", "region": "eu-west-1",
    "bucket": "reef", "prefix": "", "root": "", "path_style": None, "read_only": True, "serve": "proxy",
    "follow_symlinks": False, "scope": {"projects": [], "users": []}, "credentials": {"kind": "keys"}, "ca": False,
    "created": TIME, "check": REPORT | {"passed": True, "lines": REPORT["lines"][:1], "warnings": []},
}  # fmt: skip
KEPT = {
    "credentials": {"kind": "sas", "permissions": "rl"},
    "endings": [{"what": "SAS token", "expires": TIME, "days_left": -1}],
    "former": {
        "credentials": {"kind": "keys"}, "endings": [], "replaced": TIME, "by": "a@b.example", "settles": TIME,
        "failing": ["reef"],
    },
}  # fmt: skip
PROJECT = {"id": "1", "name": "Reef", "root": "10", "default_store": None, "created": TIME, "counts": COUNTS}
MIRROR = {
    "id": "7", "project": "1", "folder": "11", "store": "reef", "prefix": "2021/", "include": [], "exclude": ["*.tmp"],
    "on_vanished": "hide", "state": "active", "reason": "", "created": TIME, "last_job": "30", "last_complete": None,
    "question": None, "project_name": "Reef", "path": "2021",
}  # fmt: skip
STARTED = {
    "id": "7", "job": "30", "folder": "11", "project": "1", "project_name": "Reef", "store": "reef", "made": [],
    "note": "",
}  # fmt: skip
SUGGESTED = {
    "provider": "s3", "place": "reef", "store": "reef", "store_name": "reef", "project": "Reef",
    "needs_credentials": False, "mirror": None, "folder": None,
}  # fmt: skip
QUESTION = {
    "text": "12,400 of 50,000 objects are gone from s3://reef/2021/.",
    "figures": {"vanished": 12400, "live": 50000},
    "choices": [{"name": "accept", "label": "They are really gone"}, {"name": "look_again", "label": "Look again"}],
}


def job(state: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "30", "kind": "scan", "subject": "7", "state": state, "title": "Index s3://reef/2021/", "project": "1",
        "folder": "11", "asked_by": "1", "question": None, "answer": None, "done": 5, "total": 10, "bytes": 100,
        "unit": "objects", "rate": 2.5, "errors": [], "outcome": {}, "message": "", "created": TIME, "started": TIME,
        "ended": None, "cancel_asked": False, "pause_asked": False, "no_worker": False, **more,
    }  # fmt: skip


DONE = job("succeeded", done=10, outcome={"added": 10}, ended=TIME)


@dataclass
class Toy:
    """The server's state: ``states`` are the answers about the job, one after the other, the last for good."""

    url: str = ""
    states: list[dict[str, Any]] = field(default_factory=lambda: [job("queued"), job("running"), DONE])
    statuses: list[int] = field(default_factory=list)
    """Statuses with which the next requests are refused."""
    cut: list[int] = field(default_factory=list)
    """After how many bytes the next answers with content break off."""
    versions: list[str] = field(default_factory=lambda: ['"v1"'])
    """The validators of the next contents, the last for good."""
    events: bool = True
    seen: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """The idempotency keys that came."""

    def state(self) -> dict[str, Any]:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


def problem(status: int, slug: str, detail: str, advice: str = "", **more: Any) -> web.Response:
    document = {
        "type": f"/problems/{slug}",
        "title": slug,
        "status": status,
        "detail": detail,
        "advice": advice,
        **more,
    }
    return web.json_response(document, status=status, content_type="application/problem+json")


def application(toy: Toy) -> web.Application:
    app = web.Application(middlewares=[_admission(toy)])
    prefix = "/moorage/api/v1"
    for method, path, handler in _routes(toy):
        app.router.add_route(method, prefix + path, handler)
    return app


def _admission(toy: Toy) -> Any:
    @web.middleware
    async def admit(request: web.Request, handler: Any) -> web.StreamResponse:
        toy.seen.append((request.method, request.raw_path.removeprefix("/moorage/api/v1")))
        if key := request.headers.get("Idempotency-Key"):
            toy.keys.append(key)
        if toy.statuses:
            return web.Response(status=toy.statuses.pop(0), text="a proxy says no")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "sign-in-needed", "No valid token came with the request.", "Set MOORAGE_TOKEN.")
        if request.can_read_body:
            toy.bodies.append(await request.json())
        answer: web.StreamResponse = await handler(request)
        return answer

    return admit


def says(document: Any, status: int = 200) -> Any:
    """A handler that always says the same."""

    async def handler(_: web.Request) -> web.Response:
        return web.json_response(document, status=status)

    return handler


async def nothing(_: web.Request) -> web.Response:
    return web.Response(status=204)


class Answers:
    """Handlers of the routes that do more than say one document."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy

    async def add_store(self, _: web.Request) -> web.Response:
        if self.toy.bodies[-1]["force"]:
            return web.json_response(STORE, status=201)
        return problem(
            422, "probe-failed", "The check of reef failed. Nothing was registered.", "Fix it.", report=REPORT
        )

    async def in_use(self, _: web.Request) -> web.Response:
        return problem(409, "in-use", "reef is in use.", "Remove the mirror first.", users=["mirror 7"])

    async def objects(self, request: web.Request) -> web.Response:
        if "after" in request.query:
            return web.json_response({"objects": [], "prefixes": [{"prefix": "2021/"}], "next": None})
        odd = {"key": "o\\xfe", "key_encoding": "escaped", "size": 1, "etag": "", "modified": TIME}
        return web.json_response({"objects": [odd], "prefixes": [], "next": "o\\xfe"})

    async def children(self, request: web.Request) -> web.Response:
        page = {"folders": [SUB], "items": [ITEM], "next": "more", "position": 0, "total": 3}
        if request.match_info["folder"] != ROOT["id"]:
            page = {"folders": [], "items": [], "next": None, "position": 0, "total": 0}
        elif request.query.get("after") == "more":
            page = {"folders": [], "items": [ODD], "next": None, "position": 2, "total": 3}
        return web.json_response(page)

    async def lookup(self, request: web.Request) -> web.Response:
        found = {
            "": {"folder": ROOT},
            "2021": {"folder": SUB},
            "a b.jpg": {"item": ITEM},
            "bad\\xff\\\\name": {"item": ODD},
        }
        path = request.query["path"]
        if request.query["project"] != "Reef" or path not in found:
            return problem(404, "not-found", f"There is no {path} in {request.query['project']}.", "Look with ls.")
        return web.json_response(found[path])

    async def one_item(self, request: web.Request) -> web.Response:
        return web.json_response({"20": ITEM, "21": ODD}[request.match_info["item"]])

    async def items(self, request: web.Request) -> web.Response:
        assert request.headers["Accept"] == "application/x-ndjson"
        return web.Response(
            text="".join(json.dumps(row) + "\n" for row in (ITEM, ODD)), content_type="application/x-ndjson"
        )

    async def one_job(self, _: web.Request) -> web.Response:
        return web.json_response(self.toy.state())

    async def events(self, request: web.Request) -> web.StreamResponse:
        if not self.toy.events:
            return web.Response(status=502)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            now = self.toy.state()
            await response.write(f": beat\n\nevent: job\ndata: {json.dumps(now)}\n\n".encode())
            if now["state"] in ("succeeded", "failed") or len(self.toy.states) == 1:
                return response

    async def signed(self, _: web.Request) -> web.Response:
        url = {"item": "20", "name": "a b.jpg", "path": "a b.jpg", "kind": "image", "url": "http://x/y?signature=s"}
        return web.json_response(url | {"expires": TIME})

    async def content(self, request: web.Request) -> web.StreamResponse:
        return await _content(self.toy, request)

    async def token(self, request: web.Request) -> web.Response:
        made = {
            "id": "3",
            "name": "ci",
            "user": "1",
            "email": "a@b.example",
            "role": None,
            "project": None,
            "created": TIME,
            "expires": None,
        }
        return web.json_response(
            made | {"token": "mrg_new"} if request.method == "POST" else {"tokens": [made], "next": None}
        )


def _routes(toy: Toy) -> Iterator[tuple[str, str, Any]]:
    answers = Answers(toy)
    yield from (
        ("GET", "/stores", says({"stores": [STORE], "next": None})),
        ("POST", "/stores", answers.add_store),
        ("POST", "/stores/check", says(REPORT)),
        ("GET", "/stores/reef", says(STORE)),
        ("PATCH", "/stores/reef", says(STORE)),
        ("DELETE", "/stores/reef", answers.in_use),
        ("POST", "/stores/reef/check", says(STORE["check"])),
        ("GET", "/stores/reef/credentials", says(KEPT)),
        ("POST", "/stores/reef/credentials/undo", says(STORE)),
        ("DELETE", "/stores/reef/credentials/former", nothing),
        ("GET", "/stores/reef/objects", answers.objects),
        ("GET", "/projects", says({"projects": [PROJECT], "next": None})),
        ("POST", "/projects", says(PROJECT, 201)),
        ("GET", "/projects/Reef", says(PROJECT)),
        ("PATCH", "/projects/Reef", says(PROJECT | {"name": "Reef 2"})),
        ("DELETE", "/projects/Reef", nothing),
        ("GET", "/projects/Reef/items", answers.items),
        ("GET", "/lookup", answers.lookup),
        ("GET", "/folders/10", says(ROOT | {"ancestors": [{"id": "10", "name": ""}]})),
        ("GET", "/folders/{folder}/children", answers.children),
        ("GET", "/items/{item}", answers.one_item),
        ("DELETE", "/items/{item}", says({"kept_object": True, "state": "hidden"})),
        ("POST", "/items/{item}/restore", says(ITEM)),
        ("GET", "/items/{item}/content", answers.content),
        ("POST", "/items/{item}/url", answers.signed),
        ("GET", "/mirrors", says({"mirrors": [MIRROR], "next": None})),
        ("POST", "/mirrors", says(STARTED, 202)),
        ("POST", "/mirrors/suggest", says(SUGGESTED)),
        ("GET", "/mirrors/7", says(MIRROR)),
        ("DELETE", "/mirrors/7", nothing),
        ("POST", "/mirrors/7/reindex", says({"id": "7", "job": "30"}, 202)),
        ("POST", "/mirrors/7/pause", says(MIRROR | {"state": "paused"})),
        ("POST", "/mirrors/7/resume", says(MIRROR)),
        ("GET", "/jobs", says({"jobs": [DONE], "next": None})),
        ("GET", "/jobs/30", answers.one_job),
        ("GET", "/jobs/30/events", answers.events),
        ("POST", "/jobs/30/{verb:cancel|retry|pause|resume|confirm}", answers.one_job),
        (
            "GET",
            "/jobs/30/missing",
            says({"items": [{"id": "22", "name": "x", "address": "s3://reef/2021/x"}], "next": None}),
        ),
        ("GET", "/me", says({"email": "a@b.example", "user": "1", "everywhere": "admin", "roles": {}})),
        ("GET", "/tokens", answers.token),
        ("POST", "/tokens", answers.token),
    )


async def _content(toy: Toy, request: web.Request) -> web.StreamResponse:
    version = toy.versions.pop(0) if len(toy.versions) > 1 else toy.versions[0]
    wanted = request.http_range
    start = wanted.start or 0
    if start >= len(CONTENT):
        return problem(416, "range-unsatisfiable", "No byte lies in that range.", size=len(CONTENT))
    body = CONTENT[start : wanted.stop]
    headers = {"Content-Length": str(len(body)), "ETag": version}
    response = web.StreamResponse(status=206 if "Range" in request.headers else 200, headers=headers)
    await response.prepare(request)
    if toy.cut:
        await response.write(body[: toy.cut.pop(0)])
        assert request.transport is not None
        request.transport.close()
    else:
        await response.write(body)
    return response


@contextmanager
def running() -> Iterator[Toy]:
    """The toy on a free port of loopback, in a thread of its own."""
    toy, ready, loop = Toy(), threading.Event(), asyncio.new_event_loop()
    runner = web.AppRunner(application(toy), access_log=None, shutdown_timeout=0.2)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        toy.url = f"http://{host}:{port}/moorage"
        ready.set()

    def serve() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(10)
    try:
        yield toy
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
