"""One flipped bit in one stamp of a transport stream spoils the windows around it, and nothing else."""

import math
import random

import pytest

import damage
from runner import long_run

FLIPS = 1000 if long_run() else 40
SMALL_FLIPS = 200 if long_run() else 12
LENGTH, HOP = 2, 1
FRAME = 3600  # ticks of 1/90000 s at 25 fps
#: Measured over many windows, so that damage in one may show in all.
LONG_VIEW = {"sync_offset_ms", "sync_low_ms", "sync_high_ms", "drift_ppm"}


@pytest.fixture(scope="module")
def clean(media):
    return media("pair-ts-h264-aac.ts").read_bytes()


@pytest.fixture(scope="module")
def clean_rows(tandem, media):
    return tandem.rows("--name", "x", media("pair-ts-h264-aac.ts"))


@pytest.mark.parametrize("seed", range(FLIPS))
def test_a_flipped_bit_spoils_few_windows_and_opens_no_epoch(tandem, clean, clean_rows, tmp_path, seed):
    chance = random.Random(seed)
    stamp, bit = chance.choice(damage.pes_stamps(clean)), chance.randrange(33)
    damaged = tmp_path / "flipped.ts"
    damaged.write_bytes(damage.flip(clean, stamp, bit))
    rows = tandem.rows("--name", "x", damaged)
    assert {row["epoch"] for row in rows} == {0}, f"a false epoch: {stamp}, bit {bit}"
    affected = _affected(clean_rows, rows)
    assert len(affected) <= math.ceil(LENGTH / HOP) + 1, f"{stamp}, bit {bit}: windows {affected}"


def _affected(clean: list[dict], damaged: list[dict]) -> list[int]:
    first, second = ({row["window"]: _short_view(row) for row in rows} for rows in (clean, damaged))
    return sorted(window for window in first | second if first.get(window) != second.get(window))


def _short_view(row: dict) -> dict:
    return {key: value for key, value in row.items() if key not in LONG_VIEW}


@pytest.mark.parametrize("seed", range(SMALL_FLIPS))
def test_a_small_flip_moves_its_own_frame_only_and_is_told(tandem, media, clean, clean_rows, tmp_path, seed):
    """Below a frame's length: the bound of its windows covers the move, or a counter differs."""
    chance = random.Random(seed)
    stamp = chance.choice([stamp for stamp in damage.pes_stamps(clean) if stamp.is_video])
    damaged = tmp_path / f"small{seed}.ts"
    bit = chance.randrange(FRAME.bit_length())
    damaged.write_bytes(damage.flip(clean, stamp, bit))
    before = {frame.pts: frame.t_ns for frame in tandem.frames(media("pair-ts-h264-aac.ts"))}
    after = {frame.pts: frame.t_ns for frame in tandem.frames(damaged)}
    assert len(before.keys() - after.keys()) <= 1
    assert all(before[pts] == after[pts] for pts in before.keys() & after.keys())
    moved_us = (1 << bit) / 0.09
    known = max(row["uncertainty_us"] for row in clean_rows)
    if moved_us > known and before != after:
        told = _counts(tandem.inspect(damaged)) != _counts(tandem.inspect(media("pair-ts-h264-aac.ts")))
        rows = tandem.windows("--name", "x", damaged)
        assert told or max(row["uncertainty_us"] for row in rows) >= moved_us


def _counts(report: dict) -> dict:
    """All that counts: windows, and losses by name where they are told."""
    return report["counters"] | report.get("losses", {})
