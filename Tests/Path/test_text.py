"""Subtitles belong to every window that they overlap."""

import subprocess

import pytest

import live
import reference

CUES = {"first light": (0.5, 2.0), "second light": (2.5, 4.0), "third light": (6.25, 7.75)}


@pytest.mark.parametrize("name", ["subs.mkv", "subs.mp4", "subs.webm"])
def test_cues_are_cleaned_and_laid_into_their_windows(tandem, media, name):
    rows = tandem.windows("--tracks", "audio,video,text", media(name))
    zero = _zero(media(name))
    assert 9 <= len(rows) <= 10
    for row in rows:
        start = row["start_ns"] / 1e9 + zero
        assert (row["text"] or "") == " ".join(_overlapping(start, start + 2))
        assert row["text_valid"] == pytest.approx(_covered(start, start + 2), abs=0.002)


def test_a_file_beside_it_adds_its_cues(tandem, media):
    path, cues = media("clip17s.nut"), media("cues.srt")
    rows = tandem.windows("--subs", cues, path)
    assert len(rows) == 16
    assert [row["text"] for row in rows[:3]] == ["first light", "first light second light", "second light"]
    assert rows[8]["text"] is None


def test_text_never_holds_a_window_open(tandem, media):
    """The last cue ends after the sound and picture of the four-second clip."""
    rows = tandem.windows("--subs", media("cues.srt"), media("beep.mp4"))
    assert len(rows) == 3


def test_no_more_text_is_shown_at_once_than_a_window_may_carry(tandem, media, tmp_path):
    """500 cues of 10 kB, all from the first second to the last."""
    cues = [f"{n}\n00:00:00,000 --> 00:00:04,000\n{f'{n:04} ' * 2000}\n" for n in range(1, 501)]
    (tmp_path / "book.srt").write_text("\n".join(cues))
    inputs = ["-i", media("beep.mp4"), "-i", tmp_path / "book.srt", "-map", "0", "-map", "1"]
    subprocess.run([*live.FFMPEG, *inputs, "-c", "copy", "-c:s", "srt", tmp_path / "book.mkv"], check=True)
    for way in ([tmp_path / "book.mkv"], ["--subs", tmp_path / "book.srt", media("beep.mp4")]):
        rows = tandem.windows("--tracks", "audio,video,text", *way)
        assert all(60_000 < len(row["text"].encode()) <= 65_536 for row in rows)


def test_the_committed_clip_has_subtitles_and_two_languages(tandem, media):
    rows = tandem.windows("--tracks", "audio:deu,video,text", media("tracks.mkv"))
    assert [row["text"] for row in rows] == ["first light", "first light second light", "second light"]
    kinds = [track["kind"] for track in tandem.inspect(media("tracks.mkv"))["tracks"]]
    assert sorted(kinds) == ["audio", "audio", "text", "video"]


def _overlapping(start: float, end: float) -> list[str]:
    return [text for text, (begin, finish) in CUES.items() if begin < end and finish > start]


def _covered(start: float, end: float) -> float:
    return sum(max(0, min(end, finish) - max(start, begin)) for begin, finish in CUES.values()) / (end - start)


def _zero(path) -> float:
    """The zero of the epoch on the clock of the cues, whose 0 is the first picture's: containers shift all
    but the priming of the sound, which comes before."""
    first = {kind: reference.stamps(path, kind)[0].pts * reference.time_base(path, kind) for kind in "av"}
    return float(min(first.values()) - first["v"])
