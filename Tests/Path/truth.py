"""What is really in the media: when beeps begin in samples and flashes in frames, to a fraction of a sample.

Nothing here knows Tandem; times are seconds unless a name says otherwise.
"""

import csv
import struct
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.signal import correlate

RATE = 48_000
FLICKS = 705_600_000


class Frame(NamedTuple):
    """A row of `inspect --frames`."""

    epoch: int
    t_ns: int
    duration_ns: int
    pts: int | None
    key: bool
    width: int
    height: int
    luma: float


def frames(path: Path) -> list[Frame]:
    with open(path, newline="") as file:
        return [_frame(row) for row in csv.DictReader(file)]


def _frame(row: dict[str, str]) -> Frame:
    return Frame(
        epoch=int(row["epoch"]),
        t_ns=int(row["t_ns"]),
        duration_ns=int(row["duration_ns"] or 0),
        pts=int(row["pts"]) if row["pts"] else None,
        key=row["key"] in ("1", "true"),
        width=int(row["width"]),
        height=int(row["height"]),
        luma=float(row["luma"]),
    )


def flashes(rows: list[Frame], epoch: int = 0, threshold: float = 128) -> np.ndarray:
    """Where the picture turns from dark to bright."""
    rows = [row for row in rows if row.epoch == epoch]
    dark = [True] + [row.luma < threshold for row in rows]
    onsets = [row.t_ns for row, before in zip(rows, dark) if before and row.luma >= threshold]
    return np.array(onsets) / 1e9


def beeps(samples: np.ndarray, rate: int = RATE, length: float = 0.08) -> np.ndarray:
    """Onsets of the beep: 0.8·cos(2π·1000·t) for `length` seconds, found by cross-correlation."""
    burst = 0.8 * np.cos(2 * np.pi * 1000 * np.arange(round(length * rate)) / rate)
    block, margin = 60 * rate, 2 * len(burst)
    padded = np.concatenate([np.zeros(margin), samples, np.zeros(margin + 1)])
    found = []
    for start in range(0, len(samples), block):
        piece = padded[start : start + block + 2 * margin]
        found += [start + at - margin for at in _matches(piece, burst) if margin <= at < margin + block]
    return np.array(found) / rate


def _matches(samples: np.ndarray, burst: np.ndarray) -> list[float]:
    """Where at least half of the burst is found, refined between samples by a parabola."""
    if len(samples) < len(burst) + 2:
        return []
    score = correlate(samples, burst, mode="valid") / np.dot(burst, burst)
    found = []
    while score[1:-1].max() > 0.5:
        peak = int(score[1:-1].argmax()) + 1
        before, here, after = score[peak - 1 : peak + 2]
        found.append(peak + 0.5 * (before - after) / (before - 2 * here + after))
        score[max(0, peak - len(burst)) : peak + len(burst)] = 0
    return sorted(found)


def sound(path: Path) -> tuple[np.ndarray, int]:
    """Samples (float64) and rate of a mono float32 WAV."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE", "not a WAV file"
    at, rate = 12, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at + 8)
            assert channels == 1 and bits == 32 and tag in (3, 0xFFFE), "not mono float32"
        if name == b"data":
            return np.frombuffer(data, "<f4", min(size, len(data) - at - 8) // 4, at + 8).astype(float), rate
        at += 8 + size + size % 2
    raise AssertionError("no data chunk")


def offsets(heard: np.ndarray, seen: np.ndarray, within: float = 0.9) -> np.ndarray:
    """Sound minus picture of each event that has both."""
    if not len(heard) or not len(seen):
        return np.array([])
    nearest = seen[np.abs(heard[:, None] - seen[None, :]).argmin(axis=1)]
    return (heard - nearest)[np.abs(heard - nearest) < within]


def window_count(content: Fraction, length: Fraction, hop: Fraction) -> int:
    """k = 0, then every k with k·hop < D and (k−1)·hop + length < D: written as the sentence says it."""
    count = 1
    while count * hop < content and (count - 1) * hop + length < content:
        count += 1
    return count
