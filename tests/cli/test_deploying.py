"""`moorage deploy`: what is written, and what it warns of."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Run
from stores.certificates import tls_server

NGINX = ("deploy", "nginx", "--cache", "kept")


@pytest.fixture(autouse=True)
def _public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOORAGE_PUBLIC_URL", "https://media.example.org")


def test_a_certificate_that_is_not_there_is_warned_of_and_named_all_the_same(run: Run, tmp_path: Path) -> None:
    made = run(*NGINX, "--certificate", "absent.pem", "--key", str(tmp_path))
    assert made.code == 0
    assert f"    ssl_certificate {tmp_path}/absent.pem;\n    ssl_certificate_key {tmp_path};\n" in made.out
    first, second = made.err.splitlines()
    assert first.startswith(f"Warning: There is no certificate at {tmp_path}/absent.pem on this machine.")
    assert second.startswith(f"Warning: The key {tmp_path} cannot be read: Is a directory.")


def test_a_file_that_is_no_certificate_is_warned_of(run: Run, tmp_path: Path) -> None:
    (tmp_path / "media.der").write_bytes(b"\x30\x82")
    tls_server(tmp_path, "localhost")
    made = run(*NGINX, "--certificate", "media.der", "--key", "leaf.pem")
    (line,) = made.err.splitlines()
    assert "media.der is not in PEM format" in line


def test_nothing_is_said_of_a_certificate_that_is_there(run: Run, tmp_path: Path) -> None:
    tls_server(tmp_path, "localhost")
    made = run(*NGINX, "--certificate", "leaf.pem", "--key", "leaf.pem", "--out", "moorage.conf")
    assert made.err == "Written to moorage.conf. Next: nginx -t && nginx -s reload\n"
    assert (tmp_path / "moorage.conf").stat().st_mode & 0o777 == 0o600
    again = run(*NGINX, "--out", "moorage.conf")
    assert again.code != 0
    assert "Nothing was written" in again.err


def test_a_folder_that_nginx_would_not_make_is_warned_of(run: Run, tmp_path: Path) -> None:
    made = run("deploy", "nginx", "--cache", "absent/kept")
    assert made.code == 0
    (line,) = made.err.splitlines()
    assert line.endswith(f"mkdir -p {tmp_path}/absent")
