"""What the poster of a 500 MB video costs its store: bytes and requests, cold, over S3.

    python bench/video.py [--megabytes 500]

A noisy clip is encoded once and repeated by its packets: mp4 with its index in front and at the end, Matroska, AVI.
Ceph stands behind a proxy that counts what the server asks for and gets.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import av
import boto3
import numpy as np

from servers import start_ceph
from servers.moorage import Moorage

WIDTH, HEIGHT, RATE, SECONDS = 1280, 720, 25, 8
KINDS = {
    "front.mp4": ("libx264", {"movflags": "faststart"}),
    "end.mp4": ("libx264", {}),
    "film.mkv": ("libx264", {}),
    "film.avi": ("mpeg4", {}),
}
BAR_SHARE, BAR_REQUESTS = 0.01, 5


def clip(place: Path, codec: str) -> None:
    """Some seconds of about 8 Mbit/s with sound and a keyframe every two seconds; nothing in it is blank."""
    noise = np.random.default_rng(3)
    ground = noise.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(place), "w") as made:
        video: Any = made.add_stream(codec, rate=RATE)
        video.width, video.height, video.pix_fmt, video.bit_rate = WIDTH, HEIGHT, "yuv420p", 8_000_000
        video.codec_context.gop_size = 2 * RATE
        if codec == "libx264":
            video.options = {"preset": "ultrafast"}
        audio: Any = made.add_stream("aac" if codec == "libx264" else "mp2", rate=48000)
        for number in range(SECONDS * RATE):
            picture = np.roll(ground, number * 4, 1)
            picture[: HEIGHT // 3] = noise.integers(0, 255, (HEIGHT // 3, WIDTH, 3), np.uint8)
            made.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        for start in range(0, SECONDS * 48000, 1152):
            samples = noise.normal(0, 0.1, (2, 1152)).astype(np.float32)
            shaped = samples if codec == "libx264" else (samples * 32767).astype(np.int16).T.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(shaped, format="fltp" if codec == "libx264" else "s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
            made.mux(audio.encode(frame))
        made.mux(video.encode(None))
        made.mux(audio.encode(None))


def repeat(short: Path, place: Path, options: dict[str, str], length: int) -> None:
    """The clip again and again, packet by packet, until so many bytes are written."""
    with av.open(str(short)) as source, av.open(str(place), "w", options=options) as made:
        streams = {one.index: made.add_stream_from_template(one) for one in source.streams}
        packets = [packet for packet in source.demux() if packet.size]
        kept = [(bytes(one), one.pts, one.dts, one.duration, one.is_keyframe, one.stream) for one in packets]
        written, turn = 0, 0
        while written < length:
            for data, pts, dts, duration, key, stream in kept:
                packet = av.Packet(data)
                assert dts is not None
                assert stream.time_base is not None
                shift = round(turn * (SECONDS + Fraction(1, 5)) / stream.time_base)  # sound ends a little later
                packet.pts, packet.dts = (pts if pts is not None else dts) + shift, dts + shift
                packet.duration, packet.time_base, packet.is_keyframe = duration, stream.time_base, key
                packet.stream = streams[stream.index]
                made.mux(packet)
                written += len(data)
            turn += 1


@dataclass
class Counted:
    """A proxy before the store: GETs of objects and the bytes of their answers, by key."""

    origin: str
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    """Of each request: key, range, bytes."""
    endpoint: str = ""

    def of(self, key: str) -> list[tuple[str, str, int]]:
        """What was asked of one object."""
        return [one for one in self.asked if one[0].endswith(key)]


@contextmanager
def counting(origin: str) -> Iterator[Counted]:
    """A proxy that hands everything on as it came; the name of the host too, which signatures bind."""
    counted = Counted(origin)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _hand_on(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            line = HTTPConnection(urlsplit(origin).netloc, timeout=120)
            line.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                line.putheader(name, value)
            line.endheaders(self.rfile.read(length) if length else None)
            told = line.getresponse()
            self.send_response_only(told.status)
            for name, value in told.getheaders():
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            count = 0
            try:
                while self.command != "HEAD" and (block := told.read(64 * 1024)):
                    count += len(block)
                    self.wfile.write(block)
            except OSError:  # it wants no more of it
                pass
            finally:
                self.close_connection = True
                path = urlsplit(self.path)
                if not path.query and path.path.count("/") > 1:
                    counted.asked.append((path.path, f"{self.command} {self.headers.get('range', '')}", count))
                line.close()

        do_GET = do_HEAD = do_PUT = do_POST = _hand_on  # noqa: N815 - the names of its base

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    counted.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield counted
    finally:
        server.shutdown()
        server.server_close()


def ask(server: Moorage, token: str, method: str, path: str, body: Any = None) -> bytes:
    """One exchange with the server under test."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": "application/json"} if data else {})
    request = urllib.request.Request(f"{server.address}/api/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=600) as response:
        read: bytes = response.read()
        return read


def report(name: str, what: str, size: int, asked: list[tuple[str, str, int]]) -> None:
    """Print what it cost the store."""
    spent, bar = sum(one[2] for one in asked), f"; bar {BAR_SHARE:.0%}, {BAR_REQUESTS}" if what == "poster" else ""
    print(f"{name}, {what}: {spent:,} bytes, {spent / size:.2%} of {size:,}, {len(asked)} requests{bar}", flush=True)
    if bar:
        print("".join(f"    {wanted} {count:,}\n" for _, wanted, count in asked), end="", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=500)
    length = parser.parse_args().megabytes * 1_000_000
    ceph = start_ceph(9141, 4)
    s3 = boto3.client(
        "s3", endpoint_url=ceph.endpoint, aws_access_key_id=ceph.access_key, aws_secret_access_key=ceph.secret_key
    )
    bucket = f"video-{int(time.time())}"
    s3.create_bucket(Bucket=bucket)
    with tempfile.TemporaryDirectory() as folder, counting(ceph.endpoint) as counted:
        home, sizes = Path(folder), {}
        for name, (codec, options) in KINDS.items():
            short, place = home / f"{codec}.{'avi' if codec == 'mpeg4' else 'mp4'}", home / name
            if not short.exists():
                clip(short, codec)
            repeat(short, place, options, length)
            sizes[name] = place.stat().st_size
            s3.upload_file(str(place), bucket, name)
            place.unlink()
        with Moorage(home / "data") as server:
            token = server.token()
            keys = {"kind": "keys", "access_key": ceph.access_key, "secret_key": ceph.secret_key}
            wish = {"address": f"{counted.endpoint}/{bucket}", "credentials": keys}
            made = json.loads(ask(server, token, "POST", "/mirrors", wish))
            while json.loads(ask(server, token, "GET", f"/jobs/{made['job']}"))["state"] not in ("succeeded", "failed"):
                time.sleep(0.2)
            items = json.loads(ask(server, token, "GET", f"/projects/{made['project']}/items"))["items"]
            for item in items:
                for what in ("poster", "video", "strip"):
                    counted.asked.clear()
                    ask(server, token, "GET", f"/items/{item['id']}/{what}")
                    report(item["name"], what, sizes[item["name"]], counted.of(item["name"]))
        for name in sizes:  # its memory is bounded, and it is left running for the next time
            s3.delete_object(Bucket=bucket, Key=name)


if __name__ == "__main__":
    main()
