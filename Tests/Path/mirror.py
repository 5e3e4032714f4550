"""What records of the mirror's encoders show: their vectors are the sound and the pictures of their windows."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

import truth

ENCODER = Path(__file__).with_name("mirror_encoder.py")
PART, SLOTS, INSTANT = 4800, 8, 100 / 49_045
BRIGHT = 0.5


def recipe(folder: Path, delay: float = 0) -> Path:
    """A recipe of both encoders, each request of which takes so many seconds."""
    path = folder / "mirror.yaml"
    command = [f"{kind}: {{command: [{sys.executable}, {ENCODER}, {kind}, '{delay}']}}" for kind in ("audio", "video")]
    path.write_text("\n".join(["name: mirror", *command, "fuse: concat", ""]))
    return path


def settings(folder: Path, delay: float = 0) -> dict:
    """The settings of a daemon that mirrors: a record for each part of the sound."""
    # A picture weighs at every instant anew, and a record is as long as its sound: at so many a second the usual room
    # would be too small for what waits while the machine is busy.
    room = {"source_buffer": "4GiB", "memory": "64GiB"}
    # Sources wait for their publishers.
    return {
        "model": recipe(folder, delay), "window": "100ms", "hop": "100ms", "limits": room, "live": {"open": "30s"},
        "records": {"reader_buffer": "256MiB"},
    }


def of(rows: list[dict], source: str, epoch: int | None = None) -> list[dict]:
    """The windows of a source, of one epoch or of all."""
    rows = [row for row in rows if row["source"] == source and row["window"] is not None]
    return [row for row in rows if epoch in (None, row["epoch"])]


def sound(rows: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """The samples of one epoch from its zero on, and for each whether a record has it."""
    length = (max((row["window"] for row in rows), default=-1) + 1) * PART
    samples, held = np.zeros(length), np.zeros(length, bool)
    for row in rows:
        if row["audio"] is None:
            continue
        at = row["window"] * PART
        assert row["start_ns"] * 48_000 == at * 10**9
        vector = np.asarray(row["audio"], float)
        samples[at : at + PART] = vector[1:] / vector[0]
        held[at : at + PART] = True
    return samples, held


def shown(row: dict) -> list[tuple[int, float, float]]:
    """Stamp, beginning on screen within the window and brightness of the frames of a window that is wholly covered."""
    vector = np.asarray(row["video"], float)
    shares, bright = vector[:SLOTS] / vector[:SLOTS].sum(), vector[SLOTS:] / vector[:SLOTS].sum()
    used = shares > 1e-6
    first = next(slot for slot in range(SLOTS) if used[slot] and not used[slot - 1])
    order = [(first + n) % SLOTS for n in range(used.sum())]
    # The last instant before the window may reach into it, with a frame that is not the window's own.
    early = len(order) - len(row["video_pts"])
    assert early in (0, 1) and used[order].all(), (row["video_pts"], shares)
    begins = np.cumsum([0, *shares[order][:-1]]) * row["duration_ns"] / 1e9
    return list(zip(row["video_pts"], begins[early:], (bright[order] / shares[order])[early:]))


def frames(rows: list[dict]) -> tuple[list[tuple[float, float]], float]:
    """Time and brightness of the frames of one epoch, in seconds, and half the width of what the times may be.

    A frame begins at most one instant before it is first on screen. As stamps and times run alike, all frames together
    tell where: in what all of these intervals share.
    """
    found: dict[int, tuple[float, float]] = {}
    known: set[int] = set()
    tick = Fraction(1)
    for row in rows:
        # Of a window that was closed before all of its pictures had come, some instants are missing.
        instants = row["frames"] + row["frames_repeated"]
        if row["video"] is None or row["video_valid"] < 1 or (instants + 1) * INSTANT < row["duration_ns"] / 1e9:
            known |= set(row["video_pts"] or [])
            continue
        tick = Fraction(row["video_time_base"])
        for pts, begin, bright in shown(row):
            # What is there from the window's beginning on may have begun before it.
            if pts not in known and begin > 0:
                found[pts] = row["start_ns"] / 1e9 + begin, bright
            known.add(pts)
    if not found:
        return [], 0
    ends = [begin - float(pts * tick) for pts, (begin, _) in found.items()]
    low, high = max(ends) - INSTANT, min(ends)
    assert low <= high + 1e-7, f"stamps and times do not run alike: {(low - high) * 1e6:.1f} µs"
    zero = (low + high) / 2
    return [(float(pts * tick) + zero, bright) for pts, (_, bright) in sorted(found.items())], (high - low) / 2


def flashes(rows: list[dict]) -> tuple[np.ndarray, float]:
    """When the picture turns bright, in one epoch."""
    seen, width = frames(rows)
    dark = [True] + [bright < BRIGHT for _, bright in seen]
    return np.array([time for (time, bright), before in zip(seen, dark) if before and bright >= BRIGHT]), width


def astray(rows: list[dict], twin: np.ndarray, tolerance: float = 0.05) -> np.ndarray:
    """Which samples of one epoch are neither silent nor what an undisturbed twin has at their moment.

    The twin's beeps tell how the two stand to each other; what it does not have counts as astray.
    """
    samples, _ = sound(rows)
    lags = {round((a - b) * truth.RATE) for a in truth.beeps(twin) for b in truth.beeps(samples)}

    def strange(lag: int) -> np.ndarray:
        begin, end = max(0, -lag), min(len(samples), len(twin) - lag)
        found = np.ones(len(samples), bool)
        found[begin:end] = np.abs(samples[begin:end] - twin[begin + lag : end + lag]) > tolerance
        return found & (samples != 0)

    return min((strange(lag) for lag in sorted(lags)), key=np.sum)


def offsets(rows: list[dict]) -> tuple[np.ndarray, float]:
    """Sound minus picture of each event of an epoch, in seconds, and how far that may be wrong."""
    at, width = flashes(rows)
    return truth.offsets(truth.beeps(sound(rows)[0]), at), width
