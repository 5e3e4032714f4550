"""Wraps, holes, jumps and changes: time goes on, or a new epoch says that it does not."""

import numpy as np
import pytest

import reference
import truth
from runner import long_run, ticks

SAMPLE = 1 / 48_000
only_long = pytest.mark.skipif(not long_run(), reason="TANDEM_LONG=1 runs it")


@pytest.mark.parametrize("name, count, step", [("wrap60h.ts", 21_600, 10), ("wrap1000h.ts", 120_000, 30)])
def test_time_runs_on_through_wraps_of_the_stamps(tandem, media, name, count, step):
    """0 backward steps and 0 flicks of cumulative error over 2 and 37 wraps."""
    frames = tandem.frames(media(name))
    assert len(frames) == count
    assert {frame.epoch for frame in frames} == {0}
    assert [frame.t_ns for frame in frames] == [n * step * 1_000_000_000 for n in range(count)]


def test_a_wrap_does_not_part_sound_from_picture(tandem, media):
    path = media("wrap10.ts")
    assert len(tandem.inspect(path)["epochs"]) == 1
    offsets = tandem.offsets(path)
    assert len(offsets) == 10
    assert np.abs(offsets).max() <= SAMPLE


@pytest.mark.parametrize("name", ["hours29.mp4", pytest.param("hours23.mp4", marks=only_long)])
def test_two_hours_at_a_fractional_rate_end_as_they_began(tandem, media, name):
    path = media(name)
    samples, frames = tandem.both(path, 8000)
    heard, seen = truth.beeps(samples, 8000), truth.flashes(frames)
    assert len(heard) == len(seen) == 3596
    errors = heard - seen
    assert np.abs(errors).max() <= 1 / 8000
    assert abs(errors[-1] - errors[0]) <= 1e-6
    # frame times are rounded to the nanosecond once, never added up
    assert np.abs(seen - (1.001 + 2.002 * np.arange(3596))).max() <= 1e-9


@pytest.mark.parametrize("name", ["agap.ts", "adrop.ts"])
def test_a_hole_in_the_sound_is_masked_and_moves_nothing(tandem, media, name):
    path = media(name)
    assert len(tandem.inspect(path)["epochs"]) == 1
    hole = _hole(path, "a")
    assert 1.9 < hole[1] - hole[0] < 2.1
    for row in tandem.windows(path):
        assert row["audio_valid"] == pytest.approx(_uncovered(row, hole, tandem, path), abs=0.02)
    offsets = tandem.offsets(path)
    assert len(offsets) == 9  # the beep at 5 s is lost
    assert np.abs(offsets).max() <= SAMPLE
    silence = tandem.sound(path)[_samples(hole[0] + 0.002) : _samples(hole[1] - 0.002)]
    assert not silence.any()


def test_a_hole_in_the_picture_is_masked_after_three_intervals(tandem, media):
    path = media("vgap.ts")
    assert len(tandem.inspect(path)["epochs"]) == 1
    begin, end = _hole(path, "v")
    hole = (begin + 0.08, end)  # `begin` is one interval after the last frame, the mask begins after three
    for row in tandem.windows(path):
        assert row["video_valid"] == pytest.approx(_uncovered(row, hole, tandem, path), abs=0.02)
    offsets = tandem.offsets(path)
    assert len(offsets) == 9  # the flash at 7 s is lost
    assert np.abs(offsets).max() <= SAMPLE


def _hole(path, stream: str) -> tuple[float, float]:
    """The largest gap between frames of a track, from the zero of all, by ffprobe's stamps."""
    zero = min(reference.stamps(path, kind)[0].pts * reference.time_base(path, kind) for kind in "av")
    tick = reference.time_base(path, stream)
    pts = [stamp.pts for stamp in reference.stamps(path, stream)]
    steps = np.diff(pts)
    at, usual = int(steps.argmax()), int(np.median(steps))
    return float((pts[at] + usual) * tick - zero), float(pts[at + 1] * tick - zero)


