"""What one decoder process and one image may cost."""

from __future__ import annotations

from dataclasses import dataclass

from moorage.model.variant import Task

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the decoder processes. Each is inclusive: what is just as large is still opened."""

    seconds: float = 30.0
    """Wall time of one request, in seconds; time in which the process waits for the source's bytes is not counted."""
    cpu_seconds: int = 30
    """Processor time of one request, in seconds (RLIMIT_CPU)."""
    drawing_seconds: int = 5
    """Processor time of a drawing, in seconds, and one more for each MiB of it: a line of it can ask for anything."""
    memory_bytes: int = 2048 * MIB
    """Address space of a process (RLIMIT_AS)."""
    start_seconds: float = 20.0
    """Wall time from the start of a process to its first word."""
    requests: int = 1000
    """Requests after which a process is replaced by a fresh one."""
    pixels: int = 1_000_000_000
    """Pixels of an image that is decoded strip by strip or tile by tile."""
    whole_pixels: int = 150_000_000
    """Pixels of an image that has to be in memory as a whole.

    That are progressive JPEG, interlaced PNG, WebP, GIF, HEIC and AVIF.
    """
    line_pixels: int = 300_000
    """Pixels from left to right, as the image is stored: some hundred lines are in memory at a time."""
    lines: int = 3_000_000
    """Pixels from top to bottom, as the image is stored: each line costs something, however short it is."""
    frame_pixels: int = 64_000_000
    """Pixels of a frame of a video."""
    whole_bytes: int = 256 * MIB
    """Length of an object that has to be in memory as a whole (HEIC)."""
    header_bytes: int = MIB
    """Bytes that may be read to learn how wide and high an image is."""
    strip_bytes: int = 32 * MIB
    """Bytes of a video that may be read for its contact strip; a frame lies in one or two blocks of 1 MiB."""
    answer_bytes: int = 64 * MIB
    """Length of a finished variant."""

    def most_pixels(self, kind: int) -> int:
        """``kind``, one of the fields above, or ``pixels`` where that was set lower."""
        return min(kind, self.pixels)

    def budget(self, task: Task, size: int) -> int:
        """Bytes of an object of ``size`` bytes that may be read by ranges for a task."""
        if task is Task.MEASURE_IMAGE:
            return self.header_bytes
        if task in (Task.POSTER, Task.MEASURE_VIDEO, Task.PROBE_VIDEO, Task.INDEX):
            return max(8 * MIB, size // 50)
        if task is Task.STRIP:
            return self.strip_bytes
        if task in (Task.FRAMES, Task.FILM):
            return size * 2 + 64 * MIB  # sound and pictures may be stored far apart, and are read side by side
        return min(size + size // 4 + 8 * MIB, 4096 * MIB)  # all of it, and some of it twice
