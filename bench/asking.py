"""Asks for one thing again and again over one connection; a process of its own, so that its time is not counted.

    python asking.py PORT REQUESTS < request

Prints the last status and the length of all bodies. It imports nothing else, so that it starts at once.
"""

from __future__ import annotations

import socket
import sys


def asked(port: int, request: bytes, requests: int) -> tuple[str, int]:
    """Status and length of the bodies."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        total, status, buffer = 0, b"", bytearray(1 << 20)
        for _ in range(requests):
            line.sendall(request)
            data = b""
            while b"\r\n\r\n" not in data:
                data += line.recv(1 << 16)
            head, _, body = data.partition(b"\r\n\r\n")
            status = head[9:12]
            lengths = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
            left = (int(lengths[0][15:]) if lengths and status != b"304" else 0) - len(body)
            total += len(body)
            while left > 0:
                got = line.recv_into(buffer, min(left, len(buffer)))
                assert got, "the connection was closed"
                left -= got
                total += got
    return status.decode(), total


if __name__ == "__main__":
    print(*asked(int(sys.argv[1]), sys.stdin.buffer.read(), int(sys.argv[2])))
