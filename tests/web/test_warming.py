"""What was warmed up costs its bucket nothing any more, and what could not be is told with a reason."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

import media
from servers.moorage import Moorage, ask
from web.conftest import Face, Moored, items, moored
from web.kept import FILM, Shown, shown
from web.managed import Yard, yard
from web.places import Bucket, bucket, show

__all__ = ["bucket", "moored", "shown"]

PICTURE = media.data("coffee.png")


def begun(face: Face, folder: str, **wish: Any) -> str:
    project = face("GET", f"/api/v1/folders/{folder}").json["project"]
    got = face("POST", "/api/v1/cache/warm", {"project": project, "folder": folder, **wish})
    assert got.status == 202, got.body
    return str(got.json["job"])


def folder_of(shown: Shown) -> str:
    return str(shown.face("GET", shown.paths["a.png"]).json["folder"])


def test_what_was_warmed_is_served_without_the_bucket(shown: Shown) -> None:
    face, folder = shown.face, folder_of(shown)
    job = face.wait(begun(face, folder, previews=[256], originals=True))
    assert (job["state"], job["done"], job["total"]) == ("succeeded", 4, 4)
    assert job["message"] == "4 items are warm."
    shown.holds(len(FILM) + 2 * len(PICTURE))
    for name in shown.paths:
        shown.gone(name)
    assert face("GET", f"{shown.paths['b.png']}/preview?width=256&height=256&fit=inside&format=webp").status == 200
    assert face("GET", f"{shown.paths['film.bin']}/content").body == FILM
    told = face("GET", f"/api/v1/cache/warm/{job['id']}").json
    assert (told["previews"], told["originals"], told["faults"]) == ([256], True, [])
    assert told["needed"] == told["fetched"] == len(FILM) + 2 * len(PICTURE) + len(b"unseen")


def test_only_what_is_asked_for_is_warmed_and_what_cannot_be_is_told(shown: Shown) -> None:
    face, folder = shown.face, folder_of(shown)
    shown.gone("b.png")
    job = face.wait(begun(face, folder, previews=[384], kind="image"))
    assert (job["state"], job["total"], job["message"]) == ("partial", 2, "1 item is warm, 1 failed.")
    (fault,) = face("GET", f"/api/v1/cache/warm/{job['id']}").json["faults"]
    assert fault["name"] == "b.png"
    assert fault["reason"].startswith("The object of 'b.png' is no longer in the store")
    page = face("GET", f"/jobs/{job['id']}", Accept="text/html").body.decode()
    assert "Items that failed" in page
    few = face.wait(begun(face, folder, originals=True, prefix="film"))
    assert (few["total"], few["bytes"]) == (1, len(FILM))
    assert face("GET", "/api/v1/cache/warm/999999").status == 404


def test_the_command_line_waits_and_tells_what_failed(shown: Shown) -> None:
    server, token = shown.face.server, shown.face.token
    shown.gone("b.png")
    project = shown.face("GET", f"/api/v1/folders/{folder_of(shown)}").json["project"]
    name = shown.face("GET", f"/api/v1/projects/{project}").json["name"]
    ran = server.run("cache", "warm", f"{name}", "--kind", "image", "--wait", check=False, MOORAGE_TOKEN=token)
    assert (ran.returncode, ran.stdout.partition("\t")[0]) == (6, "b.png"), ran.stderr
    assert "previews of 256, 1024 pixels" in ran.stderr
    started = server.run("cache", "warm", project, "--previews", "128", MOORAGE_TOKEN=token)
    assert shown.face.wait(started.stdout.split("\t")[1].strip())["outcome"] == {
        "failed": 1,
        "passed_over": 2,
        "warm": 1,
    }
    wrong = server.run("cache", "warm", project, "--previews", "big", check=False, MOORAGE_TOKEN=token)
    assert (wrong.returncode, "Write them as 256,1024." in wrong.stderr) == (2, True)


def test_originals_of_a_disk_need_no_warming(moored: Moored, face: Face) -> None:
    job = face.wait(begun(face, moored.folder, originals=True, previews=[256]))
    assert (job["state"], job["done"]) == ("succeeded", 4)
    assert job["message"] == "0 items are warm, 4 passed over, for which there is nothing to keep."


def test_more_than_the_cache_holds_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    with yard(tmp_path, CACHE_STORAGE_SIZE="1m") as reef:
        _refused_as_too_much(reef)


def _refused_as_too_much(reef: Yard) -> None:
    one = Bucket(reef.server)
    one.client.put_object(Bucket=one.name, Key="reef/film.bin", Body=FILM)
    made = show(reef.face, f"{one.address}/reef/", **one.keys()).json
    assert reef.face.wait(made["job"])["state"] == "succeeded"
    job = reef.face.wait(begun(reef.face, made["folder"], originals=True))
    assert job["state"] == "failed"
    assert job["message"].startswith("The originals of 1 items have 5.3 MB, the cache of originals 1.05 MB.")
    caches = {cache["name"]: cache for cache in reef.face("GET", "/api/v1/cache").json["caches"]}
    assert caches["storage"]["entries"] == 0
    body = {"project": made["project"], "previews": [256]}
    assert reef("POST", "/api/v1/cache/warm", body).status == 404  # it is not the manager's project
    assert reef("GET", f"/api/v1/cache/warm/{job['id']}").status == 404
    assert reef("GET", "/api/v1/cache/days").status == 403
    assert reef("POST", "/api/v1/cache/purge", {"store": made["store"]}).status == 403
    assert reef("POST", "/api/v1/cache/warm", {"project": reef.reef, "previews": [256]}).status == 202
    one.remove()


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again_it_warms_every_item_and_counts_it_once(
    tmp_path: Path, bucket: Bucket, seed: int
) -> None:
    chance, count = random.Random(seed), 300
    for number in range(count):
        bucket.client.put_object(Bucket=bucket.name, Key=f"reef/{number:03}.png", Body=PICTURE)
    server = Moorage(tmp_path / "data").start()
    face = Face(server, server.token())
    made = show(face, f"{bucket.address}/reef/", **bucket.keys()).json
    assert face.wait(made["job"])["state"] == "succeeded"
    job = begun(face, made["folder"], previews=[256], originals=True)
    assert face("POST", f"/api/v1/jobs/{job}/pause").status == 200
    assert face("POST", f"/api/v1/jobs/{job}/resume").status == 200
    seen = 0
    for _ in range(3):
        until = seen + chance.randint(1, count // 4)
        while (now := face("GET", f"/api/v1/jobs/{job}").json)["done"] < until and now["state"] in (
            "queued",
            "running",
        ):
            time.sleep(0.01)
        server.stop(signal.SIGKILL)
        server.port = 0
        server.start()
        seen = face("GET", f"/api/v1/jobs/{job}").json["done"]
        assert seen >= now["done"]
    deadline = time.monotonic() + 300
    while face("GET", f"/api/v1/jobs/{job}").json["state"] in ("queued", "running") and time.monotonic() < deadline:
        time.sleep(0.2)
    ended = face("GET", f"/api/v1/jobs/{job}").json
    assert (ended["state"], ended["done"], ended["message"]) == ("succeeded", count, f"{count} items are warm.")
    paths = [f"/api/v1/items/{one['id']}" for one in items(face, made["folder"]).values()]
    for number in range(count):
        bucket.client.delete_object(Bucket=bucket.name, Key=f"reef/{number:03}.png")
    for path in paths:
        assert face("GET", f"{path}/content").body == PICTURE
        assert face("GET", f"{path}/preview?width=256&height=256").status == 200
    assert ask("GET", f"{server.address}/healthz").status == 200
    server.stop()