def _uncovered(row: dict, hole: tuple[float, float], tandem, path) -> float:
    """The share of a window outside a hole, before the end of all."""
    start, length = row["start_ns"] / 1e9, row["duration_ns"] / 1e9
    end = tandem.inspect(path)["epochs"][0]["duration_ns"] / 1e9
    lost = max(0, min(hole[1], start + length) - max(hole[0], start)) + max(0, start + length - end)
    return 1 - lost / length


def _samples(seconds: float) -> int:
    return round(seconds * truth.RATE)


def test_a_variable_frame_rate_keeps_every_stamp(tandem, media):
    path = media("vfr.mp4")
    offsets = tandem.offsets(path)
    assert len(offsets) == 10
    assert np.abs(offsets).max() <= SAMPLE
    assert [frame.pts for frame in tandem.frames(path)] == [stamp.pts for stamp in reference.stamps(path, "v")]


@pytest.mark.parametrize("name", ["change.ts", "codec.ts"])
def test_a_change_of_format_keeps_sound_and_picture_together(tandem, media, name):
    path = media(name)
    epochs = tandem.inspect(path)["epochs"]
    assert 1 <= len(epochs) <= 2
    offsets = np.concatenate([tandem.offsets(path, epoch["epoch"]) for epoch in epochs])
    assert len(offsets) >= 9
    assert np.abs(offsets).max() <= SAMPLE
    assert {frame.width for frame in tandem.frames(path)} >= ({320, 640} if name == "change.ts" else {320})


def test_stamps_that_start_again_open_an_epoch(tandem, media):
    path = media("back10.ts")
    first, second = tandem.inspect(path)["epochs"]
    assert second["epoch"] == 1 and second["reason"] == "jump"
    assert second["origin_pts"] == first["origin_pts"]
    assert second["start_ns"] == pytest.approx(first["duration_ns"], abs=1000)
    once, again = (truth.beeps(tandem.sound(path, epoch=epoch)) for epoch in (0, 1))
    assert np.abs(once - again).max() <= SAMPLE
    for epoch in (0, 1):
        assert np.abs(tandem.offsets(path, epoch)).max() <= SAMPLE
    rows = tandem.windows(path)
    assert [row["window"] for row in rows if row["epoch"] == 1][0] == 0
    assert all(row["start_ns"] == row["window"] * 1_000_000_000 for row in rows)


def test_a_playlist_discontinuity_opens_an_epoch(tandem, media):
    path = media("hls") / "d.m3u8"
    epochs = tandem.inspect(path)["epochs"]
    assert len(epochs) == 2
    for epoch in (0, 1):
        offsets = tandem.offsets(path, epoch)
        assert len(offsets) == 4
        assert np.abs(offsets).max() <= SAMPLE


def test_the_zero_of_a_late_start_is_its_first_stamp(tandem, media):
    path = media("t2h.ts")
    (epoch,) = tandem.inspect(path)["epochs"]
    assert epoch["start_ns"] == 0
    first = min(reference.stamps(path, kind)[0].pts for kind in "av")
    assert epoch["origin_pts"] == first and epoch["time_base"] == "1/90000"
    earliest = min(frame.t_ns for frame in tandem.frames(path))
    assert 0 <= earliest <= 100_000_000


def test_native_stamps_of_sound_are_those_of_the_window(tandem, media):
    """`audio_pts` is the stamp of the first sample at or after the window's start."""
    path = media("pair-ts-h264-aac.ts")
    origin = tandem.inspect(path)["epochs"][0]["origin_pts"]
    for row in tandem.windows(path)[1:]:
        assert row["audio_time_base"] == "1/90000"
        assert row["audio_pts"] - origin == pytest.approx(row["start_ns"] * 9 / 100_000, abs=1 + 90_000 / 48_000)


def test_ticks_of_both_tracks_are_stated(tandem, media):
    assert ticks(tandem.inspect(media("pair-mkv-h264-aac.mkv"))) == pytest.approx(0.002)
