"""The configuration of nginx as text: what stands in the repository, and what no configuration may hold."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from moorage.deploying import Front, nginx, seal
from moorage.model.errors import Invalid
from servers.moorage import ask
from servers.nginx import free_port, included

EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx" / "moorage.conf"
FRONT = Front(
    public_url="https://media.example.org",
    behind="127.0.0.1:8080",
    cache="/var/cache/nginx/moorage",
    max_bytes=11 << 30,
    keep_s=7 * 86_400,
    certificate="/etc/ssl/media.pem",
    certificate_key="/etc/ssl/media.key",
)


def test_the_example_is_what_is_printed() -> None:
    assert EXAMPLE.read_text() == nginx(FRONT)


def test_no_hole_is_left_and_braces_match() -> None:
    for front in (FRONT, replace(FRONT, secret="ab" * 32, public_url="https://media.example.org/moorage")):
        text = nginx(front)
        assert text.count("{") == text.count("}")
        assert re.findall(r"@[A-Z_]+@", text) == []
        assert text.count("auth_request /_moorage_authorized;") == 2


@pytest.mark.parametrize("secret", ["", "ab" * 32])
def test_nginx_starts_with_it(tmp_path: Path, secret: str) -> None:
    port = free_port()
    front = replace(FRONT, cache=str(tmp_path / "kept"), certificate="", certificate_key="", secret=secret)
    with included(tmp_path, nginx(replace(front, listen=f"127.0.0.1:{port}")), port):
        assert ask("GET", f"http://127.0.0.1:{port}/_moorage_authorized").status == 404


@pytest.mark.parametrize("wrong", ["/tmp/a b", "/tmp/a;", "/tmp/{x}", '/tmp/"', "/tmp/$host", "/tmp/\n"])
def test_a_path_that_would_be_more_than_a_path_is_refused(wrong: str) -> None:
    for field in ("cache", "certificate", "listen"):
        with pytest.raises(Invalid):
            nginx(replace(FRONT, **{field: wrong}))  # type: ignore[arg-type]


def test_with_a_certificate_every_port_is_for_https() -> None:
    assert "    listen 443 ssl;\n" in nginx(FRONT)
    assert "    listen 8443 ssl;\n" in nginx(replace(FRONT, listen="8443"))
    assert "    listen 80;\n" in nginx(replace(FRONT, certificate="", certificate_key=""))


@pytest.mark.parametrize("listen", ["abc", "8443 ssl", "127.0.0.1", ":80", "host:port"])
def test_what_nginx_cannot_listen_on_is_refused(listen: str) -> None:
    with pytest.raises(Invalid):
        nginx(replace(FRONT, listen=listen))


@pytest.mark.parametrize("listen", ["8443", "127.0.0.1:80", "[::1]:443", "*:80", "media.example.org:443"])
def test_what_nginx_listens_on_stands_there(listen: str) -> None:
    assert f"    listen {listen} ssl;\n" in nginx(replace(FRONT, listen=listen))


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(Invalid):
        nginx(replace(FRONT, certificate_key=""))


def test_a_seal_is_the_md5_that_nginx_computes() -> None:
    made = seal("/api/v1/items/7/preview", 99, "width=64&format=webp", "s")
    digest = hashlib.md5(b"s|99|/api/v1/items/7/preview|width=64&format=webp|s").digest()
    assert made == base64.urlsafe_b64encode(digest).decode().rstrip("=")
