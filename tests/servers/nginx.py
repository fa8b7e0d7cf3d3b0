"""nginx as a proxy that ends TLS, on a free port, with a certificate of our own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stores.certificates import tls_server

CONFIG = """
daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {home}/leaf.pem; ssl_certificate_key {home}/leaf.pem;
    location {path}/ {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1; proxy_buffering off; proxy_set_header Connection "";
      proxy_set_header Host {host};
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
    }}
  }}
}}
"""

INCLUDING = """
{user} pcre_jit on; daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
{text}
}}
"""

FILES = """
{user} daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  types {{ image/png png; image/jpeg jpg; video/mp4 mp4; text/html html; }}
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {home}/leaf.pem; ssl_certificate_key {home}/leaf.pem;
    merge_slashes off;
    location / {{ root {root}; }}
    location /dated/ {{ alias {root}/; etag off; }}
    location /bare/ {{ alias {root}/; etag off; if_modified_since off; add_header Last-Modified ""; }}
    location /whole/ {{ alias {root}/; max_ranges 0; }}
    location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
    location /closed/ {{ return 403; }}
  }}
}}
"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def tls_proxy(home: Path, *, port: int, behind: int, path: str, host: str = "somewhere.invalid") -> Iterator[str]:
    """Runs while the block does; the path is passed on unchanged. Yields the authority's PEM text."""
    with _running(home, CONFIG.format(home=home, port=port, behind=behind, path=path, host=host), port) as authority:
        yield authority


@contextmanager
def included(home: Path, text: str, port: int) -> Iterator[None]:
    """Runs with the text in its http block, as a distribution's nginx includes it."""
    user = "user root;" if os.geteuid() == 0 else ""
    with _running(home, INCLUDING.format(user=user, home=home, text=text), port):
        yield


@contextmanager
def tls_files(home: Path, root: Path) -> Iterator[tuple[str, str]]:
    """Serves the files below ``root``: as they are, and below paths that tell less. Yields (address, authority)."""
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""  # else workers of root's master could not read its files
    with _running(home, FILES.format(user=user, home=home, port=port, root=root), port) as authority:
        yield f"https://127.0.0.1:{port}", authority


@contextmanager
def _running(home: Path, text: str, port: int) -> Iterator[str]:
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    _, authority = tls_server(home, "localhost")
    config = home / "nginx.conf"
    config.write_text(text)
    process = subprocess.Popen(
        [program, "-p", str(home), "-e", str(home / "error.log"), "-c", str(config)], stderr=subprocess.DEVNULL
    )
    try:
        _await(port, process)
        yield authority
    finally:
        process.terminate()
        process.wait(timeout=10)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "nginx ended"
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx does not answer")
