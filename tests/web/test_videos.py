"""Videos over HTTP: their facts, contact strips, tables of frames, and what is made of them by jobs."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from pydantic import TypeAdapter

import media
import paced
from moorage.web.api import shapes
from servers.moorage import ask
from web.conftest import Face, items, moor

FILMS = ("faststart.mp4", "film.mkv", "film.avi", "truncated.mp4")


@dataclass(frozen=True)
class Films:
    """A mirrored folder of videos; their paths by name."""

    face: Face
    paths: dict[str, str]

    def get(self, name: str, what: str, **headers: str) -> Any:
        return self.face("GET", f"{self.paths[name]}/{what}", **headers)

    def convert(self, name: str, kind: str) -> Any:
        return self.face("POST", f"{self.paths[name]}/conversions", {"kind": kind})


@pytest.fixture(scope="module")
def films(face: Face, tmp_path_factory: pytest.TempPathFactory) -> Films:
    root: Path = tmp_path_factory.mktemp("films") / "reef"
    root.mkdir()
    for name in FILMS:
        shutil.copy(media.picture(name), root / name)
    (root / "notes.txt").write_text("no video")
    found = items(face, moor(face, root).folder)
    return Films(face, {name: f"/api/v1/items/{one['id']}" for name, one in found.items()})


def test_a_video_tells_what_it_is(films: Films) -> None:
    got = films.get("faststart.mp4", "video")
    TypeAdapter(shapes.VideoShape).validate_json(got.body, strict=True)
    assert {name: got.json[name] for name in ("plays", "conversion", "converted", "duration", "video_codec")} == {
        "plays": True, "conversion": None, "converted": False, "duration": 6.0, "video_codec": "h264",
    }  # fmt: skip
    assert films.get("film.avi", "video").json["plays"] == "after conversion"


def test_its_strip_comes_with_the_times_of_its_frames(films: Films) -> None:
    got = films.get("film.mkv", "strip")
    assert (got.status, got.headers["content-type"]) == (200, "image/webp")
    assert got.headers["moorage-times"] == "0.000,1.000,2.000,3.000,4.000,5.000"
    assert films.get("film.mkv", "strip", **{"If-None-Match": got.headers["etag"]}).status == 304
    assert films.get("film.mkv", "strip.vtt").body.startswith(b"WEBVTT\n\n00:00:00.000 --> 00:00:00.500\nstrip#xywh=0,")


def test_the_frames_of_an_mp4_are_known_at_once_those_of_others_after_a_job(films: Films) -> None:
    got = films.get("faststart.mp4", "frames?after=2&limit=3")
    TypeAdapter(shapes.FrameTableShape).validate_json(got.body, strict=True)
    assert (got.json["count"], got.json["times"], got.json["next"]) == (150, [0.08, 0.12, 0.16], 5)
    missing = films.get("film.mkv", "frames")
    assert missing.status == 404
    assert '{"kind": "frames"}' in missing.json["advice"]
    job = films.face.wait(films.convert("film.mkv", "frames").json["job"])
    assert (job["state"], job["message"], job["outcome"]) == ("succeeded", "150 frames.", {"frames": 150})
    assert films.get("film.mkv", "frames").json["count"] == 150
    table = films.get("film.mkv", "frames", Accept="text/csv").body.decode().splitlines()
    assert (len(table), table[:3]) == (151, ["frame,seconds", "0,0.000000", "1,0.040000"])
    assert films.convert("film.mkv", "frames").status == 200


def test_a_conversion_is_made_once_and_served_by_ranges(films: Films) -> None:
    assert films.get("film.mkv", "converted").status == 404
    started = films.convert("film.mkv", "remux")
    again = films.convert("film.mkv", "remux")
    assert started.status == 202
    assert again.json["job"] in (started.json["job"], None)
    assert films.face.wait(started.json["job"])["state"] == "succeeded"
    done = films.convert("film.mkv", "remux")
    assert (done.status, done.json["job"]) == (200, None)
    whole = ask("GET", done.json["url"], Authorization=f"Bearer {films.face.token}")
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("video/mp4", "bytes")
    assert len(paced.frames(whole.body)) == 150
    part = films.get("film.mkv", "converted", Range="bytes=1000-1999")
    assert (part.status, part.body) == (206, whole.body[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.body)}"
    assert films.get("film.mkv", "converted", **{"If-None-Match": whole.headers["etag"]}).status == 304
    assert films.get("film.mkv", "video").json["converted"] is True


def test_what_cannot_be_moved_is_encoded_anew_only_when_asked(films: Films) -> None:
    refused = films.convert("film.avi", "remux")
    assert (refused.status, refused.json["type"]) == (400, "/problems/invalid")
    assert "transcode" in refused.json["advice"]
    assert films.face.wait(films.convert("film.avi", "transcode").json["job"])["state"] == "succeeded"
    with av.open(io.BytesIO(films.get("film.avi", "converted").body)) as container:
        assert container.streams.video[0].codec.canonical_name == "h264"


@pytest.mark.parametrize(("name", "status"), [("truncated.mp4", 422), ("notes.txt", 422)])
def test_what_is_no_video_says_why(films: Films, name: str, status: int) -> None:
    for what in ("video", "strip", "frames"):
        got = films.get(name, what)
        assert (got.status, got.json["type"]) == (status, "/problems/undecodable")
        assert got.json["reason"]
    assert films.convert(name, "remux").status == status


def test_strangers_see_nothing_of_a_video(films: Films) -> None:
    for what in ("video", "strip", "strip.vtt", "frames", "converted"):
        got = ask("GET", f"{films.face.server.address}{films.paths['film.mkv']}/{what}")
        assert got.status == 401


def test_the_command_line_tells_of_a_video_and_counts_its_frames(films: Films) -> None:
    found = films.face("GET", films.paths["film.avi"]).json
    folder = films.face("GET", f"/api/v1/folders/{found['folder']}").json
    project = films.face("GET", f"/api/v1/projects/{folder['project']}").json
    place = f"{project['name']}/{folder['name']}/film.avi"
    shown = films.face.server.run("video", "show", place).stdout
    assert "after conversion" in shown
    assert "Not all browsers play the codec mpeg4." in shown
    assert films.face.server.run("video", "frames", place).stdout.splitlines()[:2] == ["frame,seconds", "0,0.000000"]
    refused = films.face.server.run("video", "convert", place, check=False)
    assert (refused.returncode, "--transcode" in refused.stderr) == (2, True)
    at_once = films.face.server.run("video", "convert", place.replace("film.avi", "faststart.mp4"), "--wait")
    assert at_once.stderr == "Browsers play it as it is. Nothing was made.\n"
    assert films.get("faststart.mp4", "converted").status == 404
