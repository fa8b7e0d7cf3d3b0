"""Videos made playable: their pictures moved into an mp4, or encoded anew; what is written leaves over the socket."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pytest

import media
import moving
import paced
from imaging.sources import BytesSource, named
from moorage.imaging import DecoderPool
from moorage.model.errors import Busy, Undecodable
from moorage.model.variant import Task
from moorage.model.video import Film, Made

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def film(pool: DecoderPool, source: BytesSource, made: Made) -> bytes:
    whole = bytearray()

    async def put(start: int, data: bytes) -> None:
        whole.extend(bytes(max(0, start + len(data) - len(whole))))
        whole[start : start + len(data)] = data

    await pool.make(Task.FILM, source, Film(made), put)
    return bytes(whole)


async def test_moved_pictures_are_the_same_bit_for_bit(pool: DecoderPool) -> None:
    made = await film(pool, named("film.mkv"), Made.REMUX)
    assert made[4:8] == b"ftyp"
    before, after = paced.frames(media.data("film.mkv")), paced.frames(made)
    assert [frame.to_ndarray().tobytes() for frame in after] == [frame.to_ndarray().tobytes() for frame in before]


@pytest.mark.parametrize("ending", ["mkv", "ts"])
async def test_frames_keep_their_times(pool: DecoderPool, tmp_path: Path, ending: str) -> None:
    place = paced.made(tmp_path / f"film.{ending}", "libx264", paced.uneven(), {"bf": "3", "g": "20"})
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(await film(pool, BytesSource(paced.content(place)), Made.REMUX))
    before, after = paced.decoded(place), paced.decoded(moved)
    assert [time - after[0] for time in after] == pytest.approx([time - before[0] for time in before], abs=0.0011)


@pytest.mark.parametrize("made", [Made.REMUX, Made.TRANSCODE])
async def test_a_turned_video_stays_turned(pool: DecoderPool, made: Made) -> None:
    assert abs(paced.frames(await film(pool, named("rotated.mp4"), made))[0].rotation) == 90


async def test_what_is_encoded_anew_plays_everywhere(pool: DecoderPool) -> None:
    made = await film(pool, named("film.avi"), Made.TRANSCODE)
    with av.open(io.BytesIO(made)) as container:
        stream = container.streams.video[0]
        assert (stream.codec.canonical_name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    frames = paced.frames(made)
    assert (len(frames), frames[0].width, frames[0].height) == (150, moving.WIDTH, moving.HEIGHT)


async def test_sound_that_browsers_do_not_know_becomes_aac(pool: DecoderPool, tmp_path: Path) -> None:
    place = tmp_path / "sound.mkv"
    moving.film(place, "libx264", seconds=2)
    with_sound = tmp_path / "both.mkv"
    with av.open(str(place)) as source, av.open(str(with_sound), "w") as both:
        pictures = both.add_stream_from_template(source.streams.video[0])
        sound = both.add_stream("pcm_s16le", rate=44100, layout="mono")
        for number in range(86):
            frame = av.AudioFrame(format="s16", layout="mono", samples=1024)
            frame.sample_rate, frame.pts = 44100, number * 1024
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            both.mux(sound.encode(frame))
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = pictures
                both.mux(packet)
    with av.open(io.BytesIO(await film(pool, BytesSource(paced.content(with_sound)), Made.REMUX))) as container:
        assert [stream.codec_context.codec.canonical_name for stream in container.streams] == ["h264", "aac"]
        assert float(container.streams.audio[0].duration or 0) / 44100 == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("made", [Made.REMUX, Made.TRANSCODE])
@pytest.mark.parametrize("name", ["truncated.mp4", "sound.mp4", "text.jpg"])
async def test_what_is_no_video_says_why(pool: DecoderPool, made: Made, name: str) -> None:
    with pytest.raises(Undecodable):
        await film(pool, named(name), made)


@pytest.mark.parametrize("name", ["film.mkv", "faststart.mp4"])
async def test_damage_in_the_middle_costs_what_lies_there(pool: DecoderPool, name: str) -> None:
    damaged = bytearray(media.data(name))
    middle = len(damaged) // 2
    damaged[middle : middle + 64 * 1024] = bytes(64 * 1024)
    made = await film(pool, BytesSource(bytes(damaged)), Made.REMUX)
    container: Any
    with av.open(io.BytesIO(made)) as container:
        assert sum(1 for packet in container.demux(video=0) if packet.size) > 125


async def test_a_disk_that_takes_nothing_ends_it_and_the_next_one_is_made(pool: DecoderPool) -> None:
    async def full(start: int, data: bytes) -> None:
        raise Busy("The disk is full.", "Free some space.", 1.0)

    with pytest.raises(Busy, match="The disk is full"):
        await pool.make(Task.FILM, named("film.mkv"), Film(Made.REMUX), full)
    assert await film(pool, named("film.mkv"), Made.REMUX)


async def test_a_task_that_nobody_asked_to_write_is_ended(pool: DecoderPool) -> None:
    with pytest.raises(Undecodable):
        await pool.make(Task.FILM, named("film.mkv"), Film(Made.REMUX))
