"""A second opinion on the media: ffmpeg's and ffprobe's own words, and the model of a frame on screen."""

import bisect
import json
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Stamp(NamedTuple):
    """A decoded frame: native stamp and declared duration, in ticks."""

    pts: int
    duration: int


def probe(path: Path, *entries: str) -> dict:
    command = ["ffprobe", "-v", "error", "-of", "json", *entries, str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def time_base(path: Path, stream: str) -> Fraction:
    """Seconds per tick of the first stream of a kind (`v`, `a`)."""
    found = probe(path, "-select_streams", f"{stream}:0", "-show_entries", "stream=time_base")
    return Fraction(found["streams"][0]["time_base"])


def stamps(path: Path, stream: str) -> list[Stamp]:
    """Stamps of the decoded frames in the order of presentation; frames without one are left out."""
    found = probe(path, "-select_streams", f"{stream}:0", "-show_entries", "frame=pts,pkt_duration")["frames"]
    known = [frame for frame in found if "pts" in frame]
    return sorted(Stamp(frame["pts"], frame.get("pkt_duration", 0)) for frame in known)


def on_screen(
    pts: list[int], tick: Fraction, origin: Fraction, start: Fraction, end: Fraction, fps: Fraction
) -> list[int]:
    """The frames on screen at the instants j/fps of [start, end), each `pts ≤ t < next pts`; repeats kept.

    `pts` sorted, in ticks of `tick` seconds; `origin`, the epoch's zero in seconds of the same clock.
    """
    first = -((-start * fps) // 1)
    shown, j = [], int(first)
    while Fraction(j) / fps < end:
        index = bisect.bisect_right(pts, (origin + Fraction(j) / fps) / tick) - 1
        if index >= 0:
            shown.append(pts[index])
        j += 1
    return shown


def gray(path: Path, width: int = 32, height: int = 24, *options: str) -> np.ndarray:
    """Every decoded picture in the order of presentation, [frame, height, width], full-range luma."""
    command = ["ffmpeg", "-v", "error", *options, "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    command += ["-vf", f"scale={width}:{height}:flags=area", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width)


def mono(path: Path, rate: int | None = None) -> np.ndarray:
    """The decoded samples one after the other, whatever their stamps say."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a:0", "-ac", "1"]
    command += ["-ar", str(rate)] if rate else []
    raw = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, "<f4").astype(float)
