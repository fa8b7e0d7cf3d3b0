"""The table of frames, held against a decoding of every frame."""

from __future__ import annotations

from pathlib import Path

import pytest

import media
import paced
from imaging.sources import BytesSource, named
from moorage.imaging import DecoderPool
from moorage.model.variant import Task
from moorage.model.video import FrameTable, Timing

pytestmark = pytest.mark.asyncio(loop_scope="module")
B_FRAMES = {"bf": "3", "g": "20"}
MOV = {"bf": "2", "g": "12"}


async def table(pool: DecoderPool, place: Path, task: Task = Task.FRAMES) -> FrameTable:
    return FrameTable.of((await pool.make(task, BytesSource(paced.content(place)), Timing())).data)


@pytest.mark.parametrize(
    ("name", "codec", "times", "options", "movflags"),
    [
        ("plain.mp4", "libx264", paced.even(), {"bf": "0"}, ""),
        ("b-frames.mp4", "libx264", paced.even(), B_FRAMES, "faststart"),
        ("uneven.mp4", "libx264", paced.uneven(), B_FRAMES, ""),
        ("fragments.mp4", "libx264", paced.even(), B_FRAMES, "frag_keyframe+empty_moov"),
        ("b-frames.mov", "libx264", paced.even(), MOV, ""),
        ("b-frames.mkv", "libx264", paced.even(), B_FRAMES, ""),
        ("uneven.mkv", "libx264", paced.uneven(), B_FRAMES, ""),
        ("stream.ts", "libx264", paced.even(), B_FRAMES, ""),
        ("film.avi", "mpeg4", paced.even(), {"bf": "0"}, ""),
        ("b-frames.avi", "mpeg4", paced.even(), {"bf": "2"}, ""),
    ],
)
async def test_every_frame_has_the_time_at_which_a_decoder_shows_it(
    pool: DecoderPool, tmp_path: Path, name: str, codec: str, times: list[int], options: dict[str, str], movflags: str
) -> None:
    place = paced.made(tmp_path / name, codec, times, options, movflags)
    found = await table(pool, place)
    assert len(found.times) == paced.FRAMES
    assert list(found.times) == pytest.approx(paced.decoded(place), abs=0.0011)
    assert found.constant is (times == paced.even())


async def test_what_an_edit_list_cuts_off_is_not_counted(pool: DecoderPool, tmp_path: Path) -> None:
    whole = paced.made(tmp_path / "whole.mp4", "libx264", paced.even(), {"bf": "0"})
    place = paced.cut(tmp_path / "cut.mp4", whole.read_bytes(), 400)
    found = await table(pool, place)
    assert list(found.times) == pytest.approx(paced.decoded(place), abs=0.0011)
    assert len(found.times) == paced.FRAMES - 10


@pytest.mark.parametrize("name", ["faststart.mp4", "moov-at-end.mp4"])
async def test_of_an_mp4_only_the_index_is_read(pool: DecoderPool, name: str) -> None:
    source = named(name)
    found = FrameTable.of((await pool.make(Task.INDEX, source, Timing())).data)
    assert (len(found.times), found.fps, found.constant) == (150, 25, True)
    assert source.read_bytes <= 2 * 1024 * 1024 < source.size
    assert list(found.times) == paced.decoded(media.picture(name))


async def test_an_index_of_more_frames_than_bytes_is_not_believed(pool: DecoderPool, tmp_path: Path) -> None:
    content = bytearray(paced.made(tmp_path / "plain.mp4", "libx264", paced.even(), {"bf": "0"}).read_bytes())
    runs = content.index(b"stts") + 12
    content[runs : runs + 4] = (2_000_000).to_bytes(4, "big")
    content = content.replace(b"edts", b"free").replace(b"ctts", b"free")
    found = FrameTable.of((await pool.make(Task.FRAMES, BytesSource(bytes(content)), Timing())).data)
    assert len(found.times) == paced.FRAMES
