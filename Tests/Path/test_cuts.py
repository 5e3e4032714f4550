"""MP4 files cut without re-encoding keep sound and picture together, wherever the cut falls."""

import random
import subprocess

import numpy as np
import pytest

import truth
from runner import long_run

CUTS = 200 if long_run() else 20


@pytest.mark.parametrize("seed", range(CUTS))
def test_a_cut_keeps_the_offset_within_a_millisecond(tandem, media, tmp_path, seed):
    chance = random.Random(seed)
    source = media(f"rate{chance.choice([24, 25, 30, 50, 60])}.mp4")
    start = round(chance.uniform(0.2, 15), 3)
    cut = tmp_path / "cut.mp4"
    copy = ["ffmpeg", "-v", "error", "-ss", str(start), "-i", source, "-c", "copy", cut]
    subprocess.run(copy, check=True)
    # an event that straddles the cut has no true onset; it lies in the first tenth of a second
    whole = [event for event in range(1, 20, 2) if event - start > 0.1]
    samples, frames = tandem.both(cut)
    heard, seen = _after_the_cut(truth.beeps(samples)), _after_the_cut(truth.flashes(frames))
    offsets = truth.offsets(heard, seen)
    assert len(offsets) == len(whole)
    assert np.abs(offsets).max() <= 1e-3
    # and the cut is where it was asked for
    assert np.abs(seen - (np.array(whole) - start)).max() <= 1e-3


def _after_the_cut(onsets: np.ndarray) -> np.ndarray:
    return onsets[onsets > 0.1]
