"""`moorage cert`: files that fit the form, made without a server, never written over."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cli.conftest import Run
from moorage.certificates import read_identity


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_ca_and_its_certificate_are_made_and_explained(run: Run, tmp_path: Path) -> None:
    made = run("cert", "ca", "--out", "ca", "--cn", "Reef CA", "--days", "30")
    assert (made.code, made.out) == (0, "ca/ca.pem\nca/ca-private-key.pem\n")
    assert "trust anchor" in made.err
    assert "create-trust-anchor" in made.err
    assert "moorage cert leaf --ca ca" in made.err
    made = run(
        "cert", "leaf", "--ca", "ca", "--out", "boat", "--cn", "boat", "--o", "Reef", "--ou", "Media", "--days", "9"
    )
    assert (made.code, made.out) == (0, "boat/certificate.pem\nboat/private-key.pem\n")
    assert "field for the certificate" in made.err
    certificate, key = tmp_path / "boat/certificate.pem", tmp_path / "boat/private-key.pem"
    found = read_identity(certificate.read_text(), key.read_text(), (tmp_path / "ca/ca.pem").read_text())
    assert found.subject == "CN=boat,OU=Media,O=Reef"
    assert [mode(one) for one in (key, tmp_path / "ca/ca-private-key.pem")] == [0o600, 0o600]
    assert not (tmp_path / "data").exists(), "no copy is kept"
    assert "PRIVATE" not in made.out + made.err


def test_the_variables_of_the_guides_scripts_count(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DURATION_DAYS": "7", "CN": "scripted", "O": "Reef", "OU": "Media"}.items():
        monkeypatch.setenv(name, value)
    assert run("cert", "ca", "--days", "8").code == 0
    made = run("cert", "leaf", "--json")
    told = json.loads(made.out)
    assert (told["certificate"], told["private_key"]) == ("certificate.pem", "private-key.pem")
    found = read_identity((tmp_path / "certificate.pem").read_text(), (tmp_path / "private-key.pem").read_text())
    assert found.subject == "CN=scripted,OU=Media,O=Reef"


def test_the_files_of_a_ca_may_be_named(run: Run, tmp_path: Path) -> None:
    run("cert", "ca", "--out", "ca")
    whole = tmp_path / "whole.pem"
    whole.write_text((tmp_path / "ca/ca.pem").read_text() + (tmp_path / "ca/ca-private-key.pem").read_text())
    assert run("cert", "leaf", "--ca", "whole.pem", "--out", "a").code == 0
    assert run("cert", "leaf", "--ca", "ca/ca.pem", "--ca-key", "ca/ca-private-key.pem", "--out", "b").code == 0
    assert run("cert", "leaf", "--ca", "ca/ca.pem", "--out", "c").code == 2
    assert run("cert", "leaf", "--ca", "absent", "--out", "c").code == 2
    assert not (tmp_path / "c").exists()


def test_nothing_is_written_over(run: Run, tmp_path: Path) -> None:
    run("cert", "ca", "--out", "ca")
    before = {path: path.read_bytes() for path in (tmp_path / "ca").iterdir()}
    assert run("cert", "ca", "--out", "ca").code == 8
    (tmp_path / "ca/ca.pem").unlink()
    assert run("cert", "ca", "--out", "ca").code == 8
    assert not (tmp_path / "ca/ca.pem").exists()
    assert (tmp_path / "ca/ca-private-key.pem").read_bytes() == before[tmp_path / "ca/ca-private-key.pem"]


def test_a_directory_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = run("cert", "ca", "--out", "file/ca")
    assert (made.code, "cannot be written" in made.err) == (2, True)
    assert run("cert", "ca", "--days", "0").code == 2
