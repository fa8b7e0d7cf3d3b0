"""Keys that no disk can hold come down from a bucket, and never out of the folder that is meant."""

from __future__ import annotations

from pathlib import Path

from cli.conftest import Run, Served
from moorage.model.credentials import Keys
from servers import ceph
from stores.s3_bucket import admin, bucket_of

KEYS = ("../out.txt", "/etc/x", "a//b", "./c", "../../..", "plain.txt", "folder/", "x\x01y", "deep/../../up.txt")


async def test_every_key_of_a_bucket_is_written_below_the_folder(run: Run, served: Served, tmp_path: Path) -> None:
    server = ceph()
    async with bucket_of(server) as bucket:
        client = admin(server)
        for key in KEYS:
            client.put_object(Bucket=bucket, Key=key, Body=key.encode() if key != "folder/" else b"")
        client.close()
        served.client.add_store(
            bucket,
            "s3",
            bucket=bucket,
            endpoint=server.endpoint,
            region=server.region,
            credentials=Keys(server.access_key, server.secret_key),
        )
        (tmp_path / "target").mkdir()
        ran = run("cp", "-r", f"{bucket}:", "./target/all")
        assert ran.code == 0, ran.err
        written = {path.relative_to(tmp_path / "target" / "all"): path for path in (tmp_path / "target").rglob("*")}
        files = {str(name): path.read_text() for name, path in written.items() if path.is_file()}
        assert sorted(files.values()) == sorted(key for key in KEYS if key != "folder/")
        assert files[r"\x2e\x2e/out.txt"] == "../out.txt"
        assert files[r"\x2e\x2e/\x2e\x2e/\x2e\x2e"] == "../../.."
        assert files[r"a/\empty/b"] == "a//b"
        assert r"is written as \x2e\x2e: no file can be called '..'" in ran.err
        address = run("cp", f"{server.endpoint}/{bucket}/plain.txt", f"s3://{bucket}/x\x01y", "./target/")
        assert address.code == 0, address.err
        assert (tmp_path / "target" / "plain.txt").read_text() == "plain.txt"
