"""The data directory: who may use it, and who does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from moorage.model.errors import Conflict, Invalid
from moorage.settings import Settings
from moorage.wiring.directory import Directory, Lock, prepare
from servers.moorage import Moorage


def settings(data: Path, **flags: object) -> Settings:
    return Settings.load({"data": data, **flags}, {}, data.parent)


def test_a_directory_of_something_else_is_refused_and_named(tmp_path: Path) -> None:
    (tmp_path / "their-photos").mkdir()
    (tmp_path / "readme.txt").write_text("theirs")
    with pytest.raises(Invalid) as caught:
        prepare(settings(tmp_path))
    assert "their-photos" in str(caught.value)
    assert "moorage store add" in caught.value.advice
    assert sorted(path.name for path in tmp_path.iterdir()) == ["readme.txt", "their-photos"]


def test_it_is_used_all_the_same_when_told(tmp_path: Path) -> None:
    (tmp_path / "their-photos").mkdir()
    assert prepare(settings(tmp_path, data_init=True)).root == tmp_path


def test_only_one_process_holds_it(tmp_path: Path) -> None:
    import os

    directory = Directory(tmp_path)
    with Lock(directory):
        assert directory.holder() == os.getpid()
        with pytest.raises(Conflict, match=str(os.getpid())), Lock(directory):
            pass
    assert directory.holder() is None
    with Lock(directory):
        pass


def test_a_second_server_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with Moorage(tmp_path / "data") as first:
        assert first.process is not None
        second = first.run("serve", "--port", "0", check=False)
        assert second.returncode == 8
        assert str(first.process.pid) in second.stderr


def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with Moorage(tmp_path / "first") as first:
        data = tmp_path / "second"
        second = first.run("serve", "--port", str(first.port), "--data", str(data), check=False)
        assert second.returncode == 8
        assert "--port" in second.stderr
        assert not data.exists()


def test_a_lost_key_refuses_to_start_and_names_both_ways_out(tmp_path: Path) -> None:
    with Moorage(tmp_path / "data") as server:
        key = (server.data / "secret.key").read_text()
        assert (server.data / "secret.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "data" / "secret.key").unlink()
    refused = start_again(tmp_path / "data")
    assert refused.returncode != 0
    assert "secrets reset" in refused.stderr
    assert not (tmp_path / "data" / "secret.key").exists()
    (tmp_path / "data" / "secret.key").write_text(key.replace(key[:10], "A" * 10))
    (tmp_path / "data" / "secret.key").chmod(0o600)
    assert "secrets reset" in start_again(tmp_path / "data").stderr
    (tmp_path / "data" / "secret.key").write_text(key)
    with Moorage(tmp_path / "data"):
        pass


def start_again(data: Path) -> subprocess.CompletedProcess[str]:
    return Moorage(data).run("serve", "--port", "0", check=False)
