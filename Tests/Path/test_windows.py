"""Which windows there are, and that choosing among them never renumbers them."""

from fractions import Fraction

import pytest

import truth

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    "name, count",
    [("clip17s.nut", 16), ("clip17s.mp4", 16), ("clip23ms.wav", 1), ("clip23ms.nut", 1), ("still.png", 1)],
)
def test_the_number_of_windows_of_two_seconds_every_second(tandem, media, name, count):
    rows = tandem.windows(media(name))
    assert [row["window"] for row in rows] == list(range(count))
    assert {row["duration_ns"] for row in rows} == {2 * SECOND}
    assert {row["status"] for row in rows} == {"ok"}


def test_the_last_window_is_partial_but_of_full_length(tandem, media):
    rows = tandem.windows("--window", "2s", "--hop", "3s", media("clip17s.nut"))
    assert [row["start_ns"] for row in rows] == [k * 3 * SECOND for k in range(6)]
    assert [row["duration_ns"] for row in rows] == [2 * SECOND] * 6
    assert rows[-1]["audio_valid"] == 1  # [15, 17): just covered
    last = tandem.windows("--window", "4s", "--hop", "3s", media("clip17s.nut"))[-1]
    assert last["start_ns"] == 15 * SECOND and last["duration_ns"] == 4 * SECOND
    assert last["audio_valid"] == last["video_valid"] == 0.5


def test_a_short_clip_is_valid_for_its_own_length_only(tandem, media):
    (row,) = tandem.windows(media("clip23ms.wav"))
    assert row["audio_valid"] == pytest.approx(0.023 / 2, rel=0.05)
    assert row["video_valid"] == 0


def test_nothing_to_see_or_hear_gives_one_row_that_says_so(tandem, media):
    (row,) = tandem.windows(media("subs-only.mkv"))
    assert row["status"] == "no_content"


@pytest.mark.parametrize(
    "length, hop, fps",
    [
        ("2s", "1s", "2"),
        ("1/3s", "1/3s", "2"),
        ("1/3s", "1/7s", "25"),
        ("500ms", "2s", "30000/1001"),
        ("3s", "0.7s", "1/3"),
    ],
)
def test_odd_grids_follow_the_rule(tandem, media, length, hop, fps):
    rows = tandem.windows("--window", length, "--hop", hop, "--fps", fps, media("clip17s.nut"))
    length, hop, fps = _seconds(length), _seconds(hop), Fraction(fps)
    assert len(rows) == truth.window_count(Fraction(17), length, hop)
    for k, row in enumerate(rows):
        assert row["window"] == k
        assert row["start_ns"] == _nanoseconds(k * hop)
        assert abs(row["duration_ns"] - length * SECOND) <= 1
        instants = _instants(k * hop, min(k * hop + length, Fraction(17)), fps)
        assert row["frames"] + row["frames_repeated"] == instants


def _seconds(text: str) -> Fraction:
    return Fraction(text[:-2]) / 1000 if text.endswith("ms") else Fraction(text[:-1])


def _nanoseconds(seconds: Fraction) -> int:
    return int(seconds * SECOND + Fraction(1, 2))


def _instants(start: Fraction, end: Fraction, fps: Fraction) -> int:
    """How many j/fps lie in [start, end)."""
    return -(-end * fps // 1) - -(-start * fps // 1)


def test_the_start_is_also_told_for_people(tandem, media):
    rows = tandem.windows("--hop", "500ms", media("clip17s.nut"))
    assert [row["start"] for row in rows[:3]] == ["00:00:00.000", "00:00:00.500", "00:00:01.000"]


@pytest.mark.parametrize(
    "options, chosen",
    [
        (["--start", "5s"], range(5, 16)),
        (["--start", "4500ms"], range(5, 16)),
        (["--start", "00:00:05", "--duration", "3s"], range(5, 8)),
        (["--duration", "2.5s"], range(0, 3)),
        (["--limit", "4"], range(0, 4)),
        (["--start", "5s", "--limit", "2"], range(5, 7)),
        (["--start", "100s"], range(0)),
    ],
)
def test_choosing_windows_keeps_their_numbers_and_content(tandem, media, options, chosen):
    every = tandem.rows(media("clip17s.nut"))
    assert tandem.rows(*options, media("clip17s.nut")) == [every[k] for k in chosen]


def test_the_limit_is_per_source(tandem, media):
    rows = tandem.windows("--limit", "2", media("clip17s.nut"), media("aac.mp4"))
    assert [row["window"] for row in rows] == [0, 1, 0, 1]


def test_shards_share_the_work_without_overlap(tandem, media):
    inputs = [media("clip17s.nut"), media("aac.mp4"), media("beep.mp4"), media("clip23ms.wav")]
    whole = sorted(map(str, tandem.rows(*inputs)))
    shards = [tandem.rows("--shard", f"{i}/3", *inputs) for i in range(3)]
    assert sorted(str(row) for shard in shards for row in shard) == whole
    assert sum(bool(shard) for shard in shards) > 1


@pytest.mark.parametrize(
    "name", ["mpeg2-mp3.ts", "h264-flac.mp4", "h264-opus.mp4", "ffv1-pcm.nut", "ffv1-vorbis.nut", "h264-flac.mkv"]
)
@pytest.mark.parametrize("start", ["3s", "7s"])
def test_seeking_equals_linear_decoding(tandem, media, name, start):
    path = media(f"seek-{name}")
    linear = tandem.rows(path)
    sought = tandem.rows("--start", start, "--duration", "3s", path)
    assert sought == linear[int(start[0]) : int(start[0]) + 3]


@pytest.mark.parametrize("name", ["h264-aac.mp4", "mpeg2-ac3.ts"])
def test_seeking_keeps_the_instants_of_noisy_codecs(tandem, media, name):
    path = media(f"seek-{name}")
    assert tandem.windows("--start", "5s", path) == tandem.windows(path)[5:]
