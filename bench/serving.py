"""What an answer costs in processor time, against nginx that serves a file of that size, in one run.

    python bench/serving.py [--requests 4000]

A cached preview of about 20 KiB, the same by a signed URL, a 304, and a range of 1 MiB out of 5 GiB from a disk and,
warm, from S3. The client runs in a process of its own and is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import boto3
import numpy as np
import psutil
from PIL import Image

from servers import start_ceph
from servers.moorage import Moorage
from servers.nginx import free_port, included

ASKING = Path(__file__).parent / "asking.py"
ROUNDS = 5
LARGE = 5 << 30
RANGE = "bytes=3221225472-3222274047"
NGINX = """
daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/error.log;
{user}
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  server {{ listen 127.0.0.1:{port}; root {home}/files; }}
}}
"""


@dataclass(frozen=True)
class Target:
    """Something to ask for. ``pids``: the processes whose time counts."""

    port: int
    path: str
    headers: dict[str, str]
    pids: list[int]

    def spent(self) -> float:
        """Processor seconds of its processes so far, as the scheduler counts them: to the nanosecond, not in ticks."""
        stats = [stat for pid in self.pids for stat in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(stat.read_text().split()[0]) for stat in stats) / 1e9


def asked(target: Target, requests: int) -> tuple[float, str, int]:
    """Processor seconds for so many answers, with their status and bytes."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in target.headers.items())
    request = f"GET {target.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()
    before = target.spent()
    words = [sys.executable, "-S", str(ASKING), str(target.port), str(requests)]
    told = subprocess.run(words, input=request, capture_output=True, check=True, timeout=600).stdout.split()
    return target.spent() - before, told[0].decode(), int(told[1])


def compare(name: str, own: Target, other: Target, requests: int, bar: float) -> None:
    """Print what share of nginx's answers per processor second is reached."""
    ratios, each = [], []
    for _ in range(ROUNDS):
        mine, theirs = asked(own, requests), asked(other, requests)
        assert mine[1:] == theirs[1:], (mine, theirs)
        ratios.append(theirs[0] / mine[0])
        each.append((mine[0] / requests * 1e6, theirs[0] / requests * 1e6))
    spent = [statistics.median(one) for one in zip(*each, strict=True)]
    ratio = statistics.median(ratios)
    print(
        f"{name}: {ratio:.0%} of nginx ({spent[0]:.0f} us against {spent[1]:.0f} us an answer; bar {bar:.0%})",
        flush=True,
    )


