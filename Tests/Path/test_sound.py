"""Sound: how channels become one, which track is heard, and what is missing is said to be missing."""

import numpy as np
import pytest
from scipy.io import wavfile

import truth


def _level(samples: np.ndarray, hertz: float, rate: int = truth.RATE) -> float:
    """Amplitude of a tone."""
    phase = 2j * np.pi * hertz * np.arange(len(samples)) / rate
    return 2 * abs(np.mean(samples * np.exp(-phase)))


def test_five_point_one_is_mixed_by_the_itu_matrix_without_its_low_effects(tandem, media):
    """Weights 0.7071, 0.7071, 1, 0, 0.5, 0.5 of L R C LFE Ls Rs, divided by their sum."""
    samples = tandem.sound(media("surround.wav"))
    weights = np.array([0.5**0.5, 0.5**0.5, 1, 0, 0.5, 0.5])
    found = [_level(samples, hertz) for hertz in (300, 500, 700, 60, 1100, 1300)]
    assert found == pytest.approx(0.5 * weights / weights.sum(), abs=1e-3)


def test_stereo_is_mixed_to_the_mean(tandem, media):
    samples = tandem.sound(media("stereo.wav"))
    assert [_level(samples, 300), _level(samples, 500)] == pytest.approx([0.25, 0.25], abs=1e-3)


def test_the_wav_begins_at_the_zero_of_the_epoch(tandem, media):
    """Sample 0 = zero: PCM comes out as it went in; the priming of AAC is cut by its edit list."""
    heard = truth.beeps(tandem.sound(media("base.nut")))
    assert np.abs(heard - np.arange(1, 20, 2)).max() < 1e-6
    heard = truth.beeps(tandem.sound(media("aac.mp4")))
    assert np.abs(heard - np.arange(1, 20, 2)).max() < 1 / truth.RATE


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_resampling_moves_nothing(tandem, media, rate):
    heard = truth.beeps(tandem.sound(media("base.nut"), rate), rate)
    assert np.abs(heard - np.arange(1, 20, 2)).max() < 1 / truth.RATE


@pytest.mark.parametrize("source", [44_100, 48_000, 22_050])
def test_an_unbroken_run_is_resampled_as_one(tandem, tmp_path, source):
    """However many packets it comes in: a chord comes out as the same chord at every sample, also where packets meet."""
    chord = [(311.0, 0.0), (1234.5, 1.0), (3456.7, 2.0), (5021.3, 0.5)]

    def sound(rate: int) -> np.ndarray:
        instants = np.arange(5 * rate) / rate
        return sum(0.2 * np.sin(2 * np.pi * hertz * instants + phase) for hertz, phase in chord)

    path = tmp_path / "chord.wav"
    wavfile.write(path, source, sound(source).astype(np.float32))
    error = tandem.sound(path, 16_000) - sound(16_000)
    assert np.abs(error[800:-800]).max() < 2e-4  # the edges of the run are steps, which ring


def test_sound_alone_gives_the_windows_of_both(tandem, media):
    rows = tandem.windows(media("aonly.m4a"))
    assert len(rows) == len(tandem.windows(media("aac.mp4")))
    for row in rows:
        assert row["status"] == "ok" and row["video_valid"] == 0 and not row["video_pts"]
        assert row["time_state"] is None and row["uncertainty_us"] is None


def test_picture_alone_gives_the_windows_of_both(tandem, media):
    rows = tandem.rows(media("vonly.mp4"))
    assert len(rows) == len(tandem.windows(media("aac.mp4")))
    for row in rows:
        assert row["audio_valid"] == 0 and row["audio"] is None and row["audio_pts"] is None
        assert row["fused"] is not None


def test_a_declared_track_without_packets_is_absent(tandem, media):
    rows = tandem.windows(media("zero-video.mkv"))
    assert len(rows) == 21
    assert {row["video_valid"] for row in rows} == {0}
    assert all(row["audio_valid"] > 0 for row in rows)


def test_tracks_are_chosen_by_default_language_and_number(tandem, media):
    path = media("languages.mkv")
    choices = {name: _audio(tandem, path, name) for name in ("audio", "audio:eng", "audio:deu", "audio:0", "audio:1")}
    assert choices["audio"] == choices["audio:eng"] == choices["audio:0"]
    assert choices["audio:deu"] == choices["audio:1"] != choices["audio"]


def _audio(tandem, path, track: str) -> list:
    return [row["audio"] for row in tandem.rows("--tracks", f"{track},video", path)]


def test_two_tracks_of_a_kind_get_columns_of_their_own(tandem, media):
    rows = tandem.rows("--tracks", "audio:0,audio:1", media("languages.mkv"))
    assert all(row["audio_2_valid"] > 0 and "gate_audio_2" in row for row in rows)
    assert [row["audio_2"] for row in rows] == _audio(tandem, media("languages.mkv"), "audio:1")
