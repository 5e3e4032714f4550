"""Pictures are seen as they are meant to be shown: turned, stretched, in their own range."""

import numpy as np
import pytest


def _vector(tandem, path) -> np.ndarray:
    """The mean picture vector of a clip."""
    rows = tandem.rows("--tracks", "video", path)
    assert all(row["video_valid"] > 0 for row in rows)
    mean = np.mean([row["video"] for row in rows], axis=0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("name", ["rotated.mp4", "anamorphic.mp4", "fullrange.mp4", "tenbit.mp4"])
def test_one_scene_looks_alike_however_it_is_stored(tandem, media, name):
    assert _vector(tandem, media(name)) @ _vector(tandem, media("view.mp4")) > 0.99


def test_a_scene_without_its_turn_looks_different(tandem, media):
    """Or the test above would prove nothing."""
    assert _vector(tandem, media("sideways.mp4")) @ _vector(tandem, media("view.mp4")) < 0.95


def test_a_picture_is_whole_to_its_edges(tandem, media):
    assert _vector(tandem, media("white854.mp4")) @ _vector(tandem, media("white854.png")) > 0.9999


@pytest.mark.parametrize("name", ["gray.mkv", "gray-full.mkv", "gray-tenbit.mkv"])
def test_luma_is_told_at_full_range(tandem, media, name):
    frames = tandem.frames(media(name))
    assert len(frames) == 25
    assert all(frame.luma == pytest.approx(128, abs=1) for frame in frames)


@pytest.mark.parametrize("name", ["hdr-pq.mp4", "hdr-hlg.mp4", "interlaced.ts"])
def test_every_frame_of_other_makes_is_used(tandem, media, name):
    assert len(tandem.frames(media(name))) == 75
    rows = tandem.rows(media(name))
    assert [row["frames"] for row in rows] == [4, 4]
    assert all(np.linalg.norm(row["video"]) == pytest.approx(1, abs=1e-5) for row in rows)


def test_high_dynamic_range_is_mapped_to_what_a_screen_shows(tandem, media):
    """The same codes mean other light: tagged PQ or HLG they are not the same picture, nor black or white."""
    plain = _vector(tandem, media("tenbit.mp4"))
    for name in ("hdr-pq.mp4", "hdr-hlg.mp4"):
        assert 0.5 < plain @ _vector(tandem, media(name)) < 0.999


def test_a_still_is_one_window_of_one_frame(tandem, media):
    for name in ("still.png", "still.jpg"):
        (row,) = tandem.rows(media(name))
        assert row["frames"] == 1 and row["frames_repeated"] == 3
        assert row["video_valid"] == 1 and row["audio_valid"] == 0


def test_what_is_clear_is_black(tandem, media):
    over_black = _vector(tandem, media("alpha-black.png"))
    assert _vector(tandem, media("alpha.png")) @ over_black > 0.9999
    assert _vector(tandem, media("still.png")) @ over_black < 0.99


@pytest.mark.parametrize("name", ["cover.mp3", "cover.m4a"])
def test_cover_art_is_not_a_video_track(tandem, media, name):
    assert "video" not in {track["kind"] for track in tandem.inspect(media(name))["tracks"]}
    rows = tandem.windows(media(name))
    assert len(rows) == 3
    for row in rows:
        assert row["audio_valid"] > 0.9 and row["video_valid"] == 0
        assert not row["video_pts"] and row["time_state"] is None and row["uncertainty_us"] is None