def fronted(root: Path, media: Path, port: int, pids: list[int], requests: int) -> None:
    """The same preview, and a range, through the set-up of `moorage deploy nginx`; all its processes count."""
    front, behind, home = free_port(), free_port(), root / "front"
    home.mkdir()
    settings = {"MOORAGE_PUBLIC_URL": f"http://127.0.0.1:{front}", "MOORAGE_NGINX_SEALS": "true"}
    with Moorage(home / "data", settings, port=behind) as server:
        words = ("deploy", "nginx", "--listen", f"127.0.0.1:{front}", "--cache", str(home / "kept"))
        text = server.run(*words, MOORAGE_PORT=str(behind)).stdout
        with included(home, text, front):
            assert server.process is not None
            master = int((home / "nginx.pid").read_text())
            children = [one for one in psutil.Process(master).children() if "worker" in one.cmdline()[0]]  # no loader
            whole = [server.process.pid, master, *(child.pid for child in children)]
            api = Api(server)
            items = api.mirror({"address": str(media)})
            url = api("POST", f"/items/{items['noise.jpg']['id']}/url", {"variant": "preview", "width": 256})["url"]
            path = url.removeprefix(server.address)
            static = Target(port, "/preview.webp", {}, pids)
            compare("cached preview through nginx", Target(front, path, {}, whole), static, 8 * requests, 0.80)
            path = f"/api/v1/items/{items['large.bin']['id']}/content"
            static = Target(port, "/large.bin", {"Range": RANGE}, pids)
            own = Target(front, path, api.headers | {"Range": RANGE}, whole)
            compare("1 MiB of 5 GiB through nginx, asked about each time", own, static, requests // 10, 0.80)


@contextmanager
def nginx(home: Path) -> Iterator[tuple[int, list[int]]]:
    """Serves home/files; yields port and pids."""
    port = free_port()
    config = home / "nginx.conf"
    config.write_text(NGINX.format(home=home, port=port, user="user root;" if os.geteuid() == 0 else ""))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([program, "-p", str(home), "-e", str(home / "error.log"), "-c", str(config)])
    try:
        time.sleep(1)
        yield port, [process.pid, *(child.pid for child in psutil.Process(process.pid).children())]
    finally:
        process.terminate()
        process.wait(timeout=10)


class Api:
    """The server under test."""

    def __init__(self, server: Moorage) -> None:
        assert server.process is not None
        self.server, self.pid = server, server.process.pid
        self.headers = {"Authorization": f"Bearer {server.token()}"}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = self.headers | ({"Content-Type": "application/json"} if data else {})
        request = urllib.request.Request(f"{self.server.address}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=600) as response:
            return json.load(response)

    def mirror(self, body: dict[str, Any]) -> dict[str, Any]:
        """Show a place; its items by name."""
        made = self("POST", "/mirrors", body)
        while self("GET", f"/jobs/{made['job']}")["state"] not in ("succeeded", "failed"):
            time.sleep(0.2)
        return {one["name"]: one for one in self("GET", f"/projects/{made['project']}/items")["items"]}

    def target(self, path: str, **headers: str) -> Target:
        """A path of it, asked for with the token."""
        return Target(self.server.port, path, self.headers | headers, [self.pid])


def small(api: Api, item: str, files: Path, port: int, pids: list[int], requests: int) -> None:
    """A preview: by token, by a signed URL, and one that is known already."""
    path = f"/api/v1/items/{item}/preview?width=256"
    with urllib.request.urlopen(urllib.request.Request(f"{api.server.address}{path}", headers=api.headers)) as first:
        body, tag = first.read(), first.headers["etag"]
    (files / "preview.webp").write_bytes(body)
    static = Target(port, "/preview.webp", {}, pids)
    print(f"a preview of {len(body):,} bytes")
    compare("cached preview", api.target(path), static, requests, 0.25)
    url = api("POST", f"/items/{item}/url", {"variant": "preview", "width": 256})["url"]
    signed = Target(api.server.port, url.removeprefix(api.server.address), {}, [api.pid])
    compare("by a signed URL", signed, static, requests, 0.25)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/preview.webp") as plain:
        known = Target(port, "/preview.webp", {"If-None-Match": plain.headers["etag"]}, pids)
    compare("304", api.target(path, **{"If-None-Match": tag}), known, requests, 0.30)
    signed_304 = Target(signed.port, signed.path, {"If-None-Match": tag}, signed.pids)
    compare("304 by a signed URL", signed_304, known, requests, 0.30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--s3", action="store_true", help="also the range from S3 (needs 6 GiB of memory for Ceph)")
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as folder, nginx_home(Path(folder)) as (home, files, media):
        noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
        Image.fromarray(noise).resize((1600, 1200)).save(media / "noise.jpg", quality=90)
        with (media / "large.bin").open("wb") as file:
            file.truncate(LARGE)
        os.link(media / "large.bin", files / "large.bin")
        with nginx(home) as (port, pids), Moorage(home / "data") as server:
            api = Api(server)
            items = api.mirror({"address": str(media)})
            small(api, items["noise.jpg"]["id"], files, port, pids, requests)
            static = Target(port, "/large.bin", {"Range": RANGE}, pids)
            own = api.target(f"/api/v1/items/{items['large.bin']['id']}/content", Range=RANGE)
            compare("1 MiB of 5 GiB, from a disk", own, static, requests // 10, 0.80)
            fronted(home, media, port, pids, requests)
            if parser.parse_args().s3:
                from_s3(api, static, requests // 10)


def from_s3(api: Api, static: Target, requests: int) -> None:
    """The same range out of an object on Ceph that was read before."""
    ceph = start_ceph(9140, 6)
    s3 = boto3.client(
        "s3", endpoint_url=ceph.endpoint, aws_access_key_id=ceph.access_key, aws_secret_access_key=ceph.secret_key
    )
    s3.create_bucket(Bucket="large")
    upload = s3.create_multipart_upload(Bucket="large", Key="large.bin")["UploadId"]
    parts, block = [], bytes(64 << 20)
    for number in range(1, LARGE // len(block) + 1):
        told = s3.upload_part(Bucket="large", Key="large.bin", UploadId=upload, PartNumber=number, Body=block)
        parts.append({"PartNumber": number, "ETag": told["ETag"]})
    s3.complete_multipart_upload(Bucket="large", Key="large.bin", UploadId=upload, MultipartUpload={"Parts": parts})
    keys = {"kind": "keys", "access_key": ceph.access_key, "secret_key": ceph.secret_key}
    items = api.mirror({"address": f"{ceph.endpoint}/large", "credentials": keys})
    own = api.target(f"/api/v1/items/{items['large.bin']['id']}/content", Range=RANGE)
    compare("1 MiB of 5 GiB, from S3, warm", own, static, requests, 0.80)


@contextmanager
def nginx_home(root: Path) -> Iterator[tuple[Path, Path, Path]]:
    """Folders for nginx, its files, and the media."""
    files, media = root / "files", root / "media"
    files.mkdir()
    media.mkdir()
    yield root, files, media


if __name__ == "__main__":
    main()
