"""A server of sample pages and answers on loopback, under a path prefix, with the headers of the product."""

from __future__ import annotations

import contextlib
import json
import mimetypes
import queue
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from browser import previews, sample
from browser.screens import BASE, PACKAGE, render
from moorage.edge import security

UNDECODABLE: Final = {
    "title": "Undecodable",
    "detail": "The file ends in the middle of the picture.",
    "advice": "Download it to see what is there.",
}


class Harness(ThreadingHTTPServer):
    """Counts what was asked for, and tells listening tabs of jobs."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves in the middle is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.sent: list[tuple[str, str, Any]] = []
        self.answers: dict[str, tuple[int, Any]] = {}
        self.busy: dict[str, int] = {}
        """How often a path is still to be answered by 503."""
        self.listeners: list[queue.Queue[str]] = []
        self.total = sample.ITEMS
        self.restored: set[str] = set()
        self.taken: list[str] = []
        """Names that folders have already."""
        self.put: list[tuple[str, dict[str, str], bytes]] = []
        """Folder, query and body of each file that came."""
        self.gate = threading.Event()
        """Answers to files wait for it."""
        self.gate.set()
        self.under_way = 0
        self.most_under_way = 0
        self.lock = threading.Lock()

    def clear(self) -> None:
        """Forget what an earlier test did."""
        for kept in (self.asked, self.sent, self.answers, self.busy, self.restored, self.taken, self.put):
            kept.clear()
        self.most_under_way = 0
        self.gate.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{BASE}"

    def set_job(self, job: sample.Facts) -> None:
        """Make the job stand so, on pages and in answers."""
        sample.JOBS[[one["id"] for one in sample.JOBS].index(job["id"])] = job

    def tell(self, job: sample.Facts) -> None:
        """Set the job, and tell all that listen."""
        self.set_job(job)
        for listener in list(self.listeners):
            listener.put(json.dumps(job))


class Handler(BaseHTTPRequestHandler):
    """One request; `protocol_version` keeps connections open, as the product does."""

    protocol_version = "HTTP/1.1"
    server: Harness

    def log_message(self, *args: object) -> None: ...

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path.removeprefix(BASE)
        self.server.asked.append(self.path.removeprefix(BASE))
        if path.startswith("/static/"):
            file = PACKAGE / "static" / path.removeprefix("/static/")
            media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            self._send(200, file.read_bytes(), media_type, ("Cache-Control", "public, max-age=31536000, immutable"))
        elif self.server.busy.get(path):
            self.server.busy[path] -= 1
            self._json({"title": "Busy", "detail": "The server is busy."}, 503)
        elif path.startswith("/api/v1/"):
            self._api(path.removeprefix("/api/v1").strip("/").split("/"), query)
        else:
            status, page = render(path or "/", query)
            self._send(status, page.encode(), "text/html; charset=utf-8")

    def do_PUT(self) -> None:
        """A file for a folder; a 409 or another refusal comes once its body was read."""
        server, parts = self.server, urlsplit(self.path)
        query, path = dict(parse_qsl(parts.query)), parts.path.removeprefix(BASE)
        with server.lock:
            server.under_way += 1
            server.most_under_way = max(server.most_under_way, server.under_way)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.gate.wait(30)
        with server.lock:
            server.under_way -= 1
            status, answer = server.answers.get(f"{path}?{query['name']}", (201, None))
            if status < 400:
                server.put.append((path.split("/")[4], query, body))
                answer = sample.uploaded(len(server.put), query["name"], len(body))
        self._json(answer, status)

    def _change(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.removeprefix(BASE)
        if path.endswith("/taken"):
            names = json.loads(body)["names"]
            self._json({"taken": [name for name in names if name in self.server.taken]})
            return
        if path.endswith("/restore"):
            self.server.restored.add(path.split("/")[4])
        self.server.sent.append((self.command, path, json.loads(body) if body else None))
        status, answer = self.server.answers.get(path, (200, {}))
        kind = "application/problem+json" if status >= 400 else "application/json"
        self._send(status, json.dumps(answer).encode(), kind)

    do_POST = _change  # noqa: N815 (the name that http.server calls)
    do_PATCH = _change  # noqa: N815 (likewise)
    do_DELETE = _change  # noqa: N815 (likewise)

    def _api(self, parts: list[str], query: dict[str, str]) -> None:
        match parts:
            case ["folders", folder, "children"] if query.get("state") == "gone":
                none: sample.Facts = {"folders": [], "items": [], "next": None, "position": None, "total": None}
                self._json(none if folder == "8" else sample.tombstones(query, self.server.restored))
            case ["folders", "8", "children"]:
                put = [
                    sample.uploaded(n, query["name"], len(body))
                    for n, (_, query, body) in enumerate(self.server.put, 1)
                ]
                self._json({"folders": [], "items": put, "next": None, "position": 0, "total": len(put)})
            case ["folders", _, "children"]:
                self._json(sample.children(query, self.server.total))
            case ["items", item_id, "preview" | "poster"]:
                self._preview(int(item_id) - 1000, int(query.get("width", "256")))
            case ["items", _, "content"]:
                self._range(previews.film())
            case ["jobs", "events"]:
                self._events()
            case ["jobs", _, "missing"]:
                self._json({"items": [sample.item(n) for n in range(20)]})
            case ["jobs", number]:
                self._json(next(job for job in sample.JOBS if job["id"] == number))
            case ["stores", _, "objects"]:
                prefix = query.get("prefix", "")
                objects = [
                    {"key": f"{prefix}frame_{n:04d}.jpg", "size": 1_900_000 + n, "modified": sample.NOW}
                    for n in range(30)
                ]
                self._json(
                    {
                        "prefixes": [{"prefix": f"{prefix}{name}/"} for name in ("2021", "2022", "calibration")],
                        "objects": objects,
                        "next": None,
                    }
                )
            case _:
                self._json({"title": "Not found", "detail": "There is no such thing."}, 404)

    def _preview(self, index: int, width: int) -> None:
        if sample.KINDS.get(index % 16) == "broken":
            self._json(UNDECODABLE, 422)
        else:
            self._send(200, previews.preview(index, width), "image/webp", ("Cache-Control", "no-store"))

    def _events(self) -> None:
        listener: queue.Queue[str] = queue.Queue()
        self.server.listeners.append(listener)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                try:
                    text = f"data: {listener.get(timeout=0.2)}\n\n"
                except queue.Empty:
                    text = ": \n\n"
                self.wfile.write(text.encode())
                self.wfile.flush()
        self.server.listeners.remove(listener)
        self.close_connection = True

    def _range(self, data: bytes) -> None:
        asked = self.headers.get("Range", "")
        if not asked.startswith("bytes="):
            self._send(200, data, "video/webm", ("Accept-Ranges", "bytes"))
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        stop = min(len(data), int(last) + 1) if last else len(data)
        self._send(
            206,
            data[int(first) : stop],
            "video/webm",
            ("Content-Range", f"bytes {first}-{stop - 1}/{len(data)}"),
            ("Accept-Ranges", "bytes"),
        )

    def _json(self, answer: Any, status: int = 200) -> None:
        self._send(
            status, json.dumps(answer).encode(), "application/json" if status < 400 else "application/problem+json"
        )

    def _send(self, status: int, body: bytes, media_type: str, *headers: tuple[str, str]) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            told = (("Content-Type", media_type), ("Content-Length", str(len(body))), *security.PAGES, *headers)
            for name, value in told:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)


@contextlib.contextmanager
def running() -> Iterator[Harness]:
    """A harness that answers until the block ends."""
    server = Harness()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
